import { object } from '#commands/codec/object';
import { touchPolicy, type PolicyCommand } from '#commands/iam/policy';
import type { Aggregate } from '#aggregates/aggregate';
import { accept } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import type { Reaction } from '#aggregates/procedure';

/** Nothing but the position of its last change, behind which answers may be kept. */
export type Policy = Readonly<Record<string, never>>;

export const policyKind = kind<Policy>('policy');

export const policyId = 'cluster';

export type PolicyEvent = { readonly kind: 'policy.touched'; readonly body: Policy };

export const policy: Aggregate<Policy, PolicyCommand, PolicyEvent, never> = {
  kind: policyKind,
  summary: 'Where the last change was on which it rests who may do what.',
  commands: [touchPolicy],
  events: { 'policy.touched': object({}) },
  rejections: {},
  decide: () => accept({ kind: 'policy.touched', body: {} }),
  evolve: (_state, event) => event.body,
};

/** Where the last change was; 0: nobody was ever granted anything. */
export const policyChangedAt = (facts: Facts): number => facts.get(policyKind, policyId)?.modPosition ?? 0;

/** Events after which an answer to the question who may do what can be another one. */
const changing: readonly string[] = [
  'project.created',
  'project.updated',
  'project.deleted',
  'user.created',
  'user.disabled',
  'user.enabled',
  'user.deleted',
  'host.created',
  'host.deleted',
  'service-account.created',
  'service-account.disabled',
  'service-account.enabled',
  'service-account.deleted',
  'group.joined',
  'group.left',
  'group.deleted',
  'role.updated',
  'role.deleted',
  'binding.created',
  'binding.deleted',
  'session.reused',
  'session.revoked',
  'session.ended',
  'certificate.revoked',
  'access-key.deleted',
  'signing-key.dropped',
];

/** Nothing follows when the policy was touched at this position: one change of a position is as good as several. */
export const policyKeeping: readonly Reaction[] = changing.map((on) => ({
  on,
  react: (_event, facts, moment) =>
    policyChangedAt(facts) === moment.position ? [] : [{ kind: touchPolicy.kind, id: policyId, body: {} }],
}));
