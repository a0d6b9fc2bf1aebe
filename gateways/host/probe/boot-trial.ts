import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Accelerator } from '#gateways/host/guest/guest-spec';
import { type Capability, no, unknown, yes } from '#gateways/host/probe/capability';
import { systemCode } from '#gateways/system-code';

/** What is booted to find out whether guests can run. */
export interface TrialGuest {
  readonly kernel: string;
  readonly initrd: string | undefined;
}

/** The newest kernel of this machine that may be read: it comes as far as looking for its disk, which is enough. */
export const ownKernel = (folder = '/boot'): TrialGuest | undefined => {
  if (!existsSync(folder)) return undefined;
  const kernels = readdirSync(folder)
    .filter((name) => name.startsWith('vmlinuz-'))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(folder, name));
  const kernel = kernels.find((file) => mayUse(file, constants.R_OK) === undefined);
  return kernel === undefined ? undefined : { kernel, initrd: undefined };
};

/** The code of the error that this user would get; undefined when there is none. */
const mayUse = (file: string, mode: number): string | undefined => {
  try {
    accessSync(file, mode);
    return undefined;
  } catch (error) {
    return systemCode(error) ?? 'unknown';
  }
};

/** Far longer than any machine with the one or the other needs. */
const TRIAL_MS: Readonly<Record<Accelerator, number>> = { kvm: 15_000, tcg: 60_000 };

/** A kernel that found no root has come through all of its own start; one with an init has come to that. */
const arrived = /^ready |Unable to mount root fs|Run \/\S*init as init process/m;

/**
 * Whether guests run with an accelerator: by booting one. That `/dev/kvm` opens says little: inside another virtual
 * machine it may, and guests still stop at the first instruction that is not known there.
 */
export const tryAccelerator = async (
  accelerator: Accelerator,
  qemu: string,
  guest: TrialGuest | undefined,
): Promise<Capability> => {
  if (accelerator === 'kvm') {
    const refused = mayUse('/dev/kvm', constants.R_OK | constants.W_OK);
    if (refused === 'ENOENT')
      return no('kvm', 'there is no /dev/kvm', 'virtualisation by the processor, and its module');
    if (refused !== undefined) return no('kvm', `/dev/kvm: ${refused}`, 'the group kvm for this user');
  }
  if (guest === undefined) {
    return unknown(accelerator, 'no kernel that may be read was found in /boot', 'a kernel to boot: --kernel');
  }
  const started = performance.now();
  const { came, last } = await bootOnce(accelerator, qemu, guest);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  if (came) return yes(accelerator, `a guest booted in ${seconds} s`);
  const text = last === '' ? `a guest did not boot in ${seconds} s` : `a guest did not boot: ${last}`;
  return no(accelerator, text, accelerator === 'kvm' ? 'a processor or outer machine with virtualisation' : 'QEMU');
};

interface Trial {
  readonly came: boolean;
  /** The last that QEMU itself complained of. */
  readonly last: string;
}

const MOST_OUTPUT = 2 ** 20;

const bootOnce = (accelerator: Accelerator, qemu: string, { kernel, initrd }: TrialGuest): Promise<Trial> =>
  new Promise((resolve) => {
    const child = spawn(
      qemu,
      [
        ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
        ...['-machine', 'q35', '-accel', accelerator === 'kvm' ? 'kvm' : 'tcg,tb-size=32'],
        ...['-cpu', accelerator === 'kvm' ? 'host' : 'max', '-m', '256M', '-kernel', kernel],
        ...(initrd === undefined ? [] : ['-initrd', initrd]),
        ...['-append', 'console=ttyS0 panic=-1 nokaslr mitigations=off'],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [output, complaints, came] = ['', '', false];
    // What it may have started could keep its output open, so nobody waits for that.
    const stop = (): void => {
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(stop, TRIAL_MS[accelerator]);
    child.stdout.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString('latin1')).slice(-MOST_OUTPUT);
      if (came || !arrived.test(output)) return;
      came = true;
      stop();
    });
    child.stderr.on('data', (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-MOST_OUTPUT)));
    const ended = (last: string): void => {
      clearTimeout(timer);
      resolve({ came, last });
    };
    child.on('error', (error) => ended(error.message));
    child.on('close', () => ended(complaints.trim().split('\n')[0] ?? ''));
  });
