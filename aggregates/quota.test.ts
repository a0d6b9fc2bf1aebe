import { left, right } from 'fp-ts/lib/Either';
import { limited } from '#commands/quota';
import { projectIn } from '#commands/tenant';
import type { Amount } from '#aggregates/aggregate';
import { kind } from '#aggregates/facts';
import { defaultLimits, inUse, limitOf, quotaKind, usageKey, withinQuota } from '#aggregates/quota';
import { factsHolding, held } from '#harness/facts';

const port = {
  kind: kind<object>('port'),
  sums: { [inUse]: (_state: object, id: string): readonly Amount[] => [[usageKey(projectIn(id), 'ports'), 1]] },
};
const vm = {
  kind: kind<{ readonly vcpus: number }>('vm'),
  sums: {
    [inUse]: ({ vcpus }: { readonly vcpus: number }, id: string): readonly Amount[] => [
      [usageKey(projectIn(id), 'vms'), 1],
      [usageKey(projectIn(id), 'vcpus'), vcpus],
    ],
  },
};
const quota = { kind: quotaKind };

const facts = factsHolding([
  held(quota, 'shop', { limits: { ports: 2, vcpus: 8 } }),
  held(port, 'shop/a', {}),
  held(port, 'bank/a', {}),
  held(vm, 'shop/web', { vcpus: 4 }),
]);

const exceeded = (resource: string, limit: number, used: number, asked: number) =>
  left({ code: 'quota.exceeded', detail: { resource, limit, used, asked } });

test('up to its limit a project may have more, and not beyond it', () => {
  expect(withinQuota(facts, 'shop', { ports: 1, vcpus: 4 })).toEqual(right(undefined));
  expect(withinQuota(facts, 'shop', { ports: 2 })).toEqual(exceeded('ports', 2, 1, 2));
  expect(withinQuota(facts, 'shop', { ports: 1, vcpus: 5 })).toEqual(exceeded('vcpus', 8, 4, 5));
});

test('what was not set for a project is what every project may have', () => {
  expect(limitOf(facts, 'shop', 'ports')).toBe(2);
  expect(limitOf(facts, 'shop', 'vms')).toBe(defaultLimits.vms);
  expect(withinQuota(facts, 'bank', { ports: defaultLimits.ports - 1 })).toEqual(right(undefined));
  expect(withinQuota(facts, 'bank', { ports: defaultLimits.ports })).toEqual(
    exceeded('ports', defaultLimits.ports, 1, defaultLimits.ports),
  );
});

test('nothing more, or less, is within every quota, however much there is', () => {
  const low = factsHolding([held(quota, 'shop', { limits: { ports: 0 } }), held(port, 'shop/a', {})]);
  expect(withinQuota(low, 'shop', { ports: 0 })).toEqual(right(undefined));
  expect(withinQuota(low, 'shop', { ports: -1 })).toEqual(right(undefined));
  expect(withinQuota(low, 'shop', { ports: 1 })).toEqual(exceeded('ports', 0, 1, 1));
});

test('each of what is limited has a limit that a project has without asking', () => {
  expect(limited.filter((what) => !(defaultLimits[what] > 0))).toEqual([]);
});
