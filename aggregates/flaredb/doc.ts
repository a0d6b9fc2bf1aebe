import { left, right } from 'fp-ts/lib/Either';
import type { Json } from '#commands/codec/codec';
import type { Instant } from '#commands/codec/scalar';
import {
  deleteDoc,
  DocEnded,
  DocPut,
  expireDoc,
  maxContentBytes,
  patchDoc,
  putDoc,
  type DocCommand,
} from '#commands/flaredb/doc';
import { namespaceOf } from '#commands/flaredb/name';
import type { Rejection } from '#commands/rejection';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject, type Decision, type Moment } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { listingsOf, otherUnder } from '#aggregates/flaredb/listing';
import { maxIndexedTextBytes } from '#aggregates/flaredb/index-key';
import { mergePatch } from '#aggregates/flaredb/merge-patch';
import { namespaceAbsent, namespaceKind, type Namespace } from '#aggregates/flaredb/namespace';
import { namespaceUsageKind, nothing } from '#aggregates/flaredb/namespace-usage';

export type Content = { readonly document: Json } | { readonly value: Uint8Array };

export type Doc = Content & { readonly bytes: number; readonly expiresAt?: Instant };

export const docKind = kind<Doc>('doc');

type Ended = { readonly freedBytes: number };

export type DocEvent =
  | { readonly kind: 'doc.put'; readonly body: Doc & Partial<Ended> }
  | { readonly kind: 'doc.deleted'; readonly body: Ended }
  | { readonly kind: 'doc.expired'; readonly body: Ended };

export const docRejections = {
  ...namespaceAbsent,
  'namespace.full': {
    category: 'exhausted',
    summary: 'The namespace has reached a limit.',
    fix: 'Delete documents, or raise the limit of the namespace.',
  },
  'doc.ambiguous': {
    category: 'invalid',
    summary: 'A document is put with either a document or a value.',
    fix: 'Give one of `document`, `value` and `valueBase64`.',
  },
  'doc.version': {
    category: 'conflict',
    summary: 'The document has another version than expected.',
    fix: 'Read the document, then decide again.',
  },
  'doc.absent': {
    category: 'absent',
    summary: 'The document does not exist, so there is nothing to patch.',
    fix: 'Put the document.',
  },
  'doc.raw': {
    category: 'conflict',
    summary: 'A raw value cannot be patched.',
    fix: 'Put a document in its place.',
  },
  'doc.tooLarge': {
    category: 'exhausted',
    summary: 'The document takes more bytes than one may take.',
    fix: 'Split it, or raise `maxDocumentBytes` of the namespace where it is lower than the limit of every document.',
  },
  'doc.unindexable': {
    category: 'invalid',
    summary: 'The text at the path of an index is too long to be listed.',
    fix: 'Shorten it, or drop the index.',
  },
  'doc.duplicate': {
    category: 'conflict',
    summary: 'Another document has the same value in a unique index.',
    fix: 'Change the value, or the document that has it.',
  },
} as const;

type Rejected = keyof typeof docRejections;
type Decided = Decision<DocEvent, Rejected>;

export const doc: Aggregate<Doc, DocCommand, DocEvent, Rejected> = {
  kind: docKind,
  summary: 'A JSON document or raw value in a namespace.',
  commands: [putDoc, patchDoc, deleteDoc, expireDoc],
  events: { 'doc.put': DocPut, 'doc.deleted': DocEnded, 'doc.expired': DocEnded },
  rejections: docRejections,
  owners: (id) => [`namespace/${namespaceOf(id)}`],
  due: ({ expiresAt }) => expiresAt,
  onDue: 'doc.expire',

  decide(state, command, facts, moment) {
    const current = unexpired(state, moment);
    // Time may have passed without the timer: then the end comes first, and what follows finds no document.
    const ended: readonly DocEvent[] =
      state === undefined || current !== undefined ? [] : [{ kind: 'doc.expired', body: { freedBytes: state.bytes } }];
    if (command.kind === 'doc.expire') return right(ended);

    const { ifVersion } = command.body;
    if (ifVersion !== undefined) {
      const found = versionOf(facts, command.id, current);
      if (found !== ifVersion) return reject('doc.version', { id: command.id, expected: ifVersion, found });
    }
    switch (command.kind) {
      case 'doc.delete':
        if (current === undefined) return right(ended);
        return accept({ kind: 'doc.deleted', body: { freedBytes: current.bytes } });
      case 'doc.put': {
        const { document, value, ttlSeconds } = command.body;
        if ((document === undefined) === (value === undefined)) return reject('doc.ambiguous', { id: command.id });
        const content = document === undefined ? { value: value ?? new Uint8Array() } : { document };
        return put(command.id, { state, current, ended }, content, expiry(ttlSeconds, moment), facts, moment);
      }
      case 'doc.patch': {
        const { patch, ttlSeconds } = command.body;
        if (current === undefined) return reject('doc.absent', { id: command.id });
        if (!('document' in current)) return reject('doc.raw', { id: command.id });
        const content = { document: mergePatch(current.document, patch) };
        const expiresAt = ttlSeconds === undefined ? current.expiresAt : expiry(ttlSeconds, moment);
        return put(command.id, { state, current, ended }, content, expiresAt, facts, moment);
      }
    }
  },

  evolve: (_state, event) => (event.kind === 'doc.put' ? stateOf(event.body) : undefined),
};

