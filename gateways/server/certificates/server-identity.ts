import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { certificateKind, isValid } from '#aggregates/certificate';
import type { Engine } from '#log/engine';
import type { CertificateAnswer } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';
import type { RunningCertificates } from '#gateways/server/certificates/certificates';
import { writeWhole } from '#gateways/server/data-directory';
import type { Keyring } from '#gateways/server/keyring/keyring';
import type { TlsIdentity, TlsPair } from '#gateways/tls-identity';

/** What a server is reached by. */
export interface ServerNames {
  /** `server/NAME`. */
  readonly subject: string;
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

export interface ServerIdentity extends TlsIdentity {
  stop(): void;
}

interface Parts {
  readonly engine: Engine;
  readonly certificates: RunningCertificates;
  readonly keyring: Keyring;
  /** The data directory. */
  readonly directory: string;
  readonly tell: (why: string) => void;
}

/** A certificate is renewed when less than this share of its life is left, so that a cluster in trouble has time. */
const renewedAt = 1 / 3;
const CHECK_MS = 3_600_000;

const sealedFor = 'authority/cluster/server-key';

/**
 * The certificate that this server shows, from the cluster's own authority. It is kept over restarts, its key sealed,
 * and renewed in time, when it was revoked, and when its authority is trusted no longer.
 */
export const openServerIdentity = async (parts: Parts, wanted: ServerNames): Promise<ServerIdentity> => {
  const { engine, certificates, directory, tell } = parts;
  const takers = new Set<(pair: TlsPair) => void>();
  await certificates.create();
  let own = keptPair(parts, wanted) ?? (await newPair(parts, wanted));
  let shown = withClients(certificates, own);
  const show = (): void => {
    const next = withClients(certificates, own);
    if (next.cert === shown.cert && next.ca === shown.ca) return;
    shown = next;
    writeBundle(directory, next.ca);
    for (const take of takers) take(next);
  };
  let renewing: Promise<void> | undefined;
  const renew = (): void => {
    renewing ??= newPair(parts, wanted)
      .then((pair) => {
        own = pair;
        show();
      })
      .catch((error: unknown) => tell(`The certificate of this server could not be renewed: ${String(error)}`))
      .finally(() => (renewing = undefined));
  };
  const check = (): void => (isToBeRenewed(parts, own) ? renew() : show());
  writeBundle(directory, shown.ca);
  const timer = setInterval(check, CHECK_MS).unref();
  const stopListening = engine.onApplied((batch) => {
    for (const { result } of batch) {
      if (result.status !== 'accepted') continue;
      const isConcerned = result.events.some(
        ({ kind, id }) => kind.startsWith('authority.') || (kind === 'certificate.revoked' && id === own.serial),
      );
      if (isConcerned) check();
    }
  });
  return {
    ...shown,
    onRenewed: (take) => {
      takers.add(take);
    },
    stop: () => {
      clearInterval(timer);
      stopListening();
    },
  };
};

interface OwnPair {
  readonly serial: string;
  readonly certificate: string;
  readonly key: string;
}

const withClients = (certificates: RunningCertificates, { certificate, key }: OwnPair): TlsPair => ({
  cert: certificate,
  key,
  ca: certificates.bundle() ?? '',
});

const bundleFile = (directory: string): string => join(directory, 'ca.pem');

/** Removes what clients on this machine would trust, for a server that shows another certificate. */
export const removeBundle = (directory: string): void => rmSync(bundleFile(directory), { force: true });

/** For clients on this machine, which find the server in the same directory. */
const writeBundle = (directory: string, bundle = ''): void =>
  writeWhole(bundleFile(directory), bundle, 0o644, renameSync);

const isToBeRenewed = ({ engine, certificates }: Parts, { serial, certificate }: OwnPair): boolean => {
  const state = engine.facts.get(certificateKind, serial)?.state;
  if (state?.phase !== 'issued' || !isValid(state, engine.now)) return true;
  if (state.notAfter - engine.now < (state.notAfter - state.notBefore) * renewedAt) return true;
  // A client that trusts what it fetched from us must be able to check it.
  const own = new X509Certificate(certificate);
  const bundle = certificates.bundle()?.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
  return !bundle.some((pem) => own.checkIssued(new X509Certificate(pem)));
};

const fileOf = (directory: string): string => join(directory, 'tls.json');

/** That of the last start; undefined when there is none, or it is not good for these names. */
const keptPair = (parts: Parts, wanted: ServerNames): OwnPair | undefined => {
  const { engine, keyring, directory } = parts;
  try {
    const { serial, sealedKey } = JSON.parse(readFileSync(fileOf(directory), 'utf8')) as Record<string, string>;
    const state = engine.facts.get(certificateKind, serial ?? '')?.state;
    if (serial === undefined || sealedKey === undefined || state?.phase !== 'issued') return undefined;
    const isFor =
      state.subject === wanted.subject &&
      wanted.names.every((name) => state.names.includes(name)) &&
      wanted.addresses.every((address) => state.addresses.includes(address));
    if (!isFor) return undefined;
    const pair = { serial, certificate: state.certificate, key: pemOfKey(keyring.open(sealedFor, sealedKey)) };
    return isToBeRenewed(parts, pair) ? undefined : pair;
  } catch {
    // No file, a damaged one, or a keyring that cannot open it: another certificate takes a moment.
    return undefined;
  }
};

const newPair = async ({ certificates, keyring, directory }: Parts, wanted: ServerNames): Promise<OwnPair> => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const answer = await certificates.request({ ...wanted, spki }, bySystem);
  if (!('issued' in answer)) throw new Error(`The certificate of this server was refused: ${refusalText(answer)}`);
  const { serial, certificate } = answer.issued;
  const sealedKey = keyring.seal('authority/cluster', sealedFor, der);
  const text = JSON.stringify({ serial, sealedKey });
  writeWhole(fileOf(directory), `${text}\n`, 0o600, renameSync);
  return { serial, certificate, key: pemOfKey(der) };
};

const refusalText = (answer: CertificateAnswer): string => {
  const result = 'refused' in answer ? answer.refused.result : undefined;
  return result?.status === 'rejected' ? `${result.message} ${result.fix}` : JSON.stringify(answer);
};

const pemOfKey = (der: Buffer): string =>
  createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
