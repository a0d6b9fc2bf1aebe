import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { deleteKeys, txn, type DeleteKeysCommand, type KeyRow, type TxnCommand } from '#commands/chainfire/key';
import type { Rejection } from '#commands/rejection';
import { keyKind, keyRejections, type Key } from '#aggregates/chainfire/key';
import { only } from '#aggregates/access';
import type { Fact, Facts } from '#aggregates/facts';
import type { Procedure, Work } from '#aggregates/procedure';

type Body = TxnCommand['body'];
type Compare = NonNullable<Body['compare']>[number];
type Operation = NonNullable<Body['success']>[number];

/** Keys that one read or delete inside a transaction may touch; more would not fit into a recorded reply. */
const maxKeysPerOperation = 10_000;

const rejections = {
  ...keyRejections,
  'key.duplicate': {
    category: 'invalid',
    summary: 'A key is changed twice in one transaction.',
    fix: 'Change each key once; a key changes at most once per position.',
  },
  'key.absent': {
    category: 'absent',
    summary: 'The key does not exist, so its value or lease cannot be kept.',
    fix: 'Put the key with a value.',
  },
  'key.tooMany': {
    category: 'exhausted',
    summary: 'The range holds more keys than one operation may touch.',
    fix: 'Delete or read smaller ranges, one after another.',
  },
  'compare.invalid': {
    category: 'invalid',
    summary: 'The compared value has the wrong type for its target.',
    fix: 'Give a number for version, create and mod, and text or bytes for value and lease.',
  },
} as const;

export const keyTxn: Procedure<TxnCommand> = {
  command: txn,
  rejections,
  perform(command, work) {
    const { compare = [], success = [], failure = [] } = command.body;
    for (const { key, rangeEnd } of compare) {
      const refused = work.forbidden('key.read', { noun: 'key', ...keyRange(key, rangeEnd) });
      if (refused !== undefined) return left(refused);
    }
    const held = allHold(compare, work);
    if (isLeft(held)) return held;
    const succeeded = held.right;
    const changed = new Set<string>();
    const responses: unknown[] = [];
    for (const operation of succeeded ? success : failure) {
      const done = perform(operation, work, changed);
      if (isLeft(done)) return done;
      responses.push(done.right);
    }
    return right({ succeeded, responses });
  },
};

export const keyDeleteRange: Procedure<DeleteKeysCommand> = {
  command: deleteKeys,
  rejections: { 'key.tooMany': rejections['key.tooMany'] },
  perform: ({ body }, work) => {
    const done = deleteRange(body, work, new Set());
    return isLeft(done) ? done : right(done.right);
  },
};

export const rowOf = (fact: Fact<Key>): KeyRow => ({
  key: fact.id,
  value: fact.state.value,
  version: fact.version,
  createPosition: fact.createPosition,
  modPosition: fact.modPosition,
  ...(fact.state.lease === undefined ? {} : { lease: fact.state.lease }),
});

/** etcd's convention: no end is one key, a single zero byte is every key from the first on. */
export const keyRange = (
  key: string,
  rangeEnd: string | undefined,
): { readonly from: string; readonly to?: string } => {
  if (rangeEnd === undefined) return { from: key, to: `${key}\0` };
  return rangeEnd === '\0' ? { from: key } : { from: key, to: rangeEnd };
};

/** Whether every comparison of a transaction holds. */
export const allHold = (compare: readonly Compare[], facts: Facts): Either<Rejection, boolean> => {
  let all = true;
  for (const comparison of compare) {
    const held = holds(comparison, facts);
    if (isLeft(held)) return held;
    if (!held.right) all = false;
  }
  return right(all);
};

const factsIn = (
  facts: Facts,
  { key, rangeEnd }: { key: string; rangeEnd?: string },
): Either<Rejection, readonly Fact<Key>[]> => {
  if (rangeEnd === undefined) {
    const fact = facts.get(keyKind, key);
    return right(fact === undefined ? [] : [{ id: key, ...fact }]);
  }
  const found = facts.range(keyKind, { ...keyRange(key, rangeEnd), limit: maxKeysPerOperation + 1 });
  return found.length > maxKeysPerOperation
    ? left({ code: 'key.tooMany', detail: { limit: maxKeysPerOperation } })
    : right(found);
};

