import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** One-time codes of RFC 6238: HMAC-SHA-1, six digits, steps of 30 seconds, which every authenticator app knows. */
const stepMs = 30_000;
const digits = 6;
const secretBytes = 20;

const stepAt = (nowMs: number): number => Math.floor(nowMs / stepMs);

export const newTotpSecret = (): Buffer => randomBytes(secretBytes);

const codeOf = (secret: Uint8Array, step: number): string => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac('sha1', secret).update(counter).digest();
  const offset = (hash.at(-1) ?? 0) & 0x0f;
  const number = (hash.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** digits;
  return String(number).padStart(digits, '0');
};

/** The step of time that a code is of, the clock of its device being up to one step off; undefined when of none. */
export const stepOf = (secret: Uint8Array, code: string, nowMs: number): number | undefined => {
  if (!/^\d{6}$/.test(code)) return undefined;
  const shown = Buffer.from(code);
  const now = stepAt(nowMs);
  let found: number | undefined;
  for (const step of [now - 1, now, now + 1]) {
    if (timingSafeEqual(shown, Buffer.from(codeOf(secret, step)))) found ??= step;
  }
  return found;
};

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648, without padding. */
export const base32 = (bytes: Uint8Array): string => {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  let text = '';
  for (let at = 0; at < bits.length; at += 5) {
    text += alphabet[Number.parseInt(bits.slice(at, at + 5).padEnd(5, '0'), 2)] ?? '';
  }
  return text;
};

/** What authenticator apps read from a picture. */
export const totpUri = (secret: Uint8Array, user: string, issuer: string): string => {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(user)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}`;
};
