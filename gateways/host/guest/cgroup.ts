import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '#gateways/system-code';

/** What a guest and its QEMU may take of the host together. */
export interface GroupLimits {
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly threadCount: number;
}

/** A control group of one guest: folders whose `cgroup.procs` a process joins before it becomes QEMU. */
export interface ControlGroup {
  readonly folders: readonly string[];
  /** Limits that this machine cannot set, each with the reason. */
  readonly missing: readonly string[];
}

const mount = '/sys/fs/cgroup';
const PERIOD_US = 100_000;

/** Version 2 where it is the only one, else version 1; 0 where this machine shows none. */
export const cgroupVersion = (): 0 | 1 | 2 => {
  if (existsSync(join(mount, 'cgroup.controllers'))) return 2;
  return existsSync(join(mount, 'memory')) || existsSync(join(mount, 'cpu')) ? 1 : 0;
};

interface Setting {
  readonly what: string;
  readonly folder: string;
  readonly values: readonly (readonly [file: string, value: string])[];
}

/** QEMU needs some time beside that of the guest's processors, or a guest at full load could stop its own disks. */
const quotaOf = (cpuCount: number): number => cpuCount * PERIOD_US + PERIOD_US / 2;

const settings = (name: string, limits: GroupLimits): readonly Setting[] => {
  const quota = quotaOf(limits.cpuCount);
  if (cgroupVersion() === 2) {
    const folder = join(mount, 'ultracloud', name);
    return [
      { what: 'cpu', folder, values: [['cpu.max', `${quota} ${PERIOD_US}`]] },
      { what: 'memory', folder, values: [['memory.max', String(limits.memoryBytes)]] },
      { what: 'pids', folder, values: [['pids.max', String(limits.threadCount)]] },
    ];
  }
  const folder = (controller: string): string => join(mount, controller, 'ultracloud', name);
  return [
    {
      what: 'cpu',
      folder: folder('cpu'),
      values: [
        ['cpu.cfs_period_us', String(PERIOD_US)],
        ['cpu.cfs_quota_us', String(quota)],
      ],
    },
    { what: 'memory', folder: folder('memory'), values: [['memory.limit_in_bytes', String(limits.memoryBytes)]] },
    { what: 'pids', folder: folder('pids'), values: [['pids.max', String(limits.threadCount)]] },
  ];
};

/** Makes the group, or sets its limits anew. What cannot be had is told and not an error: guests run without. */
export const makeGroup = (name: string, limits: GroupLimits): ControlGroup => {
  const version = cgroupVersion();
  if (version === 0) return { folders: [], missing: ['cpu, memory and pids: there are no control groups here'] };
  const folders = new Set<string>();
  const missing: string[] = [];
  for (const { what, folder, values } of settings(name, limits)) {
    try {
      if (version === 1 && !existsSync(join(folder, '../..'))) throw new Error(`no controller ${what}`);
      mkdirSync(folder, { recursive: true });
      if (version === 2) delegate(folder, what);
      for (const [file, value] of values) writeFileSync(join(folder, file), value);
      folders.add(folder);
    } catch (error) {
      missing.push(`${what}: ${systemCode(error) ?? (error as Error).message}`);
    }
  }
  return { folders: [...folders], missing };
};

/** In version 2 a parent hands each controller on to those below it. */
const delegate = (folder: string, controller: string): void => {
  const parent = join(folder, '..');
  for (const each of [join(parent, '..'), parent]) {
    const file = join(each, 'cgroup.subtree_control');
    if (!readFileSync(file, 'utf8').split(/\s+/).includes(controller)) writeFileSync(file, `+${controller}`);
  }
};

/** For where only the folders matter. */
const nothing: GroupLimits = { cpuCount: 1, memoryBytes: 0, threadCount: 0 };

/** Removes the group; one that somebody is still in stays, and the next call removes it. */
export const removeGroup = (name: string): void => {
  for (const folder of new Set(settings(name, nothing).map((setting) => setting.folder))) {
    try {
      rmdirSync(folder);
    } catch (error) {
      if (!['ENOENT', 'EBUSY', 'EACCES', 'EROFS', 'EPERM'].includes(systemCode(error) ?? '')) throw error;
    }
  }
};

/** Every group that was made here. */
export const groupNames = (): readonly string[] => {
  const parents = new Set(settings('none', nothing).map(({ folder }) => dirname(folder)));
  const names = [...parents].flatMap((parent) =>
    existsSync(parent) ? readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory()) : [],
  );
  return [...new Set(names.map(({ name }) => name))].sort();
};

/** A shell that joins the group and then becomes the program that is named after it. */
export const joiningArgv = ({ folders }: ControlGroup): readonly string[] => {
  if (folders.length === 0) return [];
  const joins = folders.map((folder) => `echo 0 > '${join(folder, 'cgroup.procs')}' || exit 96`);
  return ['sh', '-c', `${joins.join('; ')}; exec "$@"`, 'sh'];
};
