import * as fc from 'fast-check';
import type { HostFacts } from '#aggregates/host';
import { freeOf, type Hold } from '#aggregates/plasmavmc/host-load';
import {
  explainPlacement,
  place,
  reasons,
  type Placement,
  type Reason,
  type Rule,
  type Wish,
} from '#aggregates/plasmavmc/placement';
import { domainOf } from '#aggregates/plasmavmc/room';
import { factsHolding } from '#harness/facts';
import { counting, heldHost, hostFacts, loadOf, wishFor } from '#harness/fleet';
import { plans } from '#harness/plans';

const GiB = 2 ** 30;

interface Host {
  readonly id: string;
  readonly host: HostFacts;
  readonly holds: Readonly<Record<string, Hold>>;
}

interface Machine {
  readonly id: string;
  readonly groups: readonly string[];
  readonly wish: Wish;
}

interface Fleet {
  readonly hosts: readonly Host[];
  readonly machines: readonly Machine[];
}

const web = 'shop role=web';
const db = 'shop role=db';

const named = <A extends object>(about: fc.Arbitrary<A>, letter: string, maxLength: number) =>
  fc.array(about, { maxLength }).map((all) => all.map((each, at) => ({ ...each, id: `${letter}${at}` })));

const hosts = named(
  fc.record({
    holds: fc.constant({}),
    host: fc
      .record({
        phase: fc.constantFrom('up', 'up', 'up', 'lost'),
        schedulable: fc.constantFrom(true, true, true, false),
        epoch: fc.constantFrom(1, 1, 1, 0),
        cpuCount: fc.integer({ min: 1, max: 4 }),
        memoryGiB: fc.integer({ min: 1, max: 8 }),
        diskGiB: fc.integer({ min: 1, max: 40 }),
        zone: fc.constantFrom('a', 'b', 'c'),
        rack: fc.constantFrom('r1', 'r2', undefined),
        accelerators: fc.constantFrom(['kvm', 'tcg'], ['tcg']),
        features: fc.constantFrom<string[][]>([], ['tpm']),
      })
      .map(({ phase, schedulable, epoch, cpuCount, memoryGiB, diskGiB, zone, rack, accelerators, features }) =>
        hostFacts({
          phase: phase as HostFacts['phase'],
          schedulable,
          epoch,
          capacity: { cpuCount, memoryBytes: memoryGiB * GiB, diskBytes: diskGiB * GiB },
          labels: { zone, ...(rack === undefined ? {} : { rack }) },
          capabilities: { accelerators, diskFormats: ['qcow2'], features },
        }),
      ),
  }),
  'h',
  8,
);

const rules: fc.Arbitrary<readonly Rule[]> = fc.array(
  fc.record({
    group: fc.constantFrom(web, db),
    relation: fc.constantFrom('together', 'apart'),
    domain: fc.constantFrom('host', 'rack', 'zone'),
    strength: fc.constantFrom('prefer', 'require'),
  }),
  { maxLength: 3 },
);

const machines = named(
  fc
    .record({
      cpuCount: fc.integer({ min: 1, max: 6 }),
      memoryBytes: fc.integer({ min: 1, max: 3 * 2 ** 10 }).map((MiB) => MiB * 2 ** 20),
      diskBytes: fc.integer({ min: 0, max: 20 }).map((count) => count * GiB),
      groups: fc.subarray([web, db]),
      rules,
      zone: fc.option(fc.constantFrom('a', 'b', 'd'), { nil: undefined, freq: 5 }),
      accelerator: fc.option(fc.constantFrom('kvm'), { nil: undefined }),
      features: fc.constantFrom<string[][]>([], [], ['tpm']),
      except: fc.constantFrom<string[][]>([], [], ['h0']),
      only: fc.option(fc.constantFrom('h1', 'h9'), { nil: undefined, freq: 5 }),
    })
    .map(({ cpuCount, memoryBytes, diskBytes, groups, zone, accelerator, only, ...rest }) => ({
      groups,
      wish: wishFor({
        need: { cpuCount, memoryBytes, diskBytes },
        hostLabels: zone === undefined ? {} : { zone },
        ...(accelerator === undefined ? {} : { accelerator }),
        ...(only === undefined ? {} : { only }),
        ...rest,
      }),
    })),
  'm',
  8,
);

