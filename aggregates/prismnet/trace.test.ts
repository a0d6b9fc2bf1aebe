import type { Id } from '#commands/codec/scalar';
import type { Port, SecurityGroup, Subnet } from '#aggregates/prismnet/network';
import { port } from '#aggregates/prismnet/port';
import { securityGroup } from '#aggregates/prismnet/security-group';
import { subnet } from '#aggregates/prismnet/subnet';
import { traceOf, type End } from '#aggregates/prismnet/trace';
import { factsHolding, held } from '#harness/facts';

const range = (name: string, vpc: string, cidr: string, ipv6?: string) =>
  held(subnet, name, { vpc, cidr, gateway: '', ...(ipv6 === undefined ? {} : { ipv6 }) } as Subnet);
const at = (name: string, vpc: string, subnetId: string, address: string, groups: readonly string[], ipv6?: string) =>
  held(port, name, {
    ...{ vpc, subnet: subnetId, address, mac: name, securityGroups: groups, addressGiven: false, macGiven: false },
    ...(ipv6 === undefined ? {} : { ipv6 }),
  } as unknown as Port);
const group = (name: string, vpc: string, rules: SecurityGroup['rules']) =>
  held(securityGroup, name, { vpc: vpc as Id<'vpc'>, ofVpc: false, rules });
const members = { direction: 'ingress', protocol: 'any', group: 'shop/main' as Id<'security-group'> } as const;
const out = { direction: 'egress', protocol: 'any' } as const;

const facts = factsHolding([
  range('shop/front', 'shop/main', '10.0.1.0/24', 'fd00::/64'),
  range('shop/back', 'shop/main', '10.0.2.0/24'),
  range('shop/far', 'shop/other', '10.0.1.0/24'),
  group('shop/main', 'shop/main', { members, out }),
  group('shop/web', 'shop/main', { https: { direction: 'ingress', protocol: 'tcp', fromPort: 443 } }),
  group('shop/other', 'shop/other', { out }),
  at('shop/a', 'shop/main', 'shop/front', '10.0.1.2', ['shop/main'], 'fd00::2'),
  at('shop/b', 'shop/main', 'shop/front', '10.0.1.3', ['shop/main'], 'fd00::3'),
  at('shop/c', 'shop/main', 'shop/back', '10.0.2.2', ['shop/web']),
  at('shop/d', 'shop/other', 'shop/far', '10.0.1.2', ['shop/other']),
]);

const end = (text: string): End => (text.startsWith('shop/') ? { port: text } : { address: text });
const trace = (from: string, to: string, protocol: 'tcp' | 'udp' | 'icmp' = 'tcp', number = 443) =>
  traceOf(facts, { from: end(from), to: end(to), protocol, ...(protocol === 'icmp' ? {} : { port: number }) });

test('a packet passes by the rule that lets it out and the one that lets it in', () => {
  expect(trace('shop/a', 'shop/c')).toEqual({
    from: { port: 'shop/a', address: '10.0.1.2' },
    to: { port: 'shop/c', address: '10.0.2.2' },
    passes: true,
    steps: [
      { at: 'route', passes: true, reason: 'gateway' },
      {
        ...{ at: 'egress', passes: true, reason: 'rule', port: 'shop/a', securityGroups: ['shop/main'] },
        ...{ securityGroup: 'shop/main', rule: 'out' },
      },
      {
        ...{ at: 'ingress', passes: true, reason: 'rule', port: 'shop/c', securityGroups: ['shop/web'] },
        ...{ securityGroup: 'shop/web', rule: 'https' },
      },
    ],
  });
});

test.each([
  ['shop/a', 'shop/b', 'link rule rule'],
  ['shop/a', '10.0.1.3', 'link rule rule'],
  ['10.0.1.3', 'shop/a', 'link rule rule'],
  ['shop/a', 'fd00::3', 'link rule rule'],
  ['shop/a', 'fd00:0:0::3', 'link rule rule'],
  ['shop/a', 'shop/d', 'otherVpc'],
  ['shop/d', 'shop/a', 'otherVpc'],
  ['shop/c', 'shop/a', 'gateway noRule noRule'],
  ['shop/a', '10.0.1.99', 'nobody'],
  ['10.0.2.99', 'shop/a', 'nobody'],
  ['shop/a', 'fd00::99', 'nobody'],
  ['shop/a', '192.0.2.1', 'noRoute'],
  ['192.0.2.1', 'shop/c', 'noRoute'],
  ['shop/c', 'fd00::2', 'noIpv6'],
])('from %s to %s: %s', (from, to, reasons) => {
  const traced = trace(from, to);
  expect(traced?.steps.map(({ reason }) => reason).join(' ')).toBe(reasons);
  expect(traced?.passes).toBe(reasons.endsWith('rule rule'));
});

test('another port or protocol does not pass', () => {
  expect(trace('shop/a', 'shop/c', 'tcp', 80)?.steps.at(-1)).toMatchObject({ at: 'ingress', reason: 'noRule' });
  expect(trace('shop/a', 'shop/c', 'icmp')?.passes).toBe(false);
  expect(trace('shop/a', 'shop/b', 'icmp')?.passes).toBe(true);
});

test('without a port that is there, nothing can be said', () => {
  expect(trace('shop/none', 'shop/a')).toBeUndefined();
  expect(trace('10.0.1.2', '10.0.1.3')).toBeUndefined();
  expect(trace('shop/a', 'nowhere')).toBeUndefined();
});
