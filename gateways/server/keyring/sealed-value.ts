import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Unreadable } from '#gateways/server/keyring/keyring';

/** AES-256-GCM (NIST SP 800-38D): random nonces of 96 bits are good for 2^32 values under one key. */
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

/** What `sealed:v1:` texts are made of. */
export interface SealedValue {
  readonly keyId: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
}

const SEALED = /^sealed:v1:([0-9a-f]{16}):([A-Za-z0-9_-]{16}):([A-Za-z0-9_-]{22,})$/;

export const newKeyId = (): string => randomBytes(8).toString('hex');

/** Seals under a key, bound to the words of `about`: whoever opens must name the same. */
export const lock = (key: Uint8Array, about: readonly string[], plaintext: Uint8Array): readonly [Buffer, Buffer] => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(about));
  return [nonce, Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])];
};

/** The plaintext; undefined when the key, the words or one bit are not those that it was sealed with. */
export const unlock = (
  key: Uint8Array,
  about: readonly string[],
  nonce: Uint8Array,
  ciphertext: Buffer,
): Buffer | undefined => {
  if (ciphertext.length < TAG_BYTES) return undefined;
  const body = ciphertext.subarray(0, -TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(about));
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
  const plaintext = decipher.update(body);
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    return undefined;
  }
};

/** JSON, so that no two lists of words come to the same bytes. */
const boundTo = (about: readonly string[]): Buffer => Buffer.from(JSON.stringify(about));

const aboutValue = (keyId: string, purpose: string): readonly string[] => ['sealed:v1', keyId, purpose];

export const sealValue = (keyId: string, key: Uint8Array, purpose: string, plaintext: Uint8Array): string => {
  const [nonce, ciphertext] = lock(key, aboutValue(keyId, purpose), plaintext);
  return `sealed:v1:${keyId}:${nonce.toString('base64url')}:${ciphertext.toString('base64url')}`;
};

/** Throws `Unreadable` for a text of another form. */
export const readSealed = (text: string): SealedValue => {
  const [, keyId, nonce, ciphertext] = SEALED.exec(text) ?? [];
  if (keyId === undefined || nonce === undefined || ciphertext === undefined) {
    throw new Unreadable('What should be a sealed value is none, or is cut off.');
  }
  const read = { keyId, nonce: Buffer.from(nonce, 'base64url'), ciphertext: Buffer.from(ciphertext, 'base64url') };
  // Base64url of odd bits has several spellings; only ours is a value, so that equal texts are equal values.
  if (read.ciphertext.toString('base64url') !== ciphertext) {
    throw new Unreadable('What should be a sealed value is none, or is cut off.');
  }
  return read;
};

/** Throws `Unreadable` when the key or the purpose is another one, or the value was changed. */
export const openValue = (value: SealedValue, key: Uint8Array, purpose: string): Buffer => {
  const plaintext = unlock(key, aboutValue(value.keyId, purpose), value.nonce, value.ciphertext);
  if (plaintext !== undefined) return plaintext;
  throw new Unreadable(`A value sealed with key ${value.keyId} is damaged, or was sealed for another purpose.`);
};
