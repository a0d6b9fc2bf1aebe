import type { Owners } from '#aggregates/aggregate';

/** What identities must know of the release: words, which a new release adds to together with a feature level. */
export interface Words {
  /** Every permission that a command or a read asks for, in order. */
  readonly permissions: () => readonly string[];
  /** Whether objects of the noun have ids of arbitrary bytes; undefined: there is no such noun. */
  readonly bytesIds: (noun: string) => boolean | undefined;
  /** Whether objects of the noun may belong to another object. */
  readonly isOwned: (noun: string) => boolean;
  /** Whose an object of the noun is. */
  readonly ownersOf: (noun: string, ...asked: Parameters<Owners>) => ReturnType<Owners>;
}

/** The id as decisions have it: one char for each byte where ids are bytes. */
export const idForm = (bytesIds: boolean, written: string): string => (bytesIds ? utf8(written) : written);

const utf8 = (text: string): string => {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
};
