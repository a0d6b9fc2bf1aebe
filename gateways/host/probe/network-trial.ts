import { isGuestFailure } from '#gateways/host/guest/guest-failure';
import { ran } from '#gateways/host/guest/program';
import { type Capability, no, unknown, yes } from '#gateways/host/probe/capability';

interface Trial {
  readonly name: string;
  readonly what: string;
  /** Run by a shell in a network namespace that ends with it. */
  readonly script: string;
  readonly missing: string;
}

const trials: readonly Trial[] = [
  {
    name: 'tap',
    what: 'made a tap interface',
    script: 'ip tuntap add dev t0 mode tap && ip link set t0 up',
    missing: 'the module tun, and a /dev/net/tun that may be opened',
  },
  {
    name: 'bridge',
    what: 'made a bridge with a port',
    script: 'ip link add b0 type bridge && ip link add v0 type veth peer name v1 && ip link set v0 master b0',
    missing: 'the modules bridge and veth',
  },
  {
    name: 'vxlan',
    what: 'made a VXLAN interface on a bridge',
    script:
      'ip link set lo up && ip link add b0 type bridge && ' +
      'ip link add x0 type vxlan id 7 dstport 4789 local 127.0.0.1 nolearning && ip link set x0 master b0',
    missing: 'the module vxlan',
  },
  {
    name: 'nftables',
    what: 'loaded stateful rules, and rules of a bridge',
    script:
      "printf 'table inet a { chain c { type filter hook forward priority 0; ct state established accept; }; }\\n" +
      "table bridge b { chain c { type filter hook forward priority 0; ether type arp accept; }; }\\n' | nft -f -",
    missing: 'nft, and the modules nf_tables and nf_conntrack',
  },
  {
    name: 'nat',
    what: 'loaded rules that translate addresses',
    script:
      "printf 'table ip n { chain c { type nat hook postrouting priority 100; " +
      "oifname x masquerade; }; }\\n' | nft -f -",
    missing: 'the module nft_masq',
  },
];

const TRIAL_MS = 10_000;

/** As root a namespace of its own; else one in which this user is root, if the machine allows that. */
const inside = (root: boolean): readonly string[] => (root ? ['--net'] : ['--user', '--map-root-user', '--net']);

/** What networks this host can have for its guests, each tried in a network namespace that nobody else sees. */
export const tryNetworks = async (root: boolean): Promise<readonly Capability[]> => {
  const alone = await inNamespace(root, 'true');
  const namespace = root ? 'a network namespace' : 'a user and network namespace';
  if (alone !== undefined) {
    const missing = root ? 'the right to make one' : 'root, or user namespaces for everybody';
    return [
      no('namespaces', `${namespace} cannot be made: ${alone}`, missing),
      ...trials.map(({ name }) => unknown(name, `not tried without ${namespace}`, missing)),
    ];
  }
  const tried = await Promise.all(
    trials.map(async ({ name, what, script, missing }) => {
      const problem = await inNamespace(root, script);
      return problem === undefined ? yes(name, `${what} in ${namespace}`) : no(name, problem, missing);
    }),
  );
  return [yes('namespaces', `made ${namespace}`), ...tried];
};

/** What went wrong; undefined when nothing did. */
const inNamespace = async (root: boolean, script: string): Promise<string | undefined> => {
  try {
    const { exitCode, complaints } = await ran('unshare', [...inside(root), 'sh', '-c', script], TRIAL_MS);
    if (exitCode === 0) return undefined;
    return complaints.trim().split('\n')[0] || `exit code ${exitCode}`;
  } catch (error) {
    if (isGuestFailure(error)) return error.message;
    throw error;
  }
};
