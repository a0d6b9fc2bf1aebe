import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { Problem } from '#commands/codec/problem';
import { maxLifetimeSeconds, type CertificatePurpose } from '#commands/iam/certificate';
import type { AuthorityMaterial, CertificateAuthority } from '#aggregates/authority';
import { certificateKind, type Certificate } from '#aggregates/certificate';
import type { Engine } from '#log/engine';
import type { Submission } from '#log/entry';
import type { Outcome } from '#log/outcome';
import { tryOut } from '#log/try';
import type { CertificateAnswer, CertificateRequest, Certificates } from '#gateways/node';
import { bySystem } from '#gateways/server/by-system';
import {
  backdatedMs,
  fingerprintOf,
  randomSerial,
  sealedFor,
  wholeSeconds,
} from '#gateways/server/certificates/authority-keys';
import { withKeys } from '#gateways/server/certificates/keys-unavailable';
import { derOf, signCertificate } from '#gateways/server/certificates/signer';
import { plainAddressOf, readSigningRequest, type SigningRequest } from '#gateways/server/certificates/signing-request';
import { signSshHost } from '#gateways/server/certificates/ssh-certificate';
import { readSshKey, type SshKey } from '#gateways/server/certificates/ssh-key';
import type { Keyring } from '#gateways/server/keyring/keyring';

interface Issuing {
  readonly engine: Engine;
  readonly keyring: Keyring;
  readonly authority: () => CertificateAuthority | undefined;
  readonly create: () => Promise<void>;
}

/** A certificate for a server of this process, which needs no signing request to know its own key. */
export interface OwnRequest {
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
  readonly subject: string;
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly lifetimeSeconds?: number;
}

/** Has a certificate signed, for callers or for the process. */
export type Request = (
  asked: CertificateRequest | OwnRequest,
  by: Parameters<Certificates['request']>[1],
) => Promise<CertificateAnswer>;

/** A public key that was read, and seen to be whole. */
type Key = { readonly tls: SigningRequest } | { readonly ssh: SshKey };

/** How often a certificate is signed again because the authority got new keys meanwhile. */
const ATTEMPTS = 3;

/** Has the log decide as the caller, then signs, then records what was signed: nothing is signed that was refused. */
export const issuer =
  (parts: Issuing): Request =>
  async (asked, by) => {
    const { engine, authority, create } = parts;
    const key = await readKey(asked);
    if (isLeft(key)) return { problem: key.left };
    if ('renews' in asked) {
      const renewed = engine.facts.get(certificateKind, asked.renews)?.state;
      const isFor = renewed === undefined || (renewed.purpose === 'ssh-host') === 'ssh' in key.right;
      if (!isFor) return { problem: wrongKind(asked) };
    }
    const request = { ...by, ...commandOf(asked, key.right), id: randomSerial() };
    // Only who may have one makes the authority with the first certificate.
    if (authority() === undefined && lacksAuthority(tryOut(engine, [request])[0])) await create();
    const requested = await engine.submit(request);
    if (requested.result.status !== 'accepted') return { refused: requested };
    for (let attempt = 1; ; attempt++) {
      const answer = await signed(parts, request.id, key.right);
      const isLast = attempt === ATTEMPTS || !('refused' in answer) || !isSuperseded(answer.refused);
      if (isLast) return answer;
    }
  };

const readKey = async (asked: CertificateRequest | OwnRequest): Promise<Either<Problem, Key>> => {
  if ('spki' in asked) {
    const { spki: publicKey, names, addresses } = asked;
    return right({ tls: { publicKey, names, addresses } });
  }
  if ('csr' in asked) {
    const read = await readSigningRequest(asked.csr);
    return isLeft(read)
      ? left({ path: 'csr', expected: read.left, got: 'something else' })
      : right({ tls: read.right });
  }
  const read = readSshKey(asked.sshKey);
  return isLeft(read)
    ? left({ path: 'publicKey', expected: read.left, got: 'something else' })
    : right({ ssh: read.right });
};

