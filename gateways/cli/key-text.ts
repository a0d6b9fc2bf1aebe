import type { AnyCodec } from '#commands/codec/codec';
import { usage } from '#gateways/cli/failure';
import { visible } from '#gateways/cli/visible';
import { at, textAt } from '#gateways/cli/json';

/** What bytes that are not text are written as in arguments and shown as in tables. */
const marker = 'base64:';

/**
 * The id that a word names, in the form that routes take. Bytes are the word's UTF-8, or what follows `base64:`; with
 * `inBase64` the whole word is base64, which also names a key that starts with `base64:`.
 */
export const idOfWord = (codec: AnyCodec, name: string, word: string, inBase64 = false): string => {
  const { shape } = codec;
  if (shape.kind !== 'bytes') return word;
  const encoded = inBase64 ? word : word.startsWith(marker) ? word.slice(marker.length) : undefined;
  const raw = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  if (raw !== undefined && raw.toString('base64') === encoded) return raw.toString('latin1');
  if (inBase64) throw usage(`${name}: expected base64 (RFC 4648, padded), got ${JSON.stringify(word)}.`);
  return Buffer.from(word, 'utf8').toString('latin1');
};

/** The word that `idOfWord` reads as these bytes. */
export const wordOfBytes = (bytes: Uint8Array): string => {
  const raw = Buffer.from(bytes);
  const text = raw.toString('utf8');
  const plain = Buffer.from(text, 'utf8').equals(raw) && visible(text) === text && !text.startsWith(marker);
  return plain ? text : `${marker}${raw.toString('base64')}`;
};

/** A property of a row as a cell, bytes by whichever of their two names is there. */
export const cellAt = (row: unknown, path: string): unknown => {
  const base64 = textAt(row, `${path}Base64`);
  return base64 === undefined ? at(row, path) : `${marker}${base64}`;
};

/** The id of a row, by the name of the property that holds it; undefined when the row has none. */
export const idWordOf = (row: unknown, noun: string): string | undefined => {
  for (const name of [noun, 'id']) {
    const base64 = textAt(row, `${name}Base64`);
    if (base64 !== undefined) return wordOfBytes(Buffer.from(base64, 'base64'));
    const text = textAt(row, name);
    if (text !== undefined) return wordOfBytes(Buffer.from(text, 'utf8'));
  }
  return undefined;
};

/** A thing as `noun/id`. */
export interface Ref {
  readonly noun: string;
  readonly id: string;
}

/** `key/config/color`: the id is all that follows the first slash. */
export const refOfWord = (word: string): Ref => {
  const cut = word.indexOf('/');
  if (cut > 0 && cut < word.length - 1) return { noun: word.slice(0, cut), id: word.slice(cut + 1) };
  throw usage(`REF: expected <noun>/<id> such as key/config/color, got ${JSON.stringify(word)}.`);
};
