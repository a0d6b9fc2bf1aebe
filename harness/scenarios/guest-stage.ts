import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { consoleHistory, openConsole } from '#gateways/host/guest/console';
import { closeGuestHost, type GuestHost, type GuestHostOptions, openGuestHost } from '#gateways/host/guest/guest-host';
import type { GuestDisk, GuestNic, GuestSpec } from '#gateways/host/guest/guest-spec';
import { usualAccount } from '#gateways/host/guest/host-account';
import { leftovers, removeLeftovers } from '#gateways/host/guest/leftover';
import { prepareGuest, startGuest } from '#gateways/host/guest/power';
import { until } from '#gateways/host/guest/waiting';
import { guestImage, missingForImage } from '#harness/guest-image/guest-image';

const mebibyte = 2 ** 20;

/** What this machine lacks for real guests; undefined when nothing. */
const missing = (): string | undefined => {
  for (const program of ['qemu-system-x86_64', 'qemu-img', 'setpriv']) {
    if (spawnSync(program, ['--version']).status !== 0) return program;
  }
  return missingForImage();
};

/** A suite with real guests. CI has what it needs, so there it fails instead of being skipped. */
export const describeGuests = (title: string, suite: () => void): void => {
  const lacks = process.env['CI'] === 'true' ? undefined : missing();
  if (lacks === undefined) describe(title, suite);
  else describe.skip(`${title} (needs ${lacks})`, suite);
};

/** How long a guest may take on a machine that does much else at once. */
export const PATIENCE_MS = 60_000;

/** A folder with hosts, guests and disks, of which nothing is left at the end. */
export interface Stage {
  readonly folder: string;
  readonly kernel: { readonly kernel: string; readonly initrd: string };
  open(name?: string, options?: Partial<GuestHostOptions>): GuestHost;
  /** A guest of 96 MiB on the small image; `words` are for its kernel. */
  spec(id: string, words?: string, more?: Partial<GuestSpec>): GuestSpec;
  disk(name: string, slot: number, more?: Partial<GuestDisk>): GuestDisk;
  /** What is on the machine beside what these guests have; ends and removes it all. */
  clear(): Promise<readonly string[]>;
}

export const guestStage = (): Stage => {
  const image = guestImage();
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'uc-'));
  // QEMU runs as another user, who must come through.
  chmodSync(folder, 0o711);
  const kernel = { kernel: join(folder, 'kernel'), initrd: join(folder, 'initrd') };
  copyFileSync(image.kernel, kernel.kernel);
  copyFileSync(image.initrd, kernel.initrd);
  const hosts: GuestHost[] = [];
  return {
    folder,
    kernel,
    open: (name = 'a', options = {}) => {
      const host = openGuestHost({ root: join(folder, name), account: usualAccount(), ...options });
      hosts.push(host);
      return host;
    },
    spec: (id, words = '', more = {}) => ({
      id,
      uid: 'one',
      epoch: 1,
      generation: 1,
      cpuCount: 1,
      memoryBytes: 96 * mebibyte,
      accelerator: 'tcg',
      boot: { kind: 'kernel', ...kernel, commandLine: `${image.commandLine} uc.name=${id.replace('/', '-')} ${words}` },
      disks: [],
      nics: [],
      slotCount: 4,
      seed: undefined,
      vnc: false,
      ...more,
    }),
    disk: (name, slot, more = {}) => ({
      name,
      file: join(folder, 'disks', `${name}.qcow2`),
      format: 'qcow2',
      readOnly: false,
      sizeBytes: 16 * mebibyte,
      base: undefined,
      slot,
      ...more,
    }),
    clear: async () => {
      const found: string[] = [];
      for (const host of hosts) {
        const left = leftovers(host, []);
        found.push(...left.map((one) => JSON.stringify(one)));
        closeGuestHost(host);
        await removeLeftovers(host, left);
      }
      rmSync(folder, { recursive: true, force: true });
      return found;
    },
  };
};

export const userNic = (name: string, slot: number, forwards: GuestNic['link'] & { kind: 'user' }): GuestNic => ({
  name,
  mac: `52:54:00:00:00:${(16 + slot).toString(16)}`,
  mtu: 1_500,
  link: forwards,
  slot,
});

/** Prepares and starts a guest, and waits until it says that it is ready. */
export const boot = async (host: GuestHost, spec: GuestSpec): Promise<void> => {
  await prepareGuest(host, spec);
  await startGuest(host, spec);
  await said(host, spec.id, /^ready /m);
};

/** Waits until the console has said something. */
export const said = (host: GuestHost, id: string, what: RegExp): Promise<RegExpExecArray> =>
  until(`${what} on the console of ${id}, which says\n${consoleHistory(host, id)}\n`, PATIENCE_MS, () => {
    return what.exec(consoleHistory(host, id)) ?? undefined;
  });

/** Types a line into the shell of a guest; gives what it prints. */
export const typed = async (host: GuestHost, id: string, line: string): Promise<string> => {
  const console = await openConsole(host, id);
  try {
    let heard = '';
    console.setEncoding('utf8');
    console.on('data', (chunk: string) => (heard += chunk));
    console.on('error', () => undefined);
    const mark = `m${Math.random().toString(36).slice(2)}`;
    // The echo of what is typed has the quotes, what is printed has not.
    console.write(`echo ${mark}'b'; ${line}; echo ${mark}'e'\n`);
    const end = `${mark}e`;
    await until(`the answer to ${line}`, PATIENCE_MS, () => (heard.includes(end) ? true : undefined));
    return heard.slice(heard.indexOf(`${mark}b`) + mark.length + 1, heard.indexOf(end)).trim();
  } finally {
    console.destroy();
    // QEMU must see that this one has gone before it takes the next.
    await pause(50);
  }
};

/** The highest number that a counting guest has told. */
export const counted = (host: GuestHost, id: string): number =>
  Math.max(-1, ...[...consoleHistory(host, id).matchAll(/^count (\d+)\s*$/gm)].map(([, digits]) => Number(digits)));
