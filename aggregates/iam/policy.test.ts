import type { Id } from '#commands/codec/scalar';
import { policy } from '#aggregates/iam/policy';
import { decisions } from '#harness/decisions';

const touch = { kind: 'policy.touch' as const, id: 'cluster' as Id<'policy'>, body: {} };

decisions(policy, [['is touched', [], touch, [{ kind: 'policy.touched', body: {} }]]]);
