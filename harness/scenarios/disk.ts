import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stage } from '#harness/scenarios/stage';

const mount = (options: string, directory: string): void => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `mode=700,${options}`, 'tmpfs', directory], { stdio: 'ignore' });
};

const unmount = (directory: string): void => {
  execFileSync('umount', ['--lazy', directory], { stdio: 'ignore' });
};

/** Whether this user may give a scenario a disk of its own. */
export const mayMount = (): boolean => {
  const directory = mkdtempSync(join(tmpdir(), 'ultracloud-mount-'));
  try {
    mount('size=1m', directory);
    unmount(directory);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(directory);
  }
};

/** Puts a disk of its own below the data directory, with options of tmpfs such as `size=64m`. */
export const mountDisk = (stage: Stage, options: string): void => {
  mkdirSync(stage.data);
  mount(options, stage.data);
  stage.after(() => unmount(stage.data));
};
