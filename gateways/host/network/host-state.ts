import { cutElement, type Flow, flowsIn, forgetWords, judgeOf } from '#gateways/host/network/flows';
import { desiredEntries, forwardingChanges, type ObservedEntry } from '#gateways/host/network/forwarding';
import { type HostNetwork, isOurs, type Vpc } from '#gateways/host/network/host-network';
import {
  desiredLinks,
  type LinkChanges,
  linkChanges,
  type LinkPlace,
  type ObservedLink,
} from '#gateways/host/network/links';
import { differing, type Listing, listingOf } from '#gateways/host/network/listing';
import { ProgramFailure, type Run, runHere } from '#gateways/host/network/programs';
import { cutting, positionIn, tableName } from '#gateways/host/network/ruleset';

/** What `ip -j` and `bridge -j` print, which is nothing when there is nothing. */
export const rowsOf = <Row>(printed: string): readonly Row[] =>
  printed.trim() === '' ? [] : (JSON.parse(printed) as readonly Row[]); // Of a program that keeps its form.

/** Runs a program whose exit code 1 means that there was nothing to do. */
export const runTolerantly = async (run: Run, words: readonly string[]): Promise<string> => {
  try {
    return await run(words);
  } catch (error) {
    if (error instanceof ProgramFailure && error.exitCode === 1) return '';
    throw error;
  }
};

export const ourLinks = async (run: Run): Promise<readonly ObservedLink[]> =>
  rowsOf<ObservedLink>(await run(['ip', '-d', '-j', 'link', 'show'])).filter(({ ifname }) => isOurs(ifname));

export const linksToChange = async (run: Run, network: HostNetwork, place: LinkPlace): Promise<LinkChanges> =>
  linkChanges(desiredLinks(network, place), await ourLinks(run));

export const entriesToChange = async (run: Run, network: HostNetwork): Promise<readonly string[]> => {
  const observed = rowsOf<ObservedEntry>(await run(['bridge', '-j', 'fdb', 'show']));
  return forwardingChanges(network.vpcs.flatMap(desiredEntries), observed);
};

/** What is loaded of our tables; empty when they are not there. */
export const loadedRules = async (run: Run): Promise<{ readonly position?: number; readonly listing: Listing }> => {
  const printed = await run(['nft', '-s', 'list', 'ruleset']);
  const position = positionIn(printed);
  return { ...(position === undefined ? {} : { position }), listing: listingOf(printed, tableName) };
};

/** Tells how nftables lists rules, by loading them where they do nothing. */
export const listingOfRules = async (text: string): Promise<Listing> => {
  const words = ['unshare', '--net', 'sh', '-c', 'nft -f - && nft -s list ruleset'];
  return listingOf(await runHere(words, text), tableName);
};

/** The names of what is not loaded as it should be; `expected` is how nftables lists what should, at any position. */
export const rulesThatDiffer = (expected: Listing, found: Listing): readonly string[] =>
  differing(expected, found, /^(inet set cut-|bridge set expressed$)/);

const flowsOf = async (run: Run, zone: number, version: 4 | 6): Promise<readonly Flow[]> =>
  flowsIn(await run(['conntrack', '-L', '-f', `ipv${version}`, '-w', `${zone}`]));

/** Flows that the rules allow no more: they are cut, and those that are allowed again go on. */
export const judgeFlowsOf = async (run: Run, vpc: Vpc, zone: number): Promise<void> => {
  const judge = judgeOf(vpc);
  const forgotten: Flow[] = [];
  const sorted = (flows: readonly Flow[]): readonly string[] =>
    flows.flatMap((flow) => {
      const verdict = judge(flow);
      const element = verdict === 'denied' ? cutElement(flow) : undefined;
      if (element !== undefined) return element;
      if (verdict !== 'allowed' || flow.isCut) forgotten.push(flow);
      return [];
    });
  const [ipv4, ipv6] = await Promise.all([flowsOf(run, zone, 4), flowsOf(run, zone, 6)]);
  await run(['nft', '-f', '-'], cutting(vpc.number, 4, sorted(ipv4)) + cutting(vpc.number, 6, sorted(ipv6)));
  for (const flow of forgotten) await runTolerantly(run, forgetWords(zone, flow));
};