const fleets: fc.Arbitrary<Fleet> = fc.record({ hosts, machines });

const factsOfFleet = ({ hosts: all }: Pick<Fleet, 'hosts'>) =>
  factsHolding(all.flatMap(({ id, host, holds }) => heldHost(id, host, holds)));

const placed = (fleet: Fleet, { id: of, wish, groups }: Machine, on: string): Fleet => ({
  hosts: fleet.hosts.map((each) =>
    each.id === on ? { ...each, holds: { ...each.holds, [`vm/shop/${of}`]: { ...wish.need, groups } } } : each,
  ),
  machines: fleet.machines.filter(({ id }) => id !== of),
});

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

/** Places machines one after another, and tries those that wait again: one that came first may let them in. */
const planAll = (fleet: Fleet) => {
  const chosen: { id: string; choice: string }[] = [];
  let now = fleet;
  for (let before = -1; before !== chosen.length;) {
    before = chosen.length;
    for (const machine of [...now.machines].sort(byId)) {
      const { host } = place(factsOfFleet(now), machine.wish);
      if (host === undefined) continue;
      chosen.push({ id: machine.id, choice: host.id });
      now = placed(now, machine, host.id);
    }
  }
  const waiting = [...now.machines].sort(byId).map(({ id, wish }) => {
    const { leftOut } = place(factsOfFleet(now), wish);
    return { id, reason: `${now.hosts.length} hosts: ${JSON.stringify(leftOut)}` };
  });
  return { chosen: chosen.sort(byId), waiting };
};

plans('placement', planAll, {
  snapshots: fleets,
  wanted: (fleet) => fleet.machines.map(({ id }) => id),
  carriedOut: (fleet, { chosen }) =>
    chosen.reduce((now, { id, choice }) => {
      const machine = now.machines.find((each) => each.id === id);
      return machine === undefined ? now : placed(now, machine, choice);
    }, fleet),
  shuffled: (fleet) => ({ hosts: fleet.hosts.toReversed(), machines: fleet.machines.toReversed() }),
});

/** The reasons why a host is not taken, found by looking at it and at all the others. */
const naiveRefusals = (fleet: Fleet, { wish }: Machine, { id, host, holds }: Host): ReadonlySet<Reason> => {
  const found = new Set<Reason>();
  const load = loadOf(host, holds);
  const free = freeOf(load);
  const { need } = wish;
  if (!load.offered.open) found.add('closed');
  if (wish.except.includes(id) || (wish.only ?? id) !== id) found.add('excepted');
  if (Object.entries(wish.hostLabels).some(([name, value]) => host.labels?.[name] !== value)) found.add('labels');
  const { accelerators, diskFormats, features } = host.capabilities;
  if (wish.accelerator !== undefined && !accelerators.includes(wish.accelerator)) found.add('accelerator');
  if (wish.features.some((each) => !features.includes(each))) found.add('capabilities');
  if (wish.diskFormats.some((each) => !diskFormats.includes(each))) found.add('capabilities');
  const isRoom =
    free.cpuCount >= need.cpuCount && free.memoryBytes >= need.memoryBytes && free.diskBytes >= need.diskBytes;
  if (!isRoom) found.add('noRoom');
  for (const { group, relation, domain, strength } of wish.rules) {
    if (strength === 'prefer') continue;
    const members = fleet.hosts.filter((each) =>
      Object.values(each.holds).some(({ groups }) => groups.includes(group)),
    );
    const here = domainOf(domain, id, host.labels ?? {});
    const near = members.some((each) => domainOf(domain, each.id, each.host.labels ?? {}) === here);
    if (relation === 'apart' ? near : members.length > 0 && !near) found.add(relation);
  }
  return found;
};

