import { object } from '#commands/codec/object';
import {
  createIndex,
  createNamespace,
  deleteNamespace,
  dropIndex,
  failIndex,
  finishIndex,
  maxIndexes,
  updateNamespace,
  type IndexFailure,
  type IndexSpec,
  type NamespaceCommand,
} from '#commands/flaredb/namespace';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject, type Decision } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { namespaceUsageKind } from '#aggregates/flaredb/namespace-usage';

/** What an operator declared of a namespace. A limit of 0 is none. */
export interface Settings {
  readonly maxDocuments: number;
  readonly maxBytes: number;
  readonly maxDocumentBytes: number;
  readonly consistency: 'strong' | 'local';
}

/** While it is built, puts are listed in it and held to its uniqueness, but it does not answer queries. */
export type Index = Required<IndexSpec> &
  (
    { readonly phase: 'building' | 'ready' | 'dropping' } | { readonly phase: 'failed'; readonly failure: IndexFailure }
  );

export interface Namespace extends Settings {
  readonly indexes: readonly Index[];
}

export const namespaceKind = kind<Namespace>('namespace');

type Nothing = Readonly<Record<string, never>>;
type Named = { readonly name: string };

export type NamespaceEvent =
  | { readonly kind: 'namespace.created'; readonly body: Settings & { readonly indexes: readonly IndexSpec[] } }
  | { readonly kind: 'namespace.updated'; readonly body: Settings }
  | { readonly kind: 'namespace.deleted'; readonly body: Nothing }
  | { readonly kind: 'namespace.indexRequested'; readonly body: IndexSpec }
  | { readonly kind: 'namespace.indexReady'; readonly body: Named }
  | { readonly kind: 'namespace.indexFailed'; readonly body: Named & { readonly failure: IndexFailure } }
  | { readonly kind: 'namespace.indexDropRequested'; readonly body: Named }
  | { readonly kind: 'namespace.indexDropped'; readonly body: Named };

export const namespaceAbsent = {
  'namespace.absent': {
    category: 'absent',
    summary: 'There is no such namespace.',
    fix: 'Create it, or list the namespaces to see what there is.',
  },
} as const;

const rejections = {
  ...namespaceAbsent,
  'namespace.exists': {
    category: 'conflict',
    summary: 'The namespace exists with other limits or indexes.',
    fix: 'Read it, then update its limits, or create or drop indexes.',
  },
  'namespace.notEmpty': {
    category: 'conflict',
    summary: 'The namespace holds documents.',
    fix: 'Delete its documents first.',
  },
  'index.exists': {
    category: 'conflict',
    summary: 'The namespace has an index of this name that is different, failed or being dropped.',
    fix: 'Choose another name, or drop the index and wait until it is gone.',
  },
  'index.absent': {
    category: 'absent',
    summary: 'The namespace has no such index.',
    fix: 'Read the namespace to see which indexes it has.',
  },
  'index.repeated': {
    category: 'invalid',
    summary: 'Two indexes have the same name.',
    fix: 'Give each index a name of its own.',
  },
  'index.tooMany': {
    category: 'exhausted',
    summary: 'The namespace has as many indexes as a put can keep.',
    fix: 'Drop an index that is not needed.',
  },
} as const;

export type Rejected = keyof typeof rejections;

