import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';

/**
 * Where what belongs to a guest is. QEMU, which may run as another user, can write below `run` only, so that a guest
 * that breaks out of it cannot change what the driver believes.
 */
export interface Places {
  readonly folder: string;
  /** What the driver knows of the guest. */
  readonly record: string;
  /** Of QEMU's user, closed to others. */
  readonly run: string;
  readonly qmp: string;
  readonly console: string;
  /** What the console has said; of QEMU's user, who writes it. */
  readonly history: string;
  readonly vnc: string;
  /** What QEMU itself has complained of. */
  readonly complaints: string;
  readonly seed: string;
  /** The name of its control group; two hosts on one machine have groups of their own. */
  readonly group: string;
}

/** Short names: the path of a Unix socket has at most 107 bytes. */
export const placesOf = (root: string, id: string): Places => {
  const folder = join(root, folderName(id));
  const run = join(folder, 'run');
  return {
    folder,
    record: join(folder, 'guest.json'),
    run,
    qmp: join(run, 'qmp'),
    console: join(run, 'console'),
    history: join(folder, 'console.log'),
    vnc: join(run, 'vnc'),
    complaints: join(folder, 'qemu.log'),
    seed: join(folder, 'seed.iso'),
    group: `${groupPrefix(root)}${basename(folder)}`,
  };
};

/** What the names of all control groups of a host begin with. */
export const groupPrefix = (root: string): string => `${createHash('sha256').update(root).digest('hex').slice(0, 8)}-`;

/** For people the last label, for uniqueness a digest. */
const folderName = (id: string): string => {
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 12);
  return `${(id.split('/').at(-1) ?? '').slice(0, 16).replace(/-+$/, '')}-${digest}`;
};
