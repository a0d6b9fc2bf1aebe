import { dhcpFiles } from '#gateways/host/network/dhcp';
import { cutElement, flowsIn, judgeOf } from '#gateways/host/network/flows';
import { desiredEntries, forwardingChanges } from '#gateways/host/network/forwarding';
import { gatewayChanges, gatewayOf } from '#gateways/host/network/gateway';
import { isOurs, tapName, type HostNetwork, type Vpc } from '#gateways/host/network/host-network';
import { desiredLinks, linkChanges, type ObservedLink } from '#gateways/host/network/links';
import { differing, listingOf } from '#gateways/host/network/listing';
import { cutMark } from '#gateways/host/network/ruleset';

const front: Vpc = {
  number: 255,
  name: 'front',
  mtuBytes: 1450,
  subnets: [{ cidr: '10.0.0.0/22', gateway: '10.0.0.1', dhcp: { nameServers: ['10.0.0.53'] } }],
  ports: [
    { id: 'a', mac: '02:ff:0a:00:00:05', addresses: ['10.0.0.5'], hostname: 'web1', groups: ['web'] },
    { id: 'b', mac: '02:ff:0a:00:00:06', addresses: ['10.0.0.6'], vtep: '192.0.2.2', groups: ['db'] },
  ],
  groups: [
    {
      id: 'web',
      rules: [
        { direction: 'ingress', protocol: 'tcp', ports: { from: 80, to: 90 }, peer: { cidr: '10.0.0.0/24' } },
        { direction: 'ingress', protocol: 'udp', peer: { group: 'db' } },
        { direction: 'egress', protocol: 'icmp', icmpType: 8 },
      ],
    },
  ],
  routes: [{ destination: '10.8.0.0/16', nextHop: '10.0.0.6' }],
  exit: { kind: 'there', vtep: '192.0.2.3' },
  floatingIps: [],
};

const network: HostNetwork = { position: 1, underlay: { address: '192.0.2.1', interface: 'eth0' }, vpcs: [front] };
const place = { gatewayNamespace: () => 'gw', tapOwner: 1000 };
const tap = tapName('a');

test('links are made first and put at their bridge last, and what is not ours is not touched', () => {
  const desired = desiredLinks(network, place);
  const theirs = ['eth0', 'ucb', 'ucb-0000ff', 'uct1', 'docker0'].map((ifname): ObservedLink => ({
    ifname,
    flags: [],
    mtu: 1500,
  }));
  expect(theirs.map(({ ifname }) => isOurs(ifname))).toEqual(theirs.map(() => false));
  const { make, attach } = linkChanges(desired, [...theirs, { ifname: 'uct00000000beef', flags: [], mtu: 1 }]);
  expect(make).toEqual([
    'link del dev uct00000000beef',
    'link add ucb0000ff type bridge mcast_snooping 0 forward_delay 0',
    'link set dev ucb0000ff mtu 1450 addrgenmode none up',
    'link add ucx0000ff type vxlan id 255 dstport 4789 local 192.0.2.1 dev eth0 nolearning',
    'link add ucg0000ff mtu 1450 type veth peer name vpc mtu 1450 netns gw address 02:00:00:00:00:01',
    `tuntap add dev ${tap} mode tap user 1000`,
  ]);
  expect(attach.filter((line) => line.includes(tap))).toEqual([
    `link set dev ${tap} mtu 1450 addrgenmode none master ucb0000ff`,
    `link set dev ${tap} type bridge_slave learning off flood off`,
    `link set dev ${tap} up`,
  ]);
});

test('a port that moves to another host is replaced where it was known', () => {
  const entries = desiredEntries(front);
  const here = [{ mac: '02:ff:0a:00:00:06', ifname: tapName('b'), master: 'ucb0000ff', state: 'static' }];
  const there = [
    { mac: '02:ff:0a:00:00:06', ifname: 'ucx0000ff', dst: '192.0.2.9', flags: ['self'], state: 'permanent' },
    { mac: '00:00:00:00:00:00', ifname: 'ucx0000ff', dst: '192.0.2.9', flags: ['self'], state: 'permanent' },
    { mac: '02:ff:0a:00:00:07', ifname: 'ucx0000ff', master: 'ucb0000ff', state: 'static' },
    { mac: '02:ff:0a:00:00:08', ifname: 'eth0', master: 'br0', state: 'static' },
  ];
  expect(forwardingChanges(entries, [...here, ...there])).toEqual([
    'fdb del 00:00:00:00:00:00 dev ucx0000ff dst 192.0.2.9 self',
    'fdb del 02:ff:0a:00:00:07 dev ucx0000ff master',
    'fdb append 00:00:00:00:00:00 dev ucx0000ff dst 192.0.2.2 self permanent',
    'fdb append 00:00:00:00:00:00 dev ucx0000ff dst 192.0.2.3 self permanent',
    'fdb replace 02:00:00:00:00:01 dev ucg0000ff master static',
    'fdb replace 02:00:00:00:00:02 dev ucx0000ff dst 192.0.2.3 self permanent',
    'fdb replace 02:00:00:00:00:02 dev ucx0000ff master static',
    `fdb replace 02:ff:0a:00:00:05 dev ${tap} master static`,
    'fdb replace 02:ff:0a:00:00:06 dev ucx0000ff dst 192.0.2.2 self permanent',
    'fdb replace 02:ff:0a:00:00:06 dev ucx0000ff master static',
  ]);
});

