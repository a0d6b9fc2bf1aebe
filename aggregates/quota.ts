import { left, right, type Either } from 'fp-ts/lib/Either';
import { limited, type Limited } from '#commands/quota';
import type { Rejection } from '#commands/rejection';
import { kind, type Facts } from '#aggregates/facts';

type Amounts = Readonly<Partial<Record<Limited, number>>>;

/** What an operator set for a project, of what is limited. */
export interface Quota {
  readonly limits: Amounts;
}

export const quotaKind = kind<Quota>('quota');

const gibibyte = 2 ** 30;
const tebibyte = 2 ** 40;

/** What a project may have without limits of its own: enough to work with, and not enough to take a small cluster. */
export const defaultLimits: Readonly<Record<Limited, number>> = {
  vpcs: 10,
  subnets: 50,
  ports: 500,
  securityGroups: 50,
  securityGroupRules: 1_000,
  routers: 10,
  floatingIps: 20,
  vms: 100,
  vcpus: 200,
  memoryBytes: 512 * gibibyte,
  disks: 500,
  diskBytes: 10 * tebibyte,
  images: 50,
  imageBytes: tebibyte,
  snapshots: 500,
};

/**
 * The sum of what a project has. Every aggregate of something limited adds to it, and so it cannot drift:
 * `sums: { [inUse]: (state, id) => [[usageKey(projectIn(id), 'ports'), 1]] }`.
 */
export const inUse = 'project.in-use';

export const usageKey = (project: string, what: Limited): string => `${project} ${what}`;

export const limitOf = (facts: Facts, project: string, what: Limited): number =>
  facts.get(quotaKind, project)?.state.limits[what] ?? defaultLimits[what];

export const quotaExceeded = {
  'quota.exceeded': {
    category: 'exhausted',
    summary: 'The project would have more than its quota allows.',
    fix: 'Delete what is not needed, or ask an operator of the cluster to raise the limit that the detail names.',
  },
} as const;

/** Whether a project may have so much more; what asks for nothing is never refused. */
export const withinQuota = (
  facts: Facts,
  project: string,
  more: Amounts,
): Either<Rejection<keyof typeof quotaExceeded>, undefined> => {
  for (const resource of limited) {
    const asked = more[resource] ?? 0;
    if (asked <= 0) continue;
    const limit = limitOf(facts, project, resource);
    const used = facts.sum(inUse, usageKey(project, resource));
    if (used + asked > limit) return left({ code: 'quota.exceeded', detail: { resource, limit, used, asked } });
  }
  return right(undefined);
};
