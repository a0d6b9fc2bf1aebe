import type { Id } from '#commands/codec/scalar';
import { addressOf, type Address } from '#aggregates/prismnet/cidr';
import type { Port, Rule, SecurityGroup } from '#aggregates/prismnet/network';
import { port } from '#aggregates/prismnet/port';
import { letThroughBy, ruleSetOf, type Packet } from '#aggregates/prismnet/rules';
import { securityGroup } from '#aggregates/prismnet/security-group';
import { factsHolding, held } from '#harness/facts';

const own = 'shop/main' as Id<'security-group'>;
const web = 'shop/web' as Id<'security-group'>;
const group = (name: string, rules: SecurityGroup['rules']) =>
  held(securityGroup, name, { vpc: 'shop/main' as Id<'vpc'>, ofVpc: name === own, rules });
const at = (text: string): Address => {
  const address = addressOf(text);
  if (address === undefined) throw new Error(text);
  return address;
};
const member = (name: string, address: string, securityGroups: Port['securityGroups'], ipv6?: string) =>
  held(port, name, {
    ...{ vpc: 'shop/main', subnet: 'shop/front', address, mac: name, securityGroups, addressGiven: false },
    ...(ipv6 === undefined ? {} : { ipv6 }),
    macGiven: false,
  } as Port);
const inside: Rule = { direction: 'ingress', protocol: 'any', group: own };

test('the rules of a port are those of its groups, with the members that they name', () => {
  const facts = factsHolding([
    group(own, { members: inside }),
    group(web, { a: { direction: 'egress', protocol: 'any' }, b: { ...inside, group: web } }),
    member('shop/1', '10.0.0.2', [own], 'fd00::2'),
    member('shop/2', '10.0.0.3', [own, web]),
  ]);
  expect(ruleSetOf(facts, { securityGroups: [own, web] })).toEqual({
    rules: [
      { securityGroup: own, rule: 'members', ...inside },
      { securityGroup: web, rule: 'a', direction: 'egress', protocol: 'any' },
      { securityGroup: web, rule: 'b', ...inside, group: web },
    ],
    members: { [own]: ['10.0.0.2', 'fd00::2', '10.0.0.3'], [web]: ['10.0.0.3'] },
  });
  expect(ruleSetOf(facts, { securityGroups: ['shop/none' as Id<'security-group'>] })).toEqual({
    rules: [],
    members: {},
  });
});

describe('a rule', () => {
  const packet = { direction: 'ingress', protocol: 'tcp', port: 443, peer: at('10.0.0.2') } as const;
  const lets = (rule: Partial<Rule>, other: Partial<Packet> = {}): boolean =>
    letThroughBy(
      {
        rules: [{ securityGroup: web, rule: 'r', direction: 'ingress', protocol: 'tcp', ...rule }],
        members: { [own]: ['10.0.0.2', 'fd00::2'] },
      },
      { ...packet, ...other },
    ) !== undefined;

  test.each<readonly [title: string, rule: Partial<Rule>, packet: Partial<Packet>, passes: boolean]>([
    ['of all ports', {}, {}, true],
    ['of its direction only', { direction: 'egress' }, {}, false],
    ['of one port', { fromPort: 443 }, {}, true],
    ['of another port', { fromPort: 80 }, {}, false],
    ['of ports up to it', { fromPort: 80, toPort: 443 }, {}, true],
    ['of ports below it', { fromPort: 80, toPort: 442 }, {}, false],
    ['of ports above it', { fromPort: 444, toPort: 500 }, {}, false],
    ['of another protocol', { protocol: 'udp' }, {}, false],
    ['of any protocol', { protocol: 'any' }, {}, true],
    ['of ICMP', { protocol: 'icmp' }, { protocol: 'icmp' }, true],
    ['of a range', { cidr: '10.0.0.0/30' }, {}, true],
    ['of a range elsewhere', { cidr: '10.0.0.4/30' }, {}, false],
    ['of a range of IPv6', { cidr: '::/0' }, {}, false],
    ['of a group', { group: own }, {}, true],
    ['of a group, by IPv6', { group: own }, { peer: at('fd00::2') }, true],
    ['of a group that it is not of', { group: own }, { peer: at('10.0.0.3') }, false],
    ['of a group without members', { group: web }, {}, false],
    ['of everybody, by IPv6', {}, { peer: at('fd00::9') }, true],
  ])('%s', (_title, rule, other, passes) => expect(lets(rule, other)).toBe(passes));
});
