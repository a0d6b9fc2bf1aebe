import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { quotas } from '#commands/creditservice/quota';
import { limited, type Limited } from '#commands/quota';
import { inUse, limitOf, quotaKind, usageKey, type Quota } from '#aggregates/quota';
import type { View } from '#projections/view';

export const quotaView: View<Quota, TypeOf<(typeof quotas)['row']>> = {
  spec: quotas,
  kind: quotaKind,
  row: ({ id, state, modPosition }, facts) => {
    const limits = each((what) => limitOf(facts, id, what));
    const used = each((what) => facts.sum(inUse, usageKey(id, what)));
    return {
      // It began with a project, whose id a codec let through.
      id: id as Id<'project'>,
      limits,
      used,
      left: each((what) => Math.max(0, limits[what] - used[what])),
      own: state.limits,
      modPosition,
    };
  },
};

const each = (amount: (what: Limited) => number): Readonly<Record<Limited, number>> =>
  // Each of what is limited has one entry.
  Object.fromEntries(limited.map((what) => [what, amount(what)])) as Record<Limited, number>;
