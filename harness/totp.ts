import { createHmac } from 'node:crypto';

/** What an authenticator app does (RFC 6238), written apart from what the server does. */
export const codeOf = (secret: string, atMs: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeUInt32BE(Math.floor(atMs / 30_000), 4);
  const hash = createHmac('sha1', secretOf(secret)).update(counter).digest();
  const at = (hash[19] ?? 0) % 16;
  const number = ((hash[at] ?? 0) % 128) * 2 ** 24 + hash.readUIntBE(at + 1, 3);
  return `00000${number % 1_000_000}`.slice(-6);
};

/** The bytes that base32 stands for. */
export const secretOf = (secret: string): Buffer => {
  let bits = 0n;
  for (const letter of secret) bits = bits * 32n + BigInt('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter));
  return Buffer.from(bits.toString(16).padStart((secret.length * 5) / 4, '0'), 'hex');
};
