import type { Json } from '#commands/codec/codec';
import { indexPrefix, encodeValue, maxIndexedTextBytes, valueAt } from '#aggregates/flaredb/index-key';
import type { Index } from '#aggregates/flaredb/namespace';
import { documentsByField } from '#aggregates/flaredb/posting';
import type { Facts } from '#aggregates/facts';

/** A document's place in one index. */
export interface Listing {
  readonly index: Index;
  readonly key: string;
}

/** Where a document is to be listed; `tooLong` is an index that cannot list it because its text is too long. */
export const listingsOf = (
  namespace: string,
  indexes: readonly Index[],
  document: Json,
): { readonly listings: readonly Listing[]; readonly tooLong: Index | undefined } => {
  const listings: Listing[] = [];
  let tooLong: Index | undefined;
  for (const index of indexes) {
    if (index.phase !== 'building' && index.phase !== 'ready') continue;
    const value = encodeValue(index.kind, valueAt(document, index.path));
    if (value === undefined) continue;
    if (value.length > maxIndexedTextBytes) tooLong = index;
    else listings.push({ index, key: indexPrefix(namespace, index.name) + value });
  }
  return { listings, tooLong };
};

/** The other document that is listed under this key of a unique index; there is one at most. */
export const otherUnder = (facts: Facts, key: string, id: string): string | undefined =>
  facts.index(documentsByField, { from: key, to: `${key}\0`, limit: 2 }).find((row) => row.id !== id)?.id;
