import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const programs = ['ip', 'bridge', 'nft', 'conntrack', 'dnsmasq', 'nsenter', 'unshare'];

const isOnPath = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));

const mayUse = (path: string): boolean => {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

/** Whether this process may arrange networks: root, also of a user namespace of its own. */
const mayArrange = (): boolean => {
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const administersNetworks = 12n;
  const administersSystem = 21n;
  const all = BigInt(`0x${capabilities}`);
  return ((all >> administersNetworks) & (all >> administersSystem) & 1n) === 1n;
};

/** What is missing on this machine for networks, by names that a person can look for; nothing when all is there. */
export const missingForNetworks = (others: readonly string[] = []): readonly string[] => [
  ...[...programs, ...others].filter((name) => !isOnPath(name)),
  ...(mayArrange() ? [] : ['root, or a user and network namespace of its own']),
  ...(mayUse('/dev/net/tun') ? [] : ['access to /dev/net/tun']),
  ...(existsSync('/proc/sys/net/bridge') ? [] : ['br_netfilter']),
];

/**
 * What comes before a program so that someone who is not root has networks of their own: what it starts, guests too, is
 * in them, and sees the world only through what it makes there.
 */
export const ownNetworks: readonly string[] = [
  ...['unshare', '--user', '--map-root-user', '--net', '--mount', '--', 'sh', '-ec'],
  'mount -t tmpfs -o mode=755 tmpfs /run; ip link set lo up; exec "$@"',
  'sh',
];

/** Whether this machine lets a program be started behind `ownNetworks`. */
export const mayHaveOwnNetworks = (): boolean => {
  const [program = '', ...args] = ownNetworks;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0;
};
