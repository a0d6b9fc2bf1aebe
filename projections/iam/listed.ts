import type { Facts, Kind } from '#aggregates/facts';
import type { Page, Selection } from '#projections/selection';

/** A page of the objects that an index has under one key, in order of id, which is the cursor. */
export const listed = <S>(
  kind: Kind<S>,
  { index, key }: { readonly index: string; readonly key: string },
  facts: Facts,
  { after, limit }: Page,
): Selection<S> => {
  const rows = facts.index(index, {
    from: key,
    to: `${key}\0`,
    limit: limit + 1,
    ...(after === undefined ? {} : { after: { key, id: after } }),
  });
  const shown = rows.slice(0, limit).flatMap(({ id }) => {
    const fact = facts.get(kind, id);
    return fact === undefined ? [] : [{ id, ...fact }];
  });
  const end = rows.length > limit ? rows[limit - 1] : undefined;
  return end === undefined ? { facts: shown } : { facts: shown, cursor: end.id };
};
