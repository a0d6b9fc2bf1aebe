import type { Id } from '#commands/codec/scalar';
import { maxIndexes, type IndexSpec } from '#commands/flaredb/namespace';
import { namespace, type NamespaceEvent } from '#aggregates/flaredb/namespace';
import { namespaceUsage } from '#aggregates/flaredb/namespace-usage';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'users' as Id<'namespace'>;
const email: IndexSpec = { name: 'by-email', path: 'email', kind: 'text', unique: true };
const age: IndexSpec = { name: 'by-age', path: 'age', kind: 'number' };
const unlimited = { maxDocuments: 0, maxBytes: 0, maxDocumentBytes: 0, consistency: 'strong' as const };
const failure = { reason: 'duplicate' as const, documents: ['users/a' as Id<'doc'>, 'users/b' as Id<'doc'>] };

const create = (body = {}) => ({ kind: 'namespace.create' as const, id, body });
const update = (body: { maxDocuments?: number }) => ({ kind: 'namespace.update' as const, id, body });
const remove = { kind: 'namespace.delete' as const, id, body: {} };
const createIndex = (body: IndexSpec) => ({ kind: 'namespace.createIndex' as const, id, body });
const dropIndex = (name: string) => ({ kind: 'namespace.dropIndex' as const, id, body: { name } });
const finishIndex = (name: string) => ({ kind: 'namespace.finishIndex' as const, id, body: { name } });
const failIndex = (name: string) => ({ kind: 'namespace.failIndex' as const, id, body: { name, failure } });

const created = (...indexes: readonly IndexSpec[]): NamespaceEvent => ({
  kind: 'namespace.created',
  body: { ...unlimited, indexes },
});
const limited: NamespaceEvent = { kind: 'namespace.updated', body: { ...unlimited, maxDocuments: 5 } };
const deleted: NamespaceEvent = { kind: 'namespace.deleted', body: {} };
const requested = (spec: IndexSpec): NamespaceEvent => ({ kind: 'namespace.indexRequested', body: spec });
const ready = (name: string): NamespaceEvent => ({ kind: 'namespace.indexReady', body: { name } });
const failed = (name: string): NamespaceEvent => ({ kind: 'namespace.indexFailed', body: { name, failure } });
const dropRequested = (name: string): NamespaceEvent => ({ kind: 'namespace.indexDropRequested', body: { name } });
const dropped = (name: string): NamespaceEvent => ({ kind: 'namespace.indexDropped', body: { name } });

const many = Array.from({ length: maxIndexes }, (_, at): IndexSpec => ({ ...age, name: `index-${at}` }));
const inUse = { facts: [held(namespaceUsage, id, { documents: 1, bytes: 0 })] };

decisions(namespace, [
  ['creates a namespace without limits', [], create(), [created()]],
  ['creates one with indexes', [], create({ indexes: [email, age] }), [created(email, age)]],
  ['refuses two indexes of one name', [], create({ indexes: [email, email] }), 'index.repeated'],
  ['takes a repeated create as done', [created(email)], create({ indexes: [email] }), []],
  [
    'takes a default that is written out as the same',
    [created(age)],
    create({ indexes: [{ ...age, unique: false }] }),
    [],
  ],
  ['refuses a create with another limit', [created()], create({ maxBytes: 1 }), 'namespace.exists'],
  ['refuses a create with another index', [created(email)], create({ indexes: [age] }), 'namespace.exists'],
  ['changes a limit and keeps the rest', [created()], update({ maxDocuments: 5 }), [limited]],
  ['takes a limit that holds already as done', [created(), limited], update({ maxDocuments: 5 }), []],
  ['refuses to change what does not exist', [], update({ maxDocuments: 5 }), 'namespace.absent'],
  ['deletes an empty namespace', [created()], remove, [deleted]],
  ['refuses to delete one with documents', [created()], remove, 'namespace.notEmpty', inUse],
  ['refuses to delete one that is gone', [created(), deleted], remove, 'namespace.absent'],

  ['builds an index', [created()], createIndex(age), [requested(age)]],
  ['takes an index that is built already as done', [created(age)], createIndex(age), []],
  ['takes an index that is being built as done', [created(), requested(age)], createIndex(age), []],
  ['refuses another index of the name', [created(age)], createIndex({ ...age, unique: true }), 'index.exists'],
  [
    'refuses the name of one that failed',
    [created(), requested(age), failed('by-age')],
    createIndex(age),
    'index.exists',
  ],
  ['refuses the name of one being dropped', [created(age), dropRequested('by-age')], createIndex(age), 'index.exists'],
  [
    'builds it again once it is gone',
    [created(age), dropRequested('by-age'), dropped('by-age')],
    createIndex(age),
    [requested(age)],
  ],
  ['refuses more indexes than a put can keep', [created(...many)], createIndex(age), 'index.tooMany'],
  ['refuses an index of no namespace', [], createIndex(age), 'namespace.absent'],

  ['drops an index', [created(age)], dropIndex('by-age'), [dropRequested('by-age')]],
  [
    'drops one that failed',
    [created(), requested(age), failed('by-age')],
    dropIndex('by-age'),
    [dropRequested('by-age')],
  ],
  ['takes a repeated drop as done', [created(age), dropRequested('by-age')], dropIndex('by-age'), []],
  ['refuses to drop what is not there', [created()], dropIndex('by-age'), 'index.absent'],

  ['hears that an index is built', [created(), requested(age)], finishIndex('by-age'), [ready('by-age')]],
  ['hears that an index is gone', [created(age), dropRequested('by-age')], finishIndex('by-age'), [dropped('by-age')]],
  ['hears that an index failed', [created(), requested(age)], failIndex('by-age'), [failed('by-age')]],
  ['has heard before that it is built', [created(), requested(age), ready('by-age')], finishIndex('by-age'), []],
  ['does not fail an index that is being dropped', [created(age), dropRequested('by-age')], failIndex('by-age'), []],
  ['hears of an index when it is gone itself', [created(), deleted], finishIndex('by-age'), []],
]);
