import { isIpv6, isLocal, metadataAddress, type Subnet, type Vpc } from '#gateways/host/network/host-network';

/** What dnsmasq reads; `hosts` and `options` again whenever it is told to, `settings` when it starts. */
export interface DhcpFiles {
  readonly settings: string;
  readonly hosts: string;
  readonly options: string;
}

const LEASE_SECONDS = 3_600;

const netmask = (cidr: string): string => {
  const length = Number(cidr.split('/')[1]);
  return [0, 8, 16, 24].map((done) => 256 - 2 ** (8 - Math.min(8, Math.max(0, length - done)))).join('.');
};

const network = (cidr: string): string => cidr.split('/')[0] ?? cidr;

const ranges = ({ cidr, ipv6 }: Subnet, index: number): readonly string[] => [
  `dhcp-range=set:subnet${index},${network(cidr)},static,${netmask(cidr)},${LEASE_SECONDS}`,
  ...(ipv6 === undefined ? [] : [`dhcp-range=${network(ipv6.cidr)},ra-only,64,${LEASE_SECONDS}`]),
];

const options = ({ gateway, dhcp }: Subnet, index: number, mtuBytes: number): readonly string[] =>
  [
    `option:router,${gateway}`,
    `option:classless-static-route,${metadataAddress}/32,${gateway},0.0.0.0/0,${gateway}`,
    ['option:dns-server', ...dhcp.nameServers].join(','),
    ...(dhcp.timeServers === undefined ? [] : [['option:ntp-server', ...dhcp.timeServers].join(',')]),
    ...(dhcp.domain === undefined ? [] : [`option:domain-name,${dhcp.domain}`]),
    `option:mtu,${mtuBytes}`,
  ].map((option) => `tag:subnet${index},${option}`);

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

/**
 * One server for all subnets of a VPC. Only ports of this host are answered, each with its own address; `user` is what
 * the server becomes; it stays who it is when that is undefined.
 */
export const dhcpFiles = (vpc: Vpc, directory: string, user: string | undefined): DhcpFiles => {
  const hasIpv6 = vpc.subnets.some(({ ipv6 }) => ipv6 !== undefined);
  return {
    settings: lines([
      'port=0',
      'interface=vpc',
      'except-interface=lo',
      'bind-interfaces',
      'leasefile-ro',
      'dhcp-authoritative',
      ...(user === undefined ? [] : [`user=${user}`]),
      `dhcp-hostsfile=${directory}/hosts`,
      `dhcp-optsfile=${directory}/options`,
      `pid-file=${directory}/pid`,
      ...(hasIpv6 ? ['enable-ra', `ra-param=vpc,mtu:${vpc.mtuBytes},60,${LEASE_SECONDS}`] : []),
      ...vpc.subnets.flatMap(ranges),
    ]),
    hosts: lines(
      vpc.ports.filter(isLocal).flatMap(({ mac, addresses, hostname }) => {
        const address = addresses.find((each) => !isIpv6(each));
        return address === undefined ? [] : [[mac, address, ...(hostname === undefined ? [] : [hostname])].join(',')];
      }),
    ),
    options: lines(vpc.subnets.flatMap((subnet, index) => options(subnet, index, vpc.mtuBytes))),
  };
};
