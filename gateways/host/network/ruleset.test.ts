import fc from 'fast-check';
import type { HostNetwork, Port, Rule, Vpc } from '#gateways/host/network/host-network';
import { linkLocal, zonesOf } from '#gateways/host/network/host-network';
import { changed, type RuleTable } from '#gateways/host/network/rule-table';
import { compile, difference, positionIn, replacement } from '#gateways/host/network/ruleset';

const port = (last: number, groups: readonly string[], vtep?: string): Port => ({
  id: `shop/port-${last}`,
  mac: `02:01:0a:00:00:${last.toString(16).padStart(2, '0')}`,
  addresses: [`10.0.0.${last}`],
  groups,
  ...(vtep === undefined ? {} : { vtep }),
});

const vpc = (rules: readonly Rule[], rest: Partial<Vpc> = {}): Vpc => ({
  number: 1,
  name: 'front',
  mtuBytes: 1450,
  subnets: [],
  ports: [port(5, ['shop/web']), port(6, ['shop/db'], '192.0.2.2')],
  groups: [
    { id: 'shop/web', rules },
    { id: 'shop/db', rules: [{ direction: 'ingress', protocol: 'any' }] },
  ],
  routes: [],
  floatingIps: [],
  ...rest,
});

const host = (vpcs: readonly Vpc[], position = 1): HostNetwork => ({
  position,
  underlay: { address: '192.0.2.1', interface: 'eth0' },
  vpcs,
});

const chains = (network: HostNetwork): ReadonlyMap<string, readonly string[]> =>
  new Map(compile(network).bridge.units.map((unit) => [unit.name, unit.kind === 'chain' ? unit.rules : unit.elements]));

const rulesOf = (rule: Rule): readonly string[] => {
  const named = [...chains(host([vpc([rule])]))].filter(([name]) => name.endsWith(`-${rule.direction}`));
  return named.filter(([name]) => name.startsWith('g1-')).flatMap(([, rules]) => rules);
};

const ingress = (protocol: Rule['protocol'], rest: Partial<Rule> = {}): Rule => ({
  direction: 'ingress',
  protocol,
  ...rest,
});

describe('a rule as nftables has it', () => {
  const table: readonly (readonly [rule: Rule, lines: readonly string[]])[] = [
    [ingress('any'), ['ether type ip accept', 'ether type ip6 accept']],
    [
      ingress('tcp', { ports: { from: 22, to: 22 }, peer: { cidr: '10.0.0.0/8' } }),
      ['ip saddr 10.0.0.0/8 tcp dport 22 accept'],
    ],
    [
      ingress('udp', { ports: { from: 5, to: 9 }, peer: { cidr: 'fd00::/8' } }),
      ['ip6 saddr fd00::/8 udp dport 5-9 accept'],
    ],
    [ingress('tcp', { peer: { cidr: '0.0.0.0/0' } }), ['ether type ip meta l4proto tcp accept']],
    [
      ingress('tcp', { ports: { from: 1, to: 65_535 }, peer: { cidr: '::/0' } }),
      ['ether type ip6 meta l4proto tcp accept'],
    ],
    [
      { ...ingress('tcp', { peer: { cidr: '192.0.2.0/24' } }), direction: 'egress' },
      ['ip daddr 192.0.2.0/24 meta l4proto tcp accept'],
    ],
    [ingress('icmp'), ['ether type ip meta l4proto icmp accept']],
    [ingress('icmp', { icmpType: 8 }), ['ether type ip icmp type 8 accept']],
    [ingress('icmpv6', { icmpType: 128 }), ['ether type ip6 icmpv6 type 128 accept']],
    [ingress('icmp', { peer: { cidr: 'fd00::/8' } }), []],
    [ingress(132, { peer: { cidr: '10.0.0.0/8' } }), ['ip saddr 10.0.0.0/8 meta l4proto 132 accept']],
    [
      ingress('tcp', { ports: { from: 80, to: 80 }, peer: { group: 'shop/db' } }),
      [
        expect.stringMatching(/^ip saddr @g1-[0-9a-f]{12}-v4 tcp dport 80 accept$/) as string,
        expect.stringMatching(/^ip6 saddr @g1-[0-9a-f]{12}-v6 tcp dport 80 accept$/) as string,
      ],
    ],
  ];
  test.each(table)('%j', (rule, lines) => expect(rulesOf(rule)).toEqual(lines));
});

test('a group whose ports are all elsewhere has no chains here', () => {
  expect([...chains(host([vpc([])])).keys()].filter((name) => /^g1-.*-egress$/.test(name))).toHaveLength(1);
});

test('a new member of a group changes a set and no rule', () => {
  const rules = [ingress('any', { peer: { group: 'shop/db' } })];
  const [one, two] = [vpc(rules), vpc(rules, { ports: [...vpc(rules).ports, port(7, ['shop/db'], '192.0.2.2')] })];
  const lines = difference(compile(host([one])), compile(host([two], 1)));
  expect(lines).toMatch(/^add element bridge ultracloud g1-[0-9a-f]{12}-v4 \{\n10.0.0.7\n\}$/m);
  expect(lines).not.toMatch(/ rule | chain /);
});

test('the position is told, and read back', () => {
  expect(positionIn(replacement(compile(host([vpc([])], 9_007_199_254_740_991))))).toBe(9_007_199_254_740_991);
  expect(positionIn('table bridge other {\n}\n')).toBeUndefined();
});