const perform = (operation: Operation, work: Work, changed: Set<string>): Either<Rejection, unknown> => {
  if ('put' in operation) return put(operation.put, work, changed);
  if ('delete' in operation) {
    const deleted = deleteRange(operation.delete, work, changed);
    return isLeft(deleted) ? deleted : right({ delete: deleted.right });
  }
  const { key, rangeEnd } = operation.get;
  const refused = work.forbidden('key.read', { noun: 'key', ...keyRange(key, rangeEnd) });
  if (refused !== undefined) return left(refused);
  const facts = factsIn(work, operation.get);
  if (isLeft(facts)) return facts;
  const items = facts.right.slice(0, operation.get.limit ?? maxKeysPerOperation).map(rowOf);
  return right({ get: { items, count: facts.right.length } });
};

const put = (
  operation: Extract<Operation, { put: unknown }>['put'],
  work: Work,
  changed: Set<string>,
): Either<Rejection, unknown> => {
  const { key, value, lease, previous = false, keepValue = false, keepLease = false } = operation;
  if (changed.has(key)) return left({ code: 'key.duplicate', detail: { key } });
  changed.add(key);
  const reads = previous || keepValue || keepLease;
  const refused = reads ? work.forbidden('key.read', only('key', key)) : undefined;
  if (refused !== undefined) return left(refused);
  const before = reads ? work.get(keyKind, key) : undefined;
  if ((keepValue || keepLease) && before === undefined) return left({ code: 'key.absent', detail: { key } });
  const attached = keepLease ? before?.state.lease : lease;
  const body = { value: keepValue && before !== undefined ? before.state.value : value };
  const done = work.run({
    kind: 'key.put',
    id: key,
    body: attached === undefined ? body : { ...body, lease: attached },
  });
  if (isLeft(done)) return done;
  return right({ put: previous && before !== undefined ? { previous: rowOf({ id: key, ...before }) } : {} });
};

const deleteRange = (
  { key, rangeEnd, previous = false }: DeleteKeysCommand['body'],
  work: Work,
  changed: Set<string>,
): Either<Rejection, { readonly deleted: number; readonly previous?: readonly KeyRow[] }> => {
  const range = { noun: 'key', ...keyRange(key, rangeEnd) };
  const refused = work.forbidden('key.delete', range) ?? (previous ? work.forbidden('key.read', range) : undefined);
  if (refused !== undefined) return left(refused);
  const facts = factsIn(work, rangeEnd === undefined ? { key } : { key, rangeEnd });
  if (isLeft(facts)) return facts;
  for (const { id } of facts.right) {
    if (changed.has(id)) return left({ code: 'key.duplicate', detail: { key: id } });
    changed.add(id);
    const done = work.run({ kind: 'key.delete', id, body: {} });
    if (isLeft(done)) return done;
  }
  const deleted = facts.right.length;
  return right(previous ? { deleted, previous: facts.right.map(rowOf) } : { deleted });
};

/** A range holds when every key in it does. As in etcd, no key at all is compared as one that does not exist. */
const holds = (compare: Compare, facts: Facts): Either<Rejection, boolean> => {
  const found = factsIn(facts, compare);
  if (isLeft(found)) return found;
  if (found.right.length === 0) return holdsFor(compare, undefined);
  for (const fact of found.right) {
    const held = holdsFor(compare, fact);
    if (isLeft(held) || !held.right) return held;
  }
  return right(true);
};

const holdsFor = (compare: Compare, fact: Fact<Key> | undefined): Either<Rejection, boolean> => {
  const invalid = left({ code: 'compare.invalid', detail: { target: compare.target } });
  switch (compare.target) {
    case 'version':
    case 'create':
    case 'mod': {
      if (typeof compare.value !== 'number') return invalid;
      const found = fact === undefined ? 0 : numberOf(fact, compare.target);
      return right(compared(found - compare.value, compare.op));
    }
    case 'lease': {
      const wanted = typeof compare.value === 'number' ? String(compare.value) : compare.value;
      if (typeof wanted !== 'string') return invalid;
      const found = fact?.state.lease ?? '0';
      return right(compared(found.length - wanted.length || order(found, wanted), compare.op));
    }
    case 'value': {
      const wanted = compare.bytes ?? (typeof compare.value === 'string' ? utf8(compare.value) : undefined);
      if (wanted === undefined) return invalid;
      // etcd's rule: a key that does not exist has no value, so every comparison of its value fails.
      return right(fact !== undefined && compared(orderBytes(fact.state.value, wanted), compare.op));
    }
  }
};

const numberOf = (fact: Fact<Key>, target: 'version' | 'create' | 'mod'): number =>
  target === 'version' ? fact.version : target === 'create' ? fact.createPosition : fact.modPosition;

const compared = (difference: number, op: Compare['op']): boolean => {
  switch (op) {
    case '=':
      return difference === 0;
    case '!=':
      return difference !== 0;
    case '<':
      return difference < 0;
    case '>':
      return difference > 0;
  }
};

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const orderBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
