import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupVersion, makeGroup, removeGroup } from '#gateways/host/guest/cgroup';
import { isGuestFailure } from '#gateways/host/guest/guest-failure';
import { accelerators, diskFormats } from '#gateways/host/guest/guest-spec';
import { nobody, setprivArgv } from '#gateways/host/guest/host-account';
import { ran, type Ran } from '#gateways/host/guest/program';
import { ownKernel, tryAccelerator, type TrialGuest } from '#gateways/host/probe/boot-trial';
import { type Capability, no, unknown, yes } from '#gateways/host/probe/capability';
import { tryNetworks } from '#gateways/host/probe/network-trial';

export interface ProbeOptions {
  /** What is booted to try the accelerators; the newest kernel of this machine when undefined. */
  readonly guest: TrialGuest | undefined;
  readonly qemu?: string;
}

/** What this machine can do as a host, each found by doing it once. Leaves nothing behind. */
export const probeHost = async ({
  guest,
  qemu = 'qemu-system-x86_64',
}: ProbeOptions): Promise<readonly Capability[]> => {
  const root = process.getuid?.() === 0;
  const program = await probeQemu(qemu);
  const booted = guest ?? ownKernel();
  const [boots, networks, others] = await Promise.all([
    program.state === 'yes'
      ? inOrder(accelerators.map((accelerator) => () => tryAccelerator(accelerator, qemu, booted)))
      : accelerators.map((name) => unknown(name, `not tried without ${qemu}`, 'QEMU')),
    tryNetworks(root),
    Promise.all([...diskFormats.map(probeFormat), probeAccount(root), probeGroups(), probeSwitch()]),
  ]);
  return [probeRoot(root), program, ...boots, ...others, ...networks];
};

/** One after the other: what is measured must not be slowed down by the other. */
const inOrder = async <A>(works: readonly (() => Promise<A>)[]): Promise<readonly A[]> => {
  const results: A[] = [];
  for (const work of works) results.push(await work());
  return results;
};

const probeRoot = (root: boolean): Capability =>
  root
    ? yes('root', 'this process runs as root')
    : no('root', `this process runs as user ${process.getuid?.() ?? '?'}`, 'root, for taps, other users and limits');

/** Undefined where there is no such program. */
const asked = async (name: string, args: readonly string[]): Promise<Ran | undefined> => {
  try {
    return await ran(name, args, 10_000);
  } catch (error) {
    if (isGuestFailure(error)) return undefined;
    throw error;
  }
};

const probeQemu = async (qemu: string): Promise<Capability> => {
  const answer = await asked(qemu, ['--version']);
  const version = /version (\S+)/.exec(answer?.output ?? '')?.[1];
  return version === undefined
    ? no('qemu', `${qemu} cannot be run`, 'the package qemu-system-x86')
    : yes('qemu', `${qemu} says that it is ${version}`);
};

const probeFormat = async (format: string): Promise<Capability> => {
  const folder = await mkdtemp(join(tmpdir(), 'probe-'));
  try {
    const answer = await asked('qemu-img', ['create', '-q', '-f', format, join(folder, 'disk'), '1M']);
    if (answer === undefined) return no(format, 'qemu-img cannot be run', 'the package qemu-utils');
    return answer.exitCode === 0
      ? yes(format, 'qemu-img made a disk')
      : no(format, answer.complaints.trim(), 'another QEMU');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Guests shall not run as root, nor as a user who has anything. */
const probeAccount = async (root: boolean): Promise<Capability> => {
  const name = 'account';
  if (!root) return no(name, 'guests run as the user of this process', 'root, to run them as another');
  const [program = '', ...args] = setprivArgv(nobody, 'tcg');
  const answer = await asked(program, [...args, 'id', '-u']);
  return answer?.output.trim() === String(nobody.uid)
    ? yes(name, `a program ran as user ${nobody.uid} without any right`)
    : no(name, answer?.complaints.trim() ?? 'setpriv cannot be run', 'the package util-linux');
};

const probeGroups = async (): Promise<Capability> => {
  const name = 'cgroups';
  const version = cgroupVersion();
  if (version === 0) return no(name, 'there are none', 'control groups below /sys/fs/cgroup');
  const group = `probe-${process.pid}`;
  const { missing } = makeGroup(group, { cpuCount: 1, memoryBytes: 2 ** 28, threadCount: 64 });
  removeGroup(group);
  return missing.length === 0
    ? yes(name, `version ${version}: set limits of processors, memory and threads`)
    : no(name, `version ${version}: ${missing.join('; ')}`, 'root, and the controllers cpu, memory and pids');
};

const probeSwitch = async (): Promise<Capability> => {
  const name = 'openvswitch';
  const module = existsSync('/sys/module/openvswitch');
  const version = /(\d+\.\d+\.\d+)/.exec((await asked('ovs-vswitchd', ['--version']))?.output ?? '')?.[1];
  if (version !== undefined && module) return yes(name, `ovs-vswitchd is ${version}, and the kernel has its module`);
  const found =
    version === undefined ? 'there is no ovs-vswitchd' : `ovs-vswitchd is ${version}, the kernel has no module`;
  return no(name, found, 'nothing: bridges serve all networks here');
};