const wrongKind = (asked: CertificateRequest): Problem =>
  'csr' in asked
    ? { path: 'csr', expected: 'publicKey, since the certificate is one of SSH', got: 'a certificate request' }
    : { path: 'publicKey', expected: 'csr, since the certificate is none of SSH', got: 'a key of SSH' };

const commandOf = (asked: CertificateRequest | OwnRequest, key: Key): Pick<Submission, 'kind' | 'body'> => {
  const publicKeyDigest = fingerprintOf('ssh' in key ? key.ssh.blob : key.tls.publicKey);
  const purpose = purposeOf(asked);
  const { lifetimeSeconds = maxLifetimeSeconds[purpose] } = asked;
  const own = { publicKeyDigest, lifetimeSeconds };
  if ('renews' in asked) return { kind: 'certificate.renew', body: { of: asked.renews, ...own } };
  const { names, addresses } = 'names' in asked ? asked : 'tls' in key ? key.tls : { names: [], addresses: [] };
  const { subject } = asked;
  const plain = addresses.map(plainAddressOf);
  return { kind: 'certificate.request', body: { purpose, subject, names, addresses: plain, ...own } };
};

/** Of a renewal, the one with which it lives shortest: the log knows the true one. */
const purposeOf = (asked: CertificateRequest | OwnRequest): CertificatePurpose => {
  if ('purpose' in asked) return asked.purpose;
  if ('spki' in asked) return 'server';
  return 'sshKey' in asked ? 'ssh-host' : 'host';
};

const lacksAuthority = (trial: Outcome | undefined): boolean =>
  trial?.result.status === 'rejected' && trial.result.code === 'authority.absent';

const isSuperseded = ({ result }: Outcome): boolean =>
  result.status === 'rejected' && result.code === 'certificate.superseded';

/** Signs what was accepted under this serial number, and has it recorded. */
const signed = async (
  { engine, keyring, authority }: Issuing,
  serial: string,
  key: Key,
): Promise<CertificateAnswer> => {
  const state = engine.facts.get(certificateKind, serial)?.state;
  const held = authority()?.current;
  if (state === undefined || held === undefined) throw new Error('what was accepted is there');
  const { purpose, subject } = state;
  const notBefore = wholeSeconds(state.requestedMs - backdatedMs);
  const notAfter = wholeSeconds(Math.min(state.requestedMs + state.lifetimeSeconds * 1_000, held.notAfter));
  const about = { serial, notBefore, notAfter };
  const certificate = await withKeys(() => sign(keyring, held, state, key, about));
  const isSsh = purpose === 'ssh-host';
  const fingerprint = fingerprintOf(isSsh ? blobOf(certificate) : derOf(certificate));
  const body = { issuer: held.fingerprint, fingerprint, notBefore, notAfter, certificate };
  const recorded = await engine.submit({ ...bySystem, kind: 'certificate.issue', id: serial, body });
  if (recorded.result.status !== 'accepted') return { refused: recorded };
  const chain = isSsh ? held.sshPublicKey : held.certificate;
  const { position } = recorded;
  return { issued: { ...about, purpose, subject, certificate, chain, fingerprint, position } };
};

const sign = (
  keyring: Keyring,
  authority: AuthorityMaterial,
  { purpose, subject, names, addresses }: Certificate,
  key: Key,
  about: { readonly serial: string; readonly notBefore: number; readonly notAfter: number },
): Promise<string> | string => {
  if (purpose !== 'ssh-host' && 'tls' in key) {
    const { publicKey } = key.tls;
    return signCertificate(keyring, authority, { ...about, purpose, subject, names, addresses, publicKey });
  }
  if (purpose !== 'ssh-host' || !('ssh' in key)) throw new Error('a key that is not for this purpose');
  const authorityKey = keyring.open(sealedFor.sshKey, authority.sealedSshKey);
  const principals = [...names, ...addresses];
  return signSshHost(authorityKey, { ...about, key: key.ssh, subject, principals });
};

const blobOf = (line: string): Buffer => Buffer.from(line.split(' ')[1] ?? '', 'base64');
