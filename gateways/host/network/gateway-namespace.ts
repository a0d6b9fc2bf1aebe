import { existsSync } from 'node:fs';
import { flowsIn, forgetWords } from '#gateways/host/network/flows';
import {
  type Gateway,
  gatewayChanges,
  gatewayOf,
  type ObservedAddresses,
  type ObservedNeighbour,
  type ObservedRoute,
  translationJudge,
} from '#gateways/host/network/gateway';
import { digest, type Vpc } from '#gateways/host/network/host-network';
import { listingOfRules, rowsOf, runTolerantly } from '#gateways/host/network/host-state';
import { differing, listingOf } from '#gateways/host/network/listing';
import { type Run, runBatch, runHere, runWithin } from '#gateways/host/network/programs';
import { replaced } from '#gateways/host/network/rule-table';
import { tableName } from '#gateways/host/network/ruleset';

/** Names are of the machine, so those of a host that is a namespace itself have its name in them. */
export const gatewayNamespace = (vpc: number, host: string | undefined): string =>
  `ucv${vpc.toString(16).padStart(6, '0')}${host === undefined ? '' : `-${digest(host, 8)}`}`;

/** Which VPC a namespace is the gateway of on this host; undefined when it is none of ours. */
export const vpcOfNamespace = (name: string, host: string | undefined): number | undefined => {
  const found = /^ucv([0-9a-f]{6})(-[0-9a-f]{8})?$/.exec(name)?.[1];
  if (found === undefined) return undefined;
  const vpc = parseInt(found, 16);
  return gatewayNamespace(vpc, host) === name ? vpc : undefined;
};

/** It forwards, and believes nobody about where others are; the same address on every host is no conflict. */
const settings: readonly (readonly [path: string, value: number])[] = [
  ['ipv4/ip_forward', 1],
  ['ipv4/conf/all/rp_filter', 0],
  ['ipv4/conf/default/rp_filter', 0],
  ['ipv4/conf/all/send_redirects', 0],
  ['ipv4/conf/default/send_redirects', 0],
  ['ipv4/conf/all/arp_ignore', 1],
  ['ipv4/conf/default/arp_notify', 1],
  ['ipv6/conf/all/forwarding', 1],
  ['ipv6/conf/default/forwarding', 1],
  ['ipv6/conf/default/accept_dad', 0],
  ['ipv6/conf/default/accept_ra', 0],
];

const runtimeFolder = '/run/netns';

const namespaceExists = (name: string): boolean => existsSync(`${runtimeFolder}/${name}`);

/** Makes a namespace that is ready to take links; one that is there is left as it is. */
export const makeNamespace = async (name: string): Promise<void> => {
  if (!namespaceExists(name)) await runHere(['ip', 'netns', 'add', name]);
  const lines = settings.map(([path, value]) => `echo ${value} > /proc/sys/net/${path}`);
  await runWithin(name)(['sh', '-ec', [...lines, 'ip link set dev lo up'].join('\n')]);
};

export const removeNamespace = async (name: string): Promise<void> => {
  if (namespaceExists(name)) await runHere(['ip', 'netns', 'del', name]);
};

const addressesIn = async (inside: Run): Promise<readonly ObservedAddresses[]> =>
  rowsOf<ObservedAddresses>(await inside(['ip', '-j', 'addr', 'show']));

/** Lines that turn the inside of a gateway into what it is to be. */
const changesIn = async (inside: Run, gateway: Gateway): Promise<readonly string[]> => {
  const [ipv4, ipv6, neighbours] = await Promise.all([
    inside(['ip', '-j', 'route', 'show']),
    inside(['ip', '-6', '-j', 'route', 'show']),
    inside(['ip', '-j', 'neigh', 'show', 'nud', 'permanent']),
  ]);
  return gatewayChanges(gateway, {
    addresses: await addressesIn(inside),
    routes: [...rowsOf<ObservedRoute>(ipv4), ...rowsOf<ObservedRoute>(ipv6)],
    neighbours: rowsOf<ObservedNeighbour>(neighbours),
  });
};

/** The link to the outside is made on the host's interface, and remembers which that is. */
const outsideChanges = async (inside: Run, { outside }: Gateway): Promise<readonly ('remove' | 'make')[]> => {
  const links = rowsOf<{ readonly ifname: string; readonly ifalias?: string }>(
    await inside(['ip', '-j', 'link', 'show']),
  );
  const present = links.find(({ ifname }) => ifname === 'ext');
  if (present?.ifalias === outside && (present === undefined) === (outside === undefined)) return [];
  return [...(present === undefined ? [] : ['remove' as const]), ...(outside === undefined ? [] : ['make' as const])];
};

/** Makes the inside of a gateway as it is to be; its link `vpc` is there already. */
export const arrangeGateway = async (run: Run, namespace: string, vpc: Vpc): Promise<void> => {
  const inside = runWithin(namespace);
  const gateway = gatewayOf(vpc);
  for (const change of await outsideChanges(inside, gateway)) {
    if (change === 'remove') await inside(['ip', 'link', 'del', 'dev', 'ext']);
    else {
      const link = `link add link ${gateway.outside} name ext netns ${namespace} type macvlan mode bridge`;
      await run(['ip', ...link.split(' ')]);
      await inside(['ip', 'link', 'set', 'dev', 'ext', 'alias', gateway.outside ?? '']);
    }
  }
  await inside(['nft', '-f', '-'], replaced(gateway.table));
  await runBatch(inside, 'ip', await changesIn(inside, gateway));
  const isRight = translationJudge(vpc);
  for (const flow of flowsIn(await inside(['conntrack', '-L', '-f', 'ipv4']))) {
    if (!isRight(flow)) await runTolerantly(inside, forgetWords(undefined, flow));
  }
};

/** What of a gateway is not as it is to be, in words. */
export const gatewayDrift = async (namespace: string, vpc: Vpc): Promise<readonly string[]> => {
  if (!namespaceExists(namespace)) return [`gateway of VPC ${vpc.number}: no namespace`];
  const inside = runWithin(namespace);
  const gateway = gatewayOf(vpc);
  const outside = (await outsideChanges(inside, gateway)).map((change) => `${change} link to the outside`);
  const links = [...outside, ...(await changesIn(inside, gateway))];
  const loaded = listingOf(await inside(['nft', '-s', 'list', 'ruleset']), tableName);
  const rules = differing(await listingOfRules(replaced(gateway.table)), loaded);
  return [...links, ...rules].map((problem) => `gateway of VPC ${vpc.number}: ${problem}`);
};