const sumOf = ({ host, leftOut }: Placement): number =>
  Object.values(leftOut).reduce((sum, count) => sum + count, host === undefined ? 0 : 1);

describe('the host for a machine', () => {
  const filled = fleets.map((fleet): Fleet => {
    const { chosen } = planAll({ ...fleet, machines: fleet.machines.slice(0, 5) });
    return chosen.reduce((now, { id, choice }) => {
      const machine = now.machines.find((each) => each.id === id);
      return machine === undefined ? now : placed(now, machine, choice);
    }, fleet);
  });

  test('is one that has nothing against it, and there is none only when each has', () => {
    fc.assert(
      fc.property(filled, (fleet) => {
        for (const machine of fleet.machines) {
          const placement = place(factsOfFleet(fleet), machine.wish);
          const fit = fleet.hosts.filter((host) => naiveRefusals(fleet, machine, host).size === 0).map(({ id }) => id);
          if (placement.host === undefined) expect(fit).toEqual([]);
          else expect(fit).toContain(placement.host.id);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('comes with a reason for every other, as many as there are', () => {
    fc.assert(
      fc.property(filled, (fleet) => {
        for (const machine of fleet.machines) {
          const placement = place(factsOfFleet(fleet), machine.wish);
          expect(sumOf(placement)).toBe(fleet.hosts.length);
          const known = fleet.hosts.map((host) => naiveRefusals(fleet, machine, host));
          for (const reason of Object.keys(placement.leftOut) as Reason[]) {
            expect(Object.keys(reasons)).toContain(reason);
            if (reason === 'lessFit' || reason === 'notCompared') continue;
            expect(known.some((refusals) => refusals.has(reason))).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is explained host by host, page by page', () => {
    fc.assert(
      fc.property(filled, fc.integer({ min: 1, max: 3 }), (fleet, limit) => {
        const facts = factsOfFleet(fleet);
        for (const machine of fleet.machines) {
          const pages: ReturnType<typeof explainPlacement>[number][] = [];
          for (let after = ''; ;) {
            const page = explainPlacement(facts, machine.wish, { after, limit });
            pages.push(...page);
            if (page.length < limit) break;
            after = page.at(-1)?.host ?? '';
          }
          expect(pages.map(({ host }) => host)).toEqual(fleet.hosts.map(({ id }) => id).sort());
          for (const { host: id, reason } of pages) {
            const host = fleet.hosts.find((each) => each.id === id);
            const refusals = host === undefined ? new Set() : naiveRefusals(fleet, machine, host);
            if (reason === undefined) expect([...refusals]).toEqual([]);
            else expect(refusals).toContain(reason);
          }
        }
      }),
    );
  });
});

describe('what is preferred decides before how full hosts are', () => {
  const fleet = (more: Partial<Record<string, Readonly<Record<string, Hold>>>> = {}) =>
    factsHolding(
      ['n1', 'n2', 'n3'].flatMap((id, at) =>
        heldHost(id, hostFacts({ labels: { zone: at < 2 ? 'a' : 'b', rack: id } }), more[id]),
      ),
    );
  const hold = (groups: readonly string[]): Hold => ({ cpuCount: 4, memoryBytes: 32 * GiB, diskBytes: 0, groups });
  const rule = (more: Partial<Rule>): readonly Rule[] => [
    { group: web, relation: 'apart', domain: 'zone', strength: 'prefer', ...more },
  ];

  test.each<readonly [string, string, Partial<Wish>, Parameters<typeof fleet>[0]]>([
    ['the first of equals', 'n1', {}, {}],
    ['the emptiest', 'n2', {}, { n1: { 'vm/shop/a': hold([]) } }],
    ['another zone', 'n3', { rules: rule({}) }, { n1: { 'vm/shop/a': hold([web]) }, n3: { 'vm/shop/b': hold([]) } }],
    ['the same zone', 'n2', { rules: rule({ relation: 'together' }) }, { n1: { 'vm/shop/a': hold([web]) } }],
    [
      'the same host, however full',
      'n1',
      { rules: rule({ relation: 'together', domain: 'host' }) },
      { n1: { 'vm/shop/a': hold([web]) } },
    ],
    [
      'where fewer are, when some are everywhere',
      'n2',
      { rules: rule({ domain: 'rack' }) },
      {
        n1: { 'vm/shop/a': hold([web]), 'vm/shop/b': { ...hold([web]), memoryBytes: 0 } },
        n2: { 'vm/shop/c': hold([web]) },
        n3: { 'vm/shop/d': hold([web]), 'vm/shop/e': { ...hold([web]), memoryBytes: 0 } },
      },
    ],
  ])('%s: %s', (_title, expected, wish, holds) => {
    expect(place(fleet(holds), wishFor(wish)).host?.id).toBe(expected);
  });
});

describe('what is read of a fleet', () => {
  const fleetOf = (count: number) =>
    factsHolding(
      Array.from({ length: count }, (_, at) => {
        const busy = { cpuCount: 1, memoryBytes: ((at * 7) % 40) * GiB, diskBytes: ((at * 11) % 800) * GiB };
        const holds = { [`vm/shop/v${at}`]: { ...busy, groups: at % 3 === 0 ? [web] : [] } };
        const zone = `z${at % 5}`;
        return heldHost(`n${at}`, hostFacts({ labels: { zone, rack: `r${at % 100}` } }), holds);
      }).flat(),
    );
  const wishes: readonly (readonly [string, Wish])[] = [
    ['anywhere', wishFor()],
    ['in one zone', wishFor({ hostLabels: { zone: 'z3' } })],
    ['what is nearly too large', wishFor({ need: { cpuCount: 60, memoryBytes: 60 * GiB, diskBytes: 900 * GiB } })],
    ['what is too large', wishFor({ need: { cpuCount: 1_000, memoryBytes: 65 * GiB, diskBytes: GiB } })],
    ['apart', wishFor({ rules: [{ group: web, relation: 'apart', domain: 'host', strength: 'require' }] })],
    ['together', wishFor({ rules: [{ group: web, relation: 'together', domain: 'host', strength: 'require' }] })],
    ['spread', wishFor({ rules: [{ group: web, relation: 'apart', domain: 'rack', strength: 'prefer' }] })],
    ['nowhere', wishFor({ features: ['none'] })],
  ];
  const few = fleetOf(200);
  const many = fleetOf(3_000);

  test.each(wishes)('does not grow with it: %s', (_title, wish) => {
    const [small, large] = [few, many].map((facts) => {
      const counted = counting(facts);
      const placement = place(counted.facts, wish);
      return { reads: counted.reads(), placement };
    });
    expect(sumOf(small?.placement ?? { leftOut: {} })).toBe(200);
    expect(sumOf(large?.placement ?? { leftOut: {} })).toBe(3_000);
    expect(large?.reads).toBeLessThan(1_500);
    // A bound is reached somewhere between the two, or what is read is the same.
    expect(large?.reads).toBeLessThan(Math.max(300, 3 * (small?.reads ?? 0)));
  });

  test('finds the few that have what is asked for among many with more room', () => {
    const facts = factsHolding(
      Array.from({ length: 300 }, (_, at) => {
        const features = at === 299 ? ['tpm'] : [];
        const holds = { 'vm/shop/v': { cpuCount: 1, memoryBytes: at * 2 ** 24, diskBytes: 0, groups: [] } };
        return heldHost(`n${at}`, hostFacts({ capabilities: { ...hostFacts().capabilities, features } }), holds);
      }).flat(),
    );
    expect(place(facts, wishFor({ features: ['tpm'] })).host?.id).toBe('n299');
  });
});
