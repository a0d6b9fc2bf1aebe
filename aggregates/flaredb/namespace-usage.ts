import { changeNamespaceUsage, type NamespaceUsageCommand } from '#commands/flaredb/namespace-usage';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';

export interface NamespaceUsage {
  readonly documents: number;
  readonly bytes: number;
}

/** Exact, and apart from the namespace, so that a put changes nothing that an operator declared. */
export const namespaceUsageKind = kind<NamespaceUsage>('namespace-usage');

/** What a namespace without documents uses; there is no row of it. */
export const nothing: NamespaceUsage = { documents: 0, bytes: 0 };

type NamespaceUsageEvent = { readonly kind: 'namespace-usage.changed'; readonly body: NamespaceUsage };

const rejections = {
  'namespace-usage.impossible': {
    category: 'conflict',
    summary: 'More would be freed than is used, or used than can be counted.',
    fix: 'Report it with the position: the count and the documents do not agree.',
  },
} as const;

export const namespaceUsage: Aggregate<
  NamespaceUsage,
  NamespaceUsageCommand,
  NamespaceUsageEvent,
  keyof typeof rejections
> = {
  kind: namespaceUsageKind,
  summary: 'What the documents of a namespace take.',
  commands: [changeNamespaceUsage],
  events: { 'namespace-usage.changed': changeNamespaceUsage.body },
  rejections,
  decide(state = nothing, { body }) {
    if (body.documents === 0 && body.bytes === 0) return accept();
    const documents = state.documents + body.documents;
    const bytes = state.bytes + body.bytes;
    if (!isCount(documents) || !isCount(bytes)) return reject('namespace-usage.impossible', { documents, bytes });
    return accept({ kind: 'namespace-usage.changed', body: { documents, bytes } });
  },
  evolve: (_state, { body }) => (body.documents === 0 && body.bytes === 0 ? undefined : body),
};

const isCount = (value: number): boolean => value >= 0 && Number.isSafeInteger(value);
