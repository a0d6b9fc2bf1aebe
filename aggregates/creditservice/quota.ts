import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import { beginQuota, clearQuota, endQuota, QuotaSet, setQuota, type QuotaCommand } from '#commands/creditservice/quota';
import { limited } from '#commands/quota';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { projectAbsent, projectInUse, projectKind, projectOwners } from '#aggregates/owners';
import { inUse, quotaKind, usageKey, type Quota } from '#aggregates/quota';
import { same } from '#aggregates/same';

type Empty = Readonly<Record<string, never>>;

export type QuotaEvent =
  | { readonly kind: 'quota.began'; readonly body: Empty }
  | { readonly kind: 'quota.set'; readonly body: TypeOf<typeof QuotaSet> }
  | { readonly kind: 'quota.cleared'; readonly body: Empty }
  | { readonly kind: 'quota.ended'; readonly body: Empty };

const rejections = {
  ...projectAbsent,
  ...projectInUse,
} as const;

export const quota: Aggregate<Quota, QuotaCommand, QuotaEvent, keyof typeof rejections> = {
  kind: quotaKind,
  summary: 'What a project may have.',
  commands: [beginQuota, setQuota, clearQuota, endQuota],
  events: {
    'quota.began': object({}),
    'quota.set': QuotaSet,
    'quota.cleared': object({}),
    'quota.ended': object({}),
  },
  rejections,
  owners: projectOwners,

  decide(state, command, facts) {
    const { id } = command;
    switch (command.kind) {
      case 'quota.begin':
        return state === undefined ? accept({ kind: 'quota.began', body: {} }) : accept();
      case 'quota.set': {
        if (facts.get(projectKind, id) === undefined) return reject('project.absent', { project: id });
        const limits = { ...state?.limits, ...command.body };
        return same(limits, state?.limits) ? accept() : accept({ kind: 'quota.set', body: { limits } });
      }
      case 'quota.clear':
        if (facts.get(projectKind, id) === undefined) return reject('project.absent', { project: id });
        return state === undefined || same(state.limits, {}) ? accept() : accept({ kind: 'quota.cleared', body: {} });
      case 'quota.end': {
        const held = firstInUse(id, facts);
        if (held !== undefined) return reject('project.inUse', held);
        return state === undefined ? accept() : accept({ kind: 'quota.ended', body: {} });
      }
    }
  },

  evolve(_state, event) {
    switch (event.kind) {
      case 'quota.began':
      case 'quota.cleared':
        return { limits: {} };
      case 'quota.set':
        return event.body;
      case 'quota.ended':
        return undefined;
    }
  },
};

const firstInUse = (project: string, facts: Facts): Readonly<Record<string, number>> | undefined => {
  for (const resource of limited) {
    const used = facts.sum(inUse, usageKey(project, resource));
    if (used > 0) return { [resource]: used };
  }
  return undefined;
};
