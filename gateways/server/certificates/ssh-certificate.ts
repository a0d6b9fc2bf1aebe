import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import { sshBlobOf, sshString, type SshKey } from '#gateways/server/certificates/ssh-key';

export interface SshHostCertificate {
  readonly key: SshKey;
  /** 32 hexadecimal digits, of which OpenSSH knows the first 16. */
  readonly serial: string;
  /** Who it is about, for logs of SSH. */
  readonly subject: string;
  /** The names and addresses by which clients may reach the host. */
  readonly principals: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Of PROTOCOL.certkeys in the sources of OpenSSH. */
const HOST = 2;

/** A certificate of OpenSSH for a key of a host, as a line of `ssh_host_…-cert.pub`. */
export const signSshHost = (authorityKey: Buffer, about: SshHostCertificate): string => {
  const { key, serial, subject, principals, notBefore, notAfter } = about;
  const type = `${key.type}-cert-v01@openssh.com`;
  const privateKey = createPrivateKey({ key: authorityKey, format: 'der', type: 'pkcs8' });
  const unsigned = Buffer.concat([
    sshString(type),
    sshString(randomBytes(32)),
    key.fields,
    integer64(BigInt(`0x${serial.slice(0, 16)}`)),
    integer32(HOST),
    sshString(`${subject} ${serial}`),
    sshString(Buffer.concat(principals.map(sshString))),
    integer64(BigInt(Math.floor(notBefore / 1_000))),
    integer64(BigInt(Math.floor(notAfter / 1_000))),
    // No critical options, no extensions, and what is reserved: a certificate of a host has none of them.
    ...[sshString(''), sshString(''), sshString('')],
    sshString(sshBlobOf(createPublicKey(privateKey))),
  ]);
  const signature = Buffer.concat([sshString('ssh-ed25519'), sshString(sign(null, unsigned, privateKey))]);
  return `${type} ${Buffer.concat([unsigned, sshString(signature)]).toString('base64')} ${subject}`;
};

const integer32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const integer64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};
