import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startNetworkDriver, type NetworkDriver } from '#gateways/host/network/driver';
import {
  type HostNetwork,
  isOurs,
  isLocal,
  tapName,
  type Port,
  type Rule,
  type Vpc,
} from '#gateways/host/network/host-network';
import type { GuestData } from '#gateways/host/network/metadata';
import { ProgramFailure, runBatch, runHere, runWithin, within } from '#gateways/host/network/programs';
import { missingForNetworks } from '#gateways/host/network/requirements';

/** A machine of the test: a namespace that is a host, with the driver that makes its networks. */
export interface FabricHost {
  readonly namespace: string;
  readonly vtep: string;
  readonly directory: string;
  readonly driver: NetworkDriver;
  /** A driver as after a restart of the agent: it knows nothing. */
  restarted(): NetworkDriver;
}

/** A machine of a tenant: a namespace whose link is in the place of a guest's. */
export interface FabricGuest {
  readonly namespace: string;
  /** Whether a program there ended well, and what it said. */
  tries(...words: readonly string[]): Promise<{ readonly isFine: boolean; readonly output: string }>;
  /** Gives what it printed; rejects when it ends badly. */
  runs(...words: readonly string[]): Promise<string>;
  /** A program that runs until the end of the test, or until it is killed. */
  starts(...words: readonly string[]): Started;
  canPing(address: string): Promise<boolean>;
  canConnect(address: string, port: number): Promise<boolean>;
  /** Echoes lines that it gets over TCP. */
  listens(port: number): Promise<void>;
}

export interface Started {
  output(): string;
  says(line: string): void;
  /** Waits for this in what it says; rejects when it does not come. */
  until(text: string): Promise<void>;
  end(): Promise<void>;
}

export interface Fabric {
  host(number: number, guestData?: (portId: string) => GuestData | undefined): Promise<FabricHost>;
  /** A guest at a port of a host, with the port's addresses unless it shall get them by DHCP. */
  guest(host: FabricHost, port: Port, how?: { readonly gateway?: string; readonly dhcp?: true }): Promise<FabricGuest>;
  /** A machine outside, at an interface of a host of this name; both ends get an address. */
  outside(host: FabricHost, link: string, address: string): Promise<FabricGuest>;
  readonly directory: string;
}

/** What this machine misses for the scenarios of networks, for the title of a suite that is skipped. */
const programs = ['ping', 'busybox', 'nc', 'tcpdump'];
const missing = missingForNetworks(programs);

/** Runs the suite where it can run; CI must be able to. */
export const describedOnFabric = (title: string, suite: () => void): void => {
  if (missing.length === 0) describe(title, suite);
  else if (process.env['CI'] === 'true') test(title, () => expect(missing).toEqual([]));
  else describe.skip(`${title} (needs ${missing.join(', ')})`, suite);
};

const LATE_MS = 8_000;

/** Asks again until it is so. */
export const eventually = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  for (const start = performance.now(); !(await isSo()); await pause(50)) {
    if (performance.now() - start > LATE_MS) throw new Error('it did not come to be so');
  }
};

const started = (words: readonly string[]): Started => {
  const [program = '', ...args] = words;
  // In a group of its own, since some start others.
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    output: () => said,
    says: (line) => void child.stdin.write(`${line}\n`),
    until: (text) => eventually(() => said.includes(text)),
    end: async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
      await ended;
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    },
  };
};

let fabrics = 0;