test('the inside of a gateway', () => {
  const link = { ifname: 'vpc', flags: ['UP'], mtu: 1450, addr_info: [] };
  expect(gatewayChanges(gatewayOf(front), { addresses: [link], routes: [], neighbours: [] })).toEqual([
    'addr add 10.0.0.1/22 dev vpc',
    'addr add 169.254.169.254/32 dev vpc',
    'neigh replace 10.0.0.5 lladdr 02:ff:0a:00:00:05 dev vpc nud permanent',
    'neigh replace 10.0.0.6 lladdr 02:ff:0a:00:00:06 dev vpc nud permanent',
    'neigh replace 169.254.0.2 lladdr 02:00:00:00:00:02 dev vpc nud permanent',
    'route replace 0.0.0.0/0 via 169.254.0.2 dev vpc onlink proto 117',
    'route replace 10.8.0.0/16 via 10.0.0.6 dev vpc proto 117',
  ]);
});

test('DHCP answers ports of this host', () => {
  const { settings, hosts, options } = dhcpFiles(front, '/run/d', 'nobody');
  expect(hosts).toBe('02:ff:0a:00:00:05,10.0.0.5,web1\n');
  expect(settings).toContain('dhcp-range=set:subnet0,10.0.0.0,static,255.255.252.0,3600\n');
  expect(options).toContain('tag:subnet0,option:dns-server,10.0.0.53\n');
});

const flow = (text: string) => flowsIn(`${text} [ASSURED] mark=0 zone=255 use=1\n`)[0];
const answered = (source: string, destination: string): string => `src=${destination} dst=${source}`;
const tcp = (source: string, destination: string, port: number) =>
  flow(
    `tcp 6 99 ESTABLISHED src=${source} dst=${destination} sport=4000 dport=${port} ${answered(source, destination)}`,
  );
const udp = (source: string, destination: string, port: number) =>
  flow(`udp 17 9 src=${source} dst=${destination} sport=68 dport=${port} ${answered(source, destination)}`);

test.each([
  [tcp('10.0.0.9', '10.0.0.5', 80), 'allowed'],
  [tcp('10.0.0.9', '10.0.0.5', 91), 'denied'],
  [tcp('10.0.3.9', '10.0.0.5', 80), 'denied'],
  [tcp('10.0.0.5', '10.0.0.6', 80), 'denied'],
  [tcp('10.0.0.5', '169.254.169.254', 80), 'allowed'],
  [udp('10.0.0.6', '10.0.0.5', 53), 'allowed'],
  [udp('10.0.0.7', '10.0.0.5', 53), 'denied'],
  [udp('10.0.0.5', '10.0.0.1', 67), 'allowed'],
  [tcp('10.0.0.6', '192.0.2.7', 80), 'unknown'],
  [flow('icmp 1 29 src=10.0.0.5 dst=10.0.0.6 type=8 code=0 id=7 src=10.0.0.6 dst=10.0.0.5'), 'allowed'],
  [flow('icmp 1 29 src=10.0.0.5 dst=10.0.0.6 type=13 code=0 id=7 src=10.0.0.6 dst=10.0.0.5'), 'denied'],
] as const)('of the flow %j rules say %s', (found, verdict) => {
  expect(found === undefined ? undefined : judgeOf(front)(found)).toBe(verdict);
});

test('a flow that is cut is known by its mark', () => {
  const line = `tcp 6 9 ESTABLISHED src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 mark=${cutMark}`;
  expect(flowsIn(line)).toMatchObject([{ isCut: true, answeredBy: '2.2.2.2', answeredTo: '1.1.1.1' }]);
  expect(flowsIn(line).map(cutElement)).toEqual(['1.1.1.1 . 2.2.2.2 . tcp . 1 . 2']);
});

test('listings differ by what they say, not by the order of members', () => {
  const listing = (elements: string, rule: string): string =>
    'table inet other {\n\tchain c {\n\t}\n}\n' +
    `table inet ours {\n\tset s {\n\t\ttype mark\n\t\telements = { ${elements} }\n\t}\n` +
    `\n\tchain d {\n\t\t${rule}\n\t}\n}\n`;
  const one = listingOf(listing('1, 2,\n\t\t\t3', 'ip saddr { 1, 2 } drop'), 'ours');
  expect(differing(one, listingOf(listing('3, 1,\n\t\t\t2', 'ip saddr { 2, 1 } drop'), 'ours'))).toEqual([]);
  expect(differing(one, listingOf(listing('3, 1', 'ip saddr { 2, 1 } accept'), 'ours'))).toEqual([
    'inet chain d',
    'inet set s',
  ]);
  expect(differing(one, listingOf('', 'ours'))).toEqual(['inet chain d', 'inet set s']);
});
