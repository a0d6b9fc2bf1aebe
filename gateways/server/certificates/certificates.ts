import { authorityKind, clusterAuthority, trustedAuthorities, type CertificateAuthority } from '#aggregates/authority';
import type { Engine } from '#log/engine';
import type { Certificates } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';
import { makeAuthority } from '#gateways/server/certificates/authority-keys';
import { identifier } from '#gateways/server/certificates/client-certificate';
import { issuer, type Request } from '#gateways/server/certificates/issuing';
import { withKeys } from '#gateways/server/certificates/keys-unavailable';
import { revocationLists } from '#gateways/server/certificates/revocation-lists';
import type { Keyring } from '#gateways/server/keyring/keyring';

export interface RunningCertificates extends Certificates {
  readonly request: Request;
  stop(): void;
}

export interface CertificatesParts {
  readonly engine: Engine;
  readonly keyring: Keyring;
  readonly clusterId: string;
  /** Told of what an operator should look at. */
  readonly tell: (why: string) => void;
}

/** New keys are made when the certificate of the authority has so long to live. */
const rotateBeforeMs = 366 * 86_400_000;
const CHECK_MS = 12 * 3_600_000;

/** Signs what the log has decided, and makes the keys that it asks for. */
export const startCertificates = (parts: CertificatesParts): RunningCertificates => {
  const { engine, keyring, clusterId, tell } = parts;
  const authority = (): CertificateAuthority | undefined => engine.facts.get(authorityKind, clusterAuthority)?.state;
  const install = async (kind: 'authority.create' | 'authority.replace'): Promise<void> => {
    const body = await withKeys(() => makeAuthority(keyring, { clusterId, nowMs: engine.now }));
    await engine.submit({ ...bySystem, kind, id: clusterAuthority, body });
  };
  let creating: Promise<void> | undefined;
  const create = async (): Promise<void> => {
    if (authority() !== undefined) return;
    await (creating ??= install('authority.create').finally(() => (creating = undefined)));
  };

  let rotating: Promise<void> | undefined;
  const rotate = (): void => {
    rotating ??= install('authority.replace')
      .catch((error: unknown) => tell(`No new keys of the certificate authority could be made: ${messageOf(error)}`))
      .finally(() => (rotating = undefined));
  };
  const check = (): void => {
    const held = authority();
    if (held === undefined) return;
    if (held.rotationRequested) return rotate();
    if (held.current.notAfter - engine.now > rotateBeforeMs) return;
    const asked = { ...bySystem, kind: 'authority.rotate', id: clusterAuthority, body: {} };
    engine.submit(asked).catch((error: unknown) => tell(`The certificate authority is old: ${messageOf(error)}`));
  };
  const lists = revocationLists(engine, keyring, authority);
  const stopListening = engine.onApplied((batch) => {
    for (const { result } of batch) {
      if (result.status !== 'accepted') continue;
      for (const { kind } of result.events) {
        if (kind === 'authority.rotationRequested') rotate();
        if (kind === 'certificate.revoked' || kind.startsWith('authority.')) lists.change();
      }
    }
  });
  const timer = setInterval(check, CHECK_MS).unref();
  check();

  const trusted = (textOf: (each: CertificateAuthority['current']) => string): string | undefined => {
    const held = authority();
    return held === undefined ? undefined : trustedAuthorities(held, engine.now).map(textOf).join('');
  };
  const identify = identifier();
  return {
    create,
    request: issuer({ engine, keyring, authority, create }),
    bundle: () => trusted(({ certificate }) => certificate),
    sshAuthorities: () => trusted(({ sshPublicKey }) => `@cert-authority * ${sshPublicKey} ultracloud\n`),
    revocationLists: () => lists.text(),
    identify: (shown) => identify(shown, engine.facts, engine.now),
    stop: () => {
      clearInterval(timer);
      stopListening();
    },
  };
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