/** Plays on hosts that are joined by a network, and takes all of it away; what is left behind fails the test. */
export const onFabric = async (play: (fabric: Fabric) => Promise<void>): Promise<void> => {
  const mark = `${process.pid}x${fabrics++}`;
  const directory = mkdtempSync(join(tmpdir(), 'ultracloud-fabric-'));
  chmodSync(directory, 0o711);
  const namespaces: string[] = [];
  const hosts: FabricHost[] = [];
  const drivers: NetworkDriver[] = [];
  const processes: Started[] = [];
  let guests = 0;

  const add = async (name: string): Promise<string> => {
    const namespace = `${name}-${mark}`;
    await runHere(['ip', 'netns', 'add', namespace]);
    namespaces.push(namespace);
    await runHere(['ip', '-n', namespace, 'link', 'set', 'lo', 'up']);
    return namespace;
  };
  const wire = await add('wire');
  await runBatch(runWithin(wire), 'ip', ['link add br0 mtu 1600 type bridge forward_delay 0', 'link set br0 up']);

  const guestIn = (namespace: string): FabricGuest => {
    const run = runWithin(namespace);
    const tries: FabricGuest['tries'] = async (...words) => {
      try {
        return { isFine: true, output: await run(words) };
      } catch (error) {
        if (error instanceof ProgramFailure) return { isFine: false, output: error.message };
        throw error;
      }
    };
    const starts: FabricGuest['starts'] = (...words) => {
      const process = started([...within(namespace), ...words]);
      processes.push(process);
      return process;
    };
    return {
      namespace,
      tries,
      starts,
      runs: (...words) => run(words),
      canPing: async (address) => (await tries('ping', '-c1', '-W1', '-n', address)).isFine,
      canConnect: async (address, port) => (await tries('nc', '-z', '-w1', address, `${port}`)).isFine,
      listens: async (port) => {
        starts('busybox', 'nc', '-ll', '-p', `${port}`, '-e', 'cat');
        await eventually(async () => (await run(['cat', '/proc/net/tcp', '/proc/net/tcp6'])).includes(hexPort(port)));
      },
    };
  };

  const host: Fabric['host'] = async (number, guestData = () => undefined) => {
    const namespace = await add(`host${number}`);
    const vtep = `10.200.0.${10 + number}`;
    await runBatch(runWithin(wire), 'ip', [
      `link add up${number} mtu 1600 type veth peer name under mtu 1600 netns ${namespace}`,
      `link set up${number} master br0 up`,
    ]);
    await runBatch(runWithin(namespace), 'ip', [`addr add ${vtep}/24 dev under`, 'link set under up']);
    const own = join(directory, `host${number}`);
    const restarted = (): NetworkDriver => {
      const driver = startNetworkDriver({ directory: own, namespace, guestData });
      drivers.push(driver);
      return driver;
    };
    const made = { namespace, vtep, directory: own, driver: restarted(), restarted };
    hosts.push(made);
    return made;
  };

  const guest: Fabric['guest'] = async (at, port, how = {}) => {
    const namespace = await add(`guest${guests++}`);
    const tap = tapName(port.id);
    await runBatch(runWithin(at.namespace), 'ip', [
      `link add ${tap} type veth peer name eth0 netns ${namespace} address ${port.mac}`,
    ]);
    const addresses = how.dhcp === true ? [] : port.addresses.map((address) => `addr add ${ranged(address)} dev eth0`);
    const gateway = how.gateway === undefined ? [] : [`route add default via ${how.gateway}`];
    await runBatch(runWithin(namespace), 'ip', ['link set eth0 mtu 1500 up', ...addresses, ...gateway]);
    return guestIn(namespace);
  };

  const outside: Fabric['outside'] = async (at, link, address) => {
    const namespace = await add(`outside${guests++}`);
    await runBatch(runWithin(at.namespace), 'ip', [
      `link add ${link} type veth peer name eth0 netns ${namespace}`,
      `link set ${link} up`,
    ]);
    await runBatch(runWithin(namespace), 'ip', [`addr add ${address} dev eth0`, 'link set eth0 up']);
    return guestIn(namespace);
  };

  try {
    await play({ host, guest, outside, directory });
  } finally {
    for (const each of processes) await each.end();
    const left: string[] = [];
    for (const each of hosts) {
      const last = startNetworkDriver({
        directory: each.directory,
        namespace: each.namespace,
        guestData: () => undefined,
      });
      for (const driver of drivers) driver.close();
      await last.remove();
      left.push(...(await leftBy(each)));
    }
    for (const namespace of namespaces.reverse()) await runHere(['ip', 'netns', 'del', namespace]);
    left.push(...processesOf(directory));
    rmSync(directory, { recursive: true, force: true });
    expect(left).toEqual([]);
  }
};

/** In `/proc/net/tcp`, of a socket that listens. */
const hexPort = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')} 0000`;

const ranged = (address: string): string => (address.includes(':') ? `${address}/64 nodad` : `${address}/24`);

const leftBy = async ({ namespace, directory }: FabricHost): Promise<readonly string[]> => {
  const run = runWithin(namespace);
  const links = (await run(['ip', '-br', 'link'])).split('\n').filter((line) => isOurs(line.split(/[ @]/)[0] ?? ''));
  const tables = (await run(['nft', 'list', 'tables'])).split('\n').filter((line) => line.includes('ultracloud'));
  const { position } = await startNetworkDriver({ directory, namespace, guestData: () => undefined }).observe();
  const files = readdirSync(directory);
  return [...links, ...tables, ...files, ...(position === undefined ? [] : [`position ${position}`])];
};

/** Processes whose arguments name this directory. */
const processesOf = (directory: string): readonly string[] =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(directory);
    } catch {
      return false;
    }
  });

const everything: readonly Rule[] = [{ direction: 'egress', protocol: 'any' }];

/** The rules of a group that lets its members ask anything, and be asked what `rules` say. */
export const group = (id: string, rules: readonly Rule[] = []) => ({ id, rules: [...everything, ...rules] });

export const port = (id: string, last: number, rest: Partial<Port> = {}): Port => ({
  id,
  mac: `02:01:0a:00:00:${last.toString(16).padStart(2, '0')}`,
  addresses: [`10.0.0.${last}`],
  groups: ['default'],
  ...rest,
});

export const vpc = (number: number, rest: Partial<Vpc> = {}): Vpc => ({
  number,
  name: `vpc-${number}`,
  mtuBytes: 1500,
  subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1', dhcp: { nameServers: [] } }],
  ports: [],
  groups: [group('default')],
  routes: [],
  floatingIps: [],
  ...rest,
});

const seenPort = (all: Port, here: string): Port => {
  const { vtep, ...rest } = all;
  return vtep === here ? rest : all;
};

/** What a host is to have of VPCs in which each port says which host has it. */
export const seenFrom = ({ vtep }: FabricHost, position: number, vpcs: readonly Vpc[]): HostNetwork => ({
  position,
  underlay: { address: vtep, interface: 'under' },
  vpcs: vpcs
    .map((each): Vpc => ({ ...each, ports: each.ports.map((one) => seenPort(one, vtep)) }))
    .filter(({ ports, exit }) => ports.some(isLocal) || exit?.kind === 'here'),
});
