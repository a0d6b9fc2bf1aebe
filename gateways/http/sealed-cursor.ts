import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * Cursors that name an object which was not shown say nothing to whoever holds them. The key ends with the process:
 * after a restart such a list is begun again.
 */

const key = randomBytes(32);
const nonceBytes = 12;
const tagBytes = 16;

export const seal = (cursor: string): string => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(cursor, 'latin1'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
};

/** Undefined if it is no text that `seal` gave. */
export const open = (text: string): string | undefined => {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  try {
    const opening = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
    opening.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    const opened = Buffer.concat([opening.update(bytes.subarray(nonceBytes + tagBytes)), opening.final()]);
    return opened.toString('latin1');
  } catch {
    return undefined;
  }
};