export const namespace: Aggregate<Namespace, NamespaceCommand, NamespaceEvent, Rejected> = {
  kind: namespaceKind,
  summary: 'Documents with limits and indexes of their own.',
  commands: [createNamespace, updateNamespace, deleteNamespace, createIndex, dropIndex, finishIndex, failIndex],
  events: {
    'namespace.created': createNamespace.body,
    'namespace.updated': updateNamespace.body,
    'namespace.deleted': object({}),
    'namespace.indexRequested': createIndex.body,
    'namespace.indexReady': finishIndex.body,
    'namespace.indexFailed': failIndex.body,
    'namespace.indexDropRequested': dropIndex.body,
    'namespace.indexDropped': finishIndex.body,
  },
  rejections,

  decide(state, command, facts) {
    if (command.kind === 'namespace.create') return create(state, command.body);
    const isReport = command.kind === 'namespace.finishIndex' || command.kind === 'namespace.failIndex';
    // A series may report to a namespace that was deleted meanwhile.
    if (state === undefined) return isReport ? accept() : reject('namespace.absent');
    switch (command.kind) {
      case 'namespace.update': {
        const body = { ...settingsOf(state), ...command.body };
        return same(settingsOf(state), body) ? accept() : accept({ kind: 'namespace.updated', body });
      }
      case 'namespace.delete': {
        const documents = facts.get(namespaceUsageKind, command.id)?.state.documents ?? 0;
        if (documents > 0) return reject('namespace.notEmpty', { documents });
        return accept({ kind: 'namespace.deleted', body: {} });
      }
      case 'namespace.createIndex':
        return requestIndex(state, command.body);
      case 'namespace.dropIndex': {
        const { name } = command.body;
        const index = indexOf(state, name);
        if (index === undefined) return reject('index.absent', { index: name });
        if (index.phase === 'dropping') return accept();
        return accept({ kind: 'namespace.indexDropRequested', body: { name } });
      }
      case 'namespace.finishIndex': {
        const { name } = command.body;
        const phase = indexOf(state, name)?.phase;
        if (phase === 'building') return accept({ kind: 'namespace.indexReady', body: { name } });
        return phase === 'dropping' ? accept({ kind: 'namespace.indexDropped', body: { name } }) : accept();
      }
      case 'namespace.failIndex':
        return indexOf(state, command.body.name)?.phase === 'building'
          ? accept({ kind: 'namespace.indexFailed', body: command.body })
          : accept();
    }
  },

  evolve(state, event) {
    if (event.kind === 'namespace.created') {
      // There are no documents yet, so there is nothing to list.
      return { ...event.body, indexes: event.body.indexes.map((spec) => indexed(spec, 'ready')) };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'namespace.updated':
        return { ...state, ...event.body };
      case 'namespace.deleted':
        return undefined;
      case 'namespace.indexRequested':
        return { ...state, indexes: [...state.indexes, indexed(event.body, 'building')] };
      case 'namespace.indexReady':
        return changed(state, event.body.name, (index) => indexed(index, 'ready'));
      case 'namespace.indexFailed': {
        const { name, failure } = event.body;
        return changed(state, name, (index) => ({ ...specOf(index), phase: 'failed', failure }));
      }
      case 'namespace.indexDropRequested':
        return changed(state, event.body.name, (index) => indexed(index, 'dropping'));
      case 'namespace.indexDropped':
        return { ...state, indexes: state.indexes.filter(({ name }) => name !== event.body.name) };
    }
  },
};

/** Of any phase. */
export const indexOf = (state: Namespace, name: string): Index | undefined =>
  state.indexes.find((index) => index.name === name);

type CreateBody = Extract<NamespaceCommand, { kind: 'namespace.create' }>['body'];

const create = (state: Namespace | undefined, body: CreateBody): Decision<NamespaceEvent, Rejected> => {
  const { indexes = [], ...given } = body;
  const repeated = indexes.find(({ name }, at) => indexes.findIndex((other) => other.name === name) < at);
  if (repeated !== undefined) return reject('index.repeated', { index: repeated.name });
  const settings = { maxDocuments: 0, maxBytes: 0, maxDocumentBytes: 0, consistency: 'strong' as const, ...given };
  if (state === undefined) return accept({ kind: 'namespace.created', body: { ...settings, indexes } });
  // A retry of the same create is the same create.
  const isSame = same(settingsOf(state), settings) && same(state.indexes.map(specOf), indexes.map(specOf));
  return isSame ? accept() : reject('namespace.exists');
};

const requestIndex = (state: Namespace, spec: IndexSpec): Decision<NamespaceEvent, Rejected> => {
  const existing = indexOf(state, spec.name);
  if (existing !== undefined) {
    const isDone = existing.phase === 'ready' || existing.phase === 'building';
    if (isDone && same(specOf(existing), specOf(spec))) return accept();
    return reject('index.exists', { index: spec.name, phase: existing.phase });
  }
  if (state.indexes.length >= maxIndexes) return reject('index.tooMany', { limit: maxIndexes });
  return accept({ kind: 'namespace.indexRequested', body: spec });
};

const settingsOf = ({ maxDocuments, maxBytes, maxDocumentBytes, consistency }: Settings): Settings => ({
  maxDocuments,
  maxBytes,
  maxDocumentBytes,
  consistency,
});

const specOf = ({ name, path, kind: of, unique = false }: IndexSpec): Required<IndexSpec> => ({
  name,
  path,
  kind: of,
  unique,
});

const indexed = (spec: IndexSpec, phase: 'building' | 'ready' | 'dropping'): Index => ({ ...specOf(spec), phase });

const changed = (state: Namespace, name: string, change: (index: Index) => Index): Namespace => ({
  ...state,
  indexes: state.indexes.map((index) => (index.name === name ? change(index) : index)),
});

/** Both are made with their properties in one order. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