/** A document whose time has come does not exist, whether or not its timer has fired. */
export const unexpired = (state: Doc | undefined, moment: Moment): Doc | undefined =>
  state?.expiresAt !== undefined && state.expiresAt <= moment.now ? undefined : state;

/** 0: it does not exist. */
export const versionOf = (facts: Facts, id: string, current: Doc | undefined): number =>
  current === undefined ? 0 : (facts.get(docKind, id)?.version ?? 0);

interface Before {
  readonly state: Doc | undefined;
  readonly current: Doc | undefined;
  readonly ended: readonly DocEvent[];
}

const put = (
  id: string,
  { state, current, ended }: Before,
  content: Content,
  expiresAt: Instant | undefined,
  facts: Facts,
  moment: Moment,
): Decided => {
  const name = namespaceOf(id);
  const namespace = facts.get(namespaceKind, name)?.state;
  if (namespace === undefined) return reject('namespace.absent', { namespace: name });
  const written = 'document' in content ? JSON.stringify(content.document) : undefined;
  const bytes = 'value' in content ? content.value.length : Buffer.byteLength(written ?? '');
  const next: Doc = { ...content, bytes, ...(expiresAt === undefined ? {} : { expiresAt }) };
  if (current !== undefined && same(current, next, written)) return accept();
  const refused =
    tooLarge(id, namespace, bytes) ??
    full(name, namespace, facts, state === undefined ? 1 : 0, bytes - (state?.bytes ?? 0)) ??
    unlistable(id, namespace, content, facts, moment);
  if (refused !== undefined) return left(refused);
  const body = current === undefined ? next : { ...next, freedBytes: current.bytes };
  return right([...ended, { kind: 'doc.put', body }]);
};

const tooLarge = (id: string, { maxDocumentBytes }: Namespace, bytes: number): Rejection<Rejected> | undefined => {
  const limit = maxDocumentBytes === 0 ? maxContentBytes : Math.min(maxDocumentBytes, maxContentBytes);
  return bytes > limit ? { code: 'doc.tooLarge', detail: { id, bytes, limit } } : undefined;
};

/** Only what grows is refused, so that a namespace above a lowered limit can be cleared. */
const full = (
  name: string,
  { maxDocuments, maxBytes }: Namespace,
  facts: Facts,
  documents: number,
  bytes: number,
): Rejection<Rejected> | undefined => {
  // Without limits nothing is read: whoever expects a position is not disturbed by every other put.
  if (maxDocuments === 0 && maxBytes === 0) return undefined;
  const used = facts.get(namespaceUsageKind, name)?.state ?? nothing;
  if (maxDocuments > 0 && documents > 0 && used.documents + documents > maxDocuments) {
    return { code: 'namespace.full', detail: { namespace: name, maxDocuments, documents: used.documents } };
  }
  if (maxBytes > 0 && bytes > 0 && used.bytes + bytes > maxBytes) {
    return { code: 'namespace.full', detail: { namespace: name, maxBytes, bytes: used.bytes } };
  }
  return undefined;
};

const unlistable = (
  id: string,
  namespace: Namespace,
  content: Content,
  facts: Facts,
  moment: Moment,
): Rejection<Rejected> | undefined => {
  if (namespace.indexes.length === 0 || !('document' in content)) return undefined;
  const { listings, tooLong } = listingsOf(namespaceOf(id), namespace.indexes, content.document);
  if (tooLong !== undefined) {
    return { code: 'doc.unindexable', detail: { id, index: tooLong.name, maxBytes: maxIndexedTextBytes } };
  }
  for (const { index, key } of listings) {
    const owner = index.unique ? ownerOf(facts, moment, key, id) : undefined;
    if (owner !== undefined) return { code: 'doc.duplicate', detail: { id, index: index.name, owner } };
  }
  return undefined;
};

/** Another document that has this key of a unique index. */
export const ownerOf = (facts: Facts, moment: Moment, key: string, id: string): string | undefined => {
  const other = otherUnder(facts, key, id);
  const state = other === undefined ? undefined : facts.get(docKind, other)?.state;
  return unexpired(state, moment) === undefined ? undefined : other;
};

const expiry = (ttlSeconds: number | undefined, moment: Moment): Instant | undefined =>
  ttlSeconds === undefined ? undefined : moment.now + ttlSeconds * 1_000;

const same = (a: Doc, b: Doc, writtenB: string | undefined): boolean => {
  if (a.expiresAt !== b.expiresAt || a.bytes !== b.bytes) return false;
  if ('document' in a) return JSON.stringify(a.document) === writtenB;
  return 'value' in b && a.value.every((byte, at) => byte === b.value[at]);
};

const stateOf = (body: Doc & Partial<Ended>): Doc => {
  const { bytes, expiresAt } = body;
  const content = 'document' in body ? { document: body.document } : { value: body.value };
  return { ...content, bytes, ...(expiresAt === undefined ? {} : { expiresAt }) };
};
