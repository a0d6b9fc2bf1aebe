import { createPublicKey, type KeyObject } from 'node:crypto';
import { left, right, type Either } from 'fp-ts/lib/Either';

/** A public key of an SSH server. */
export interface SshKey {
  readonly type: 'ssh-ed25519' | 'ecdsa-sha2-nistp256';
  /** As RFC 4253 6.6 writes it, the type first. */
  readonly blob: Buffer;
  /** The fields behind the type. */
  readonly fields: Buffer;
}

/** RFC 4251 5: the length in four bytes, then the bytes. */
export const sshString = (value: string | Uint8Array): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** The strings that a blob is made of; undefined when it does not end with one. */
const stringsOf = (blob: Buffer): readonly Buffer[] | undefined => {
  const found: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    const end = at + 4 > blob.length ? Infinity : at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    found.push(blob.subarray(at + 4, end));
    at = end;
  }
  return found;
};

/** The public key of a line of OpenSSH, such as a host has in `ssh_host_ed25519_key.pub`; or what is wrong with it. */
export const readSshKey = (line: string): Either<string, SshKey> => {
  const [type, base64 = ''] = line.trim().split(/[ \t]+/);
  if (type !== 'ssh-ed25519' && type !== 'ecdsa-sha2-nistp256') {
    return left('a key of type ssh-ed25519 or ecdsa-sha2-nistp256');
  }
  const blob = Buffer.from(base64, 'base64');
  const strings = blob.toString('base64') === base64 ? stringsOf(blob) : undefined;
  const [named, ...fields] = strings?.map((each) => each.toString('latin1')) ?? [];
  const isWhole = named === type && (type === 'ssh-ed25519' ? isEd25519(fields) : isP256(fields));
  if (!isWhole) return left(`a whole key of type ${type}`);
  return right({ type, blob, fields: blob.subarray(sshString(type).length) });
};

const isEd25519 = (fields: readonly string[]): boolean => fields.length === 1 && fields[0]?.length === 32;

/** A point that is on the curve, which Node looks at when it takes a key. */
const isP256 = ([curve, point = '', ...more]: readonly string[]): boolean => {
  if (curve !== 'nistp256' || more.length > 0 || point.length !== 65 || point.charCodeAt(0) !== 4) return false;
  const bytes = Buffer.from(point, 'latin1');
  const [x, y] = [bytes.subarray(1, 33), bytes.subarray(33)].map((half) => half.toString('base64url'));
  try {
    createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
};

/** The blob of an Ed25519 key of Node. */
export const sshBlobOf = (key: KeyObject): Buffer => {
  const { x = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.from(x, 'base64url'))]);
};

export const sshPublicKeyLine = (key: KeyObject): string => `ssh-ed25519 ${sshBlobOf(key).toString('base64')}`;
