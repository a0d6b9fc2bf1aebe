import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { docs, type DocFilters } from '#commands/flaredb/doc';
import { keyOf, namespaceOf, within } from '#commands/flaredb/name';
import type { Rejection } from '#commands/rejection';
import { prefixEnd, type Facts } from '#aggregates/facts';
import { docKind, type Doc } from '#aggregates/flaredb/doc';
import { encodeValue, indexPrefix, parseValue } from '#aggregates/flaredb/index-key';
import { indexOf, namespaceAbsent, namespaceKind, type Index } from '#aggregates/flaredb/namespace';
import { documentsByField } from '#aggregates/flaredb/posting';
import { pageOf, type Bounds, type Page, type Selection } from '#projections/selection';
import type { View } from '#projections/view';

type Row = TypeOf<(typeof docs)['row']>;
type Ordered = Bounds & { readonly reverse: boolean };

const rejections = {
  ...namespaceAbsent,
  'index.absent': {
    category: 'absent',
    summary: 'The namespace has no such index.',
    fix: 'Read the namespace to see which indexes it has.',
  },
  'index.building': {
    category: 'unavailable',
    summary: 'The index does not list all documents yet.',
    fix: 'Wait until the namespace shows it as ready.',
  },
  'index.failed': {
    category: 'conflict',
    summary: 'The index could not be built.',
    fix: 'Read the namespace to see which documents are in the way, then drop the index and create it again.',
  },
  'filter.mistyped': {
    category: 'invalid',
    summary: 'The value cannot be of the kind of the index.',
    fix: 'Give a number, or true or false, as the index has it.',
  },
  'filter.incompatible': {
    category: 'invalid',
    summary: 'These filters cannot be combined.',
    fix: 'Give prefix, from, to and index with a namespace; equals with an index, and neither prefix nor bounds then.',
  },
  'cursor.foreign': {
    category: 'invalid',
    summary: 'The cursor is of another list.',
    fix: 'Keep the filters as they were on the first page, or begin again without a cursor.',
  },
} as const;

export const docView: View<Doc, Row, DocFilters> = {
  spec: docs,
  kind: docKind,
  rejections,

  row: ({ id, state, ...positions }) => ({
    // A document that exists was put under an id that the command's codec let through.
    id: id as Id<'doc'>,
    namespace: namespaceOf(id),
    key: keyOf(id),
    ...state,
    ...positions,
  }),

  consistency(asked, facts) {
    const namespace = 'id' in asked ? namespaceOf(asked.id) : asked.filters.namespace;
    // A list over all namespaces is as strict as the strictest of them.
    const held = namespace === undefined ? undefined : facts.get(namespaceKind, namespace)?.state;
    return held?.consistency === 'local' ? 'local' : 'linearizable';
  },

  range(filters) {
    const { namespace, index, equals, reverse } = filters;
    if (index !== undefined || equals !== undefined || reverse === true) return undefined;
    if (namespace !== undefined) return keyBounds(namespace, filters);
    return isBounded(filters) ? undefined : { from: '' };
  },

  select(filters, facts, page) {
    const { namespace, index, equals, reverse = false } = filters;
    if (namespace === undefined) {
      if (isBounded(filters) || index !== undefined || equals !== undefined) {
        return left({ code: 'filter.incompatible' });
      }
      return right(pageOf(docKind, { from: '', reverse }, facts, page));
    }
    const held = facts.get(namespaceKind, namespace)?.state;
    if (held === undefined) return left({ code: 'namespace.absent', detail: { namespace } });
    if (index === undefined) {
      if (equals !== undefined) return left({ code: 'filter.incompatible' });
      return right(pageOf(docKind, { ...keyBounds(namespace, filters), reverse }, facts, page));
    }
    const found = indexOf(held, index);
    if (found === undefined || found.phase === 'dropping') return left({ code: 'index.absent', detail: { index } });
    if (found.phase !== 'ready') return left({ code: `index.${found.phase}`, detail: { index } });
    const bounds = valueBounds(indexPrefix(namespace, index), found, filters);
    return isLeft(bounds) ? bounds : listed({ ...bounds.right, reverse }, facts, page);
  },
};

const isBounded = ({ prefix, from, to }: DocFilters): boolean =>
  prefix !== undefined || from !== undefined || to !== undefined;

const keyBounds = (namespace: string, { prefix = '', from = '', to }: DocFilters): Bounds => {
  const all = within(namespace);
  const end = prefixEnd(`${all.from}${prefix}`) ?? all.to;
  return {
    from: all.from + (from > prefix ? from : prefix),
    to: to !== undefined && all.from + to < end ? all.from + to : end,
  };
};

const valueBounds = (
  prefix: string,
  { kind }: Index,
  { prefix: keyPrefix, from, to, equals }: DocFilters,
): Either<Rejection, Bounds> => {
  if (keyPrefix !== undefined || (equals !== undefined && (from !== undefined || to !== undefined))) {
    return left({ code: 'filter.incompatible' });
  }
  const encoded = [equals, from, to].map((written) =>
    written === undefined ? undefined : encodeValue(kind, parseValue(kind, written)),
  );
  const [exact, low, high] = encoded;
  const isMistyped = [equals, from, to].some((written, at) => written !== undefined && encoded[at] === undefined);
  if (isMistyped) return left({ code: 'filter.mistyped', detail: { kind } });
  if (exact !== undefined) return right({ from: prefix + exact, to: `${prefix}${exact}\0` });
  const end = high === undefined ? prefixEnd(prefix) : prefix + high;
  return right({ from: prefix + (low ?? ''), ...(end === undefined ? {} : { to: end }) });
};

/** A page in the order of an index. Its cursor is the last document's id, a zero byte and its key in the index. */
const listed = (bounds: Ordered, facts: Facts, { after = '', limit }: Page): Either<Rejection, Selection<Doc>> => {
  const split = after.indexOf('\0');
  if (after !== '' && split < 0) return left({ code: 'cursor.foreign' });
  const last = after === '' ? {} : { after: { id: after.slice(0, split), key: after.slice(split + 1) } };
  const rows = facts.index(documentsByField, { ...bounds, ...last, limit: limit + 1 });
  const shown = rows.slice(0, limit).flatMap(({ id }) => {
    const fact = facts.get(docKind, id);
    return fact === undefined ? [] : [{ id, ...fact }];
  });
  const end = rows.length > limit ? rows[limit - 1] : undefined;
  return right(end === undefined ? { facts: shown } : { facts: shown, cursor: `${end.id}\0${end.key}` });
};