test('zones are the numbers of VPCs where they can be', () => {
  const zones = zonesOf([65_536, 1, 7, 16_777_215].map((number) => ({ number })));
  expect([...zones]).toEqual([
    [1, 1],
    [7, 7],
    [65_536, 2],
    [16_777_215, 255],
  ]);
});

test('the address that a guest makes of its MAC', () => {
  expect(linkLocal('02:01:0a:00:00:05')).toBe('fe80::1:aff:fe00:5');
  expect(linkLocal('02:00:00:00:00:01')).toBe('fe80::ff:fe00:1');
});

const drawnRule: fc.Arbitrary<Rule> = fc.record(
  {
    direction: fc.constantFrom('ingress', 'egress'),
    protocol: fc.constantFrom('any', 'tcp', 'udp', 'icmp', 'icmpv6', 47),
    ports: fc.tuple(fc.integer({ min: 1, max: 99 }), fc.nat(9)).map(([from, more]) => ({ from, to: from + more })),
    peer: fc.oneof(
      fc.constantFrom({ cidr: '10.0.0.0/8' }, { cidr: 'fd00::/8' }, { cidr: '0.0.0.0/0' }),
      fc.constantFrom({ group: 'shop/web' }, { group: 'shop/db' }),
    ),
  },
  { requiredKeys: ['direction', 'protocol'] },
) as fc.Arbitrary<Rule>; // An absent key is absent, not undefined.

const drawnVpcs = fc
  .tuple(
    fc.array(drawnRule, { maxLength: 200 }),
    fc.uniqueArray(fc.integer({ min: 2, max: 250 }), { maxLength: 12 }),
    fc.array(fc.subarray(['shop/web', 'shop/db', 'shop/none']), { minLength: 12, maxLength: 12 }),
  )
  .map(([rules, lasts, groups]) => [
    vpc(rules, {
      ports: lasts.map((last, index) => port(last, groups[index] ?? [], last % 3 === 0 ? '192.0.2.2' : undefined)),
    }),
  ]);

/** What a table has once the lines of a difference are done, as nftables does them. */
const played = ({ family, name, units }: RuleTable, lines: string): ReadonlyMap<string, readonly string[]> => {
  const target = `${family} ${name}`;
  const table = new Map(units.map((unit) => [unit.name, [...(unit.kind === 'chain' ? unit.rules : unit.elements)]]));
  const statement =
    /^(add|delete|flush) (set|map|chain|rule|element) (\S+ \S+) (\S+)(?: \{\n([^}]*)\n\}| ([^\n]*))?$/gm;
  for (const [, verb, what, where, unit = '', braced, rule] of lines.matchAll(statement)) {
    if (where !== target) continue;
    const members = (braced ?? '').split(',\n');
    const present = table.get(unit) ?? [];
    if (what === 'rule') present.push(rule ?? '');
    else if (what !== 'element' && verb === 'add') table.set(unit, []);
    else if (what !== 'element' && verb === 'delete') table.delete(unit);
    else if (verb === 'flush') present.length = 0;
    else if (verb === 'add') present.push(...members);
    else
      table.set(
        unit,
        present.filter((member) => !members.includes(member)),
      );
  }
  return table;
};

const contents = ({ units }: RuleTable): ReadonlyMap<string, readonly string[]> =>
  new Map(units.map((unit) => [unit.name, unit.kind === 'chain' ? unit.rules : unit.elements]));

const sorted = (table: ReadonlyMap<string, readonly string[]>): unknown =>
  [...table].map(([name, lines]) => [name, [...lines].sort()]).sort();

describe('whatever the networks are', () => {
  test('a rule that comes and goes leaves the bytes of before', () => {
    fc.assert(
      fc.property(drawnVpcs, drawnRule, fc.nat(), (vpcs, rule, at) => {
        const before = compile(host(vpcs));
        const withRule = vpcs.map((each) => ({
          ...each,
          groups: each.groups.map((group) => {
            const place = at % (group.rules.length + 1);
            return { ...group, rules: [...group.rules.slice(0, place), rule, ...group.rules.slice(place)] };
          }),
        }));
        const during = compile(host(withRule));
        expect(replacement(compile(host(vpcs)))).toBe(replacement(before));
        const there = played(before.bridge, difference(before, during));
        expect(sorted(there)).toEqual(sorted(contents(during.bridge)));
        expect(sorted(played(during.bridge, difference(during, before)))).toEqual(sorted(contents(before.bridge)));
      }),
      { numRuns: 60 },
    );
  });

  test('the order of what is listed means nothing', () => {
    fc.assert(
      fc.property(drawnVpcs, (vpcs) => {
        const turned = vpcs.map((each) => ({
          ...each,
          ports: [...each.ports].reverse(),
          groups: [...each.groups].reverse().map(({ id, rules }) => ({ id, rules: [...rules].reverse() })),
        }));
        expect(replacement(compile(host(turned)))).toBe(replacement(compile(host(vpcs))));
      }),
      { numRuns: 60 },
    );
  });

  test('from any networks to any others, the difference leads there', () => {
    fc.assert(
      fc.property(drawnVpcs, drawnVpcs, (one, other) => {
        const [before, after] = [compile(host(one)), compile(host(other, 2))];
        const { bridge } = after;
        expect(sorted(played(before.bridge, difference(before, after)))).toEqual(sorted(contents(bridge)));
        expect(changed(bridge, bridge)).toBe('');
      }),
      { numRuns: 60 },
    );
  });
});
