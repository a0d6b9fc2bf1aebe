import { mkdirSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { dhcpFiles } from '#gateways/host/network/dhcp';
import { serveDhcp, servesDhcp, stopDhcpServer } from '#gateways/host/network/dhcp-server';
import {
  arrangeGateway,
  gatewayDrift,
  gatewayNamespace,
  makeNamespace,
  removeNamespace,
  vpcOfNamespace,
} from '#gateways/host/network/gateway-namespace';
import { hasGateway, type HostNetwork, isLocal, type Vpc, zonesOf } from '#gateways/host/network/host-network';
import {
  entriesToChange,
  judgeFlowsOf,
  listingOfRules,
  linksToChange,
  loadedRules,
  ourLinks,
  rulesThatDiffer,
  runTolerantly,
} from '#gateways/host/network/host-state';
import type { Listing } from '#gateways/host/network/listing';
import { type GuestData, type MetadataService, serveMetadata } from '#gateways/host/network/metadata';
import { ProgramFailure, type Run, runBatch, runHere, runWithin } from '#gateways/host/network/programs';
import { compile, difference, removal, replacement, type Ruleset } from '#gateways/host/network/ruleset';

export interface NetworkPlace {
  /** Of this driver alone; others must be able to go through what is above it, since the DHCP server is not root. */
  readonly directory: string;
  /** A named network namespace that is the host; that of this process when absent. */
  readonly namespace?: string;
  /** The user, by number, whose programs may open taps. */
  readonly tapOwner?: number;
  /** The user that DHCP servers become; with `keep` they stay who they are, as they must in a user namespace. */
  readonly dhcpUser?: 'nobody' | 'keep';
  /** What a guest may ask about itself. */
  readonly guestData: (portId: string) => GuestData | undefined;
}

/** What is there. */
export interface ObservedNetwork {
  /** The position that the rules in force express; undefined when there are none. */
  readonly position?: number;
  /** Interfaces of ours. */
  readonly interfaces: readonly { readonly name: string; readonly isUp: boolean }[];
  /** What is not as it was last applied, in words; `apply` repairs it. */
  readonly drift: readonly string[];
}

/** The networks of one host. Calls wait for each other. */
export interface NetworkDriver {
  /** Makes it so. When it rejects, some of it may be done; the next call does the rest. */
  apply(network: HostNetwork): Promise<void>;
  observe(): Promise<ObservedNetwork>;
  /** Takes all of it away, whoever made it. */
  remove(): Promise<void>;
  /** Leaves the networks as they are; metadata is not answered any more. */
  close(): void;
}

interface Applied {
  readonly network: HostNetwork;
  readonly ruleset: Ruleset;
}

/** VPCs of which something that is told by `what` is not as it was. */
const changedVpcs = (
  before: HostNetwork | undefined,
  after: HostNetwork,
  what: (vpc: Vpc) => unknown = (vpc) => vpc,
): readonly Vpc[] => {
  const text = (vpc: Vpc): string => JSON.stringify(what(vpc));
  const old = new Map(before?.vpcs.map((vpc) => [vpc.number, text(vpc)]));
  return after.vpcs.filter((vpc) => old.get(vpc.number) !== text(vpc));
};

/** All of a VPC but its rules. */
const wiring = ({ groups: _, ports, ...rest }: Vpc): unknown => [
  rest,
  ports.map(({ groups: _rules, ...port }) => port),
];

export const startNetworkDriver = (where: NetworkPlace): NetworkDriver => {
  const run: Run = runWithin(where.namespace);
  const namespaceOf = (vpc: number): string => gatewayNamespace(vpc, where.namespace);
  const dhcpDirectory = (vpc: number): string => join(where.directory, `dhcp-${vpc}`);
  const linkPlace = { gatewayNamespace: namespaceOf, tapOwner: where.tapOwner };
  const services = new Map<number, MetadataService>();
  /** Undefined while it is not known what is there: at first, after a failure, and when something has changed it. */
  let applied: Applied | undefined;
  /** What was asked for last, done or not. */
  let wanted: HostNetwork | undefined;
  let expected: { readonly text: string; readonly listing: Listing } | undefined;
  const portByAddress = new Map<number, ReadonlyMap<string, string>>();

  const keepsUser = where.dhcpUser === 'keep';
  const dhcpOf = (vpc: Vpc) => dhcpFiles(vpc, dhcpDirectory(vpc.number), keepsUser ? undefined : 'nobody');

  const loadRules = async (before: Ruleset | undefined, after: Ruleset): Promise<void> => {
    const text = before === undefined ? replacement(after) : difference(before, after);
    if (text === '') return;
    try {
      await run(['nft', '-f', '-'], text);
    } catch (error) {
      // What is loaded is not what was: someone else has changed it.
      if (before === undefined || !(error instanceof ProgramFailure)) throw error;
      await run(['nft', '-f', '-'], replacement(after));
    }
  };

  const judgeFlows = async (network: HostNetwork, vpcs: readonly Vpc[]): Promise<void> => {
    const zones = zonesOf(network.vpcs);
    for (const vpc of vpcs) await judgeFlowsOf(run, vpc, zones.get(vpc.number) ?? 0);
  };

  const serve = async (vpc: Vpc, tell: boolean): Promise<void> => {
    const { number } = vpc;
    await serveDhcp(dhcpDirectory(number), namespaceOf(number), dhcpOf(vpc), { tell, keepsUser });
    const ports = vpc.ports.filter(isLocal);
    portByAddress.set(number, new Map(ports.flatMap(({ id, addresses }) => addresses.map((each) => [each, id]))));
    if (services.has(number)) return;
    const guestData = (address: string): GuestData | undefined => {
      const port = portByAddress.get(number)?.get(address);
      return port === undefined ? undefined : where.guestData(port);
    };
    services.set(number, await serveMetadata(namespaceOf(number), guestData));
  };

  const stopServing = async (vpc: number): Promise<void> => {
    services.get(vpc)?.stop();
    services.delete(vpc);
    portByAddress.delete(vpc);
    await stopDhcpServer(dhcpDirectory(vpc));
    await removeNamespace(namespaceOf(vpc));
  };

  /** VPCs of which something outside of the host's own namespace is there. */
  const servedVpcs = async (): Promise<ReadonlySet<number>> => {
    const listed = (await runHere(['ip', 'netns', 'list'])).split('\n').map((line) => line.split(' ')[0] ?? '');
    const named = listed.flatMap((name) => vpcOfNamespace(name, where.namespace) ?? []);
    const folders = existsSync(where.directory) ? readdirSync(where.directory) : [];
    return new Set([...named, ...folders.flatMap((name) => /^dhcp-(\d+)$/.exec(name)?.[1] ?? []).map(Number)]);
  };

  const prepare = async (before: Applied | undefined, gateways: readonly Vpc[]): Promise<void> => {
    if (before !== undefined) return;
    mkdirSync(where.directory, { recursive: true, mode: 0o711 });
    const text = 'for f in iptables ip6tables; do echo 1 > /proc/sys/net/bridge/bridge-nf-call-$f; done';
    await run(['sh', '-ec', text]);
    const kept = new Set(gateways.map(({ number }) => number));
    for (const number of await servedVpcs()) if (!kept.has(number)) await stopServing(number);
  };

  const applyNow = async (network: HostNetwork): Promise<void> => {
    const before = applied;
    applied = undefined;
    wanted = network;
    const ruleset = compile(network);
    const fresh = changedVpcs(before?.network, network);
    const rewired = changedVpcs(before?.network, network, wiring);
    const gateways = network.vpcs.filter(hasGateway);
    await prepare(before, gateways);
    // Nothing passes until there are rules: an interface that they do not know is closed.
    const hasRules = before !== undefined || (await loadedRules(run)).position !== undefined;
    if (!hasRules) await loadRules(undefined, compile({ ...network, vpcs: [] }));
    if (before !== undefined) {
      await loadRules(before.ruleset, ruleset);
      await judgeFlows(network, fresh);
    }

    const isSame = before !== undefined && rewired.length === 0 && before.network.vpcs.length === network.vpcs.length;
    const sameUnderlay = JSON.stringify(before?.network.underlay) === JSON.stringify(network.underlay);
    if (!isSame || !sameUnderlay) {
      const touched = gateways.filter((vpc) => rewired.includes(vpc));
      for (const { number } of touched) await makeNamespace(namespaceOf(number));
      const { make, attach } = await linksToChange(run, network, linkPlace);
      await runBatch(run, 'ip', make);
      if (before === undefined) await loadRules(undefined, ruleset);
      await runBatch(run, 'ip', attach);
      await runBatch(run, 'bridge', await entriesToChange(run, network));
      if (before === undefined) await judgeFlows(network, fresh);
      for (const vpc of touched) {
        await arrangeGateway(run, namespaceOf(vpc.number), vpc);
        await serve(vpc, before === undefined);
      }
      await leaveGateways(before, network, gateways);
    }
    applied = { network, ruleset };
  };

  const leaveGateways = async (
    before: Applied | undefined,
    network: HostNetwork,
    gateways: readonly Vpc[],
  ): Promise<void> => {
    const kept = new Set(gateways.map(({ number }) => number));
    const present = new Set(network.vpcs.map(({ number }) => number));
    const zones = zonesOf(before?.network.vpcs ?? []);
    for (const { number } of before?.network.vpcs ?? []) {
      if (!kept.has(number)) await stopServing(number);
      if (!present.has(number)) await runTolerantly(run, ['conntrack', '-D', '-w', `${zones.get(number)}`]);
    }
  };

  /** How nftables lists rules takes it as long to tell as to load them, so it is asked once for the same ones. */
  const expectedListing = async (network: HostNetwork): Promise<Listing> => {
    const text = replacement(compile({ ...network, position: 0 }));
    if (expected?.text !== text) expected = { text, listing: await listingOfRules(text) };
    return expected.listing;
  };

  const driftFrom = async (network: HostNetwork, found: Listing): Promise<string[]> => {
    const rules = rulesThatDiffer(await expectedListing(network), found);
    const { make, attach } = await linksToChange(run, network, linkPlace);
    const entries = await entriesToChange(run, network);
    const drift = [...rules.map((name) => `rules: ${name}`), ...make, ...attach, ...entries];
    for (const vpc of network.vpcs.filter(hasGateway)) {
      const running = servesDhcp(dhcpDirectory(vpc.number), dhcpOf(vpc));
      if (!running) drift.push(`no DHCP server of VPC ${vpc.number}`);
      if (!services.has(vpc.number)) drift.push(`no metadata service of VPC ${vpc.number}`);
      drift.push(...(await gatewayDrift(namespaceOf(vpc.number), vpc)));
    }
    return drift;
  };

  const observeNow = async (): Promise<ObservedNetwork> => {
    const { position, listing } = await loadedRules(run);
    const interfaces = (await ourLinks(run)).map(({ ifname, flags }) => ({ name: ifname, isUp: flags.includes('UP') }));
    const drift = wanted === undefined ? [] : await driftFrom(wanted, listing);
    if (wanted !== undefined && position !== wanted.position) drift.push(`rules of position ${position}`);
    if (drift.length > 0) applied = undefined;
    return { ...(position === undefined ? {} : { position }), interfaces, drift };
  };

  const removeNow = async (): Promise<void> => {
    applied = undefined;
    wanted = undefined;
    const links = await ourLinks(run);
    const numbers = links.flatMap(({ ifname }) => /^ucb([0-9a-f]{6})$/.exec(ifname)?.[1] ?? []);
    await runBatch(
      run,
      'ip',
      links.map(({ ifname }) => `link del dev ${ifname}`),
    );
    for (const vpc of await servedVpcs()) await stopServing(vpc);
    await run(['nft', '-f', '-'], removal);
    const zones = zonesOf(numbers.map((number) => ({ number: parseInt(number, 16) })));
    for (const zone of zones.values()) await runTolerantly(run, ['conntrack', '-D', '-w', `${zone}`]);
  };

  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };

  return {
    apply: (network) => inTurn(() => applyNow(network)),
    observe: () => inTurn(observeNow),
    remove: () => inTurn(removeNow),
    close: () => {
      for (const service of services.values()) service.stop();
      services.clear();
    },
  };
};
