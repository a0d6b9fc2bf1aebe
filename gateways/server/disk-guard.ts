import { statfs } from 'node:fs/promises';
import type { Engine } from '#log/engine';

const CHECK_MS = 2_000;

/** Below this, commands are refused: the state must still be able to follow the log, and a backup to be looked at. */
export const defaultFloorBytes = 256 * 2 ** 20;

export interface DiskGuard {
  readonly freeBytes: number;
  readonly floorBytes: number;
  stop(): void;
}

/** Announces a disk that fills up at four times the floor, and stops writes cleanly at the floor. */
export const startDiskGuard = async (
  directory: string,
  engine: Engine,
  floorBytes: number,
  warn: (message: string) => void,
): Promise<DiskGuard> => {
  const state = { freeBytes: Infinity, warned: false };
  const check = async (): Promise<void> => {
    const { bavail, bsize } = await statfs(directory);
    state.freeBytes = bavail * bsize;
    const low = state.freeBytes < floorBytes * 4;
    if (low && !state.warned)
      warn(`${directory}: ${mebibytes(state.freeBytes)} left; writes stop at ${mebibytes(floorBytes)}`);
    state.warned = low;
    engine.refuseWrites(
      state.freeBytes < floorBytes
        ? `The disk of ${directory} is full: ${mebibytes(state.freeBytes)} left, ${mebibytes(floorBytes)} needed. ` +
            'Free some space.'
        : undefined,
    );
  };
  await check();
  const timer = setInterval(() => void check().catch(() => undefined), CHECK_MS).unref();
  return {
    get freeBytes() {
      return state.freeBytes;
    },
    floorBytes,
    stop: () => clearInterval(timer),
  };
};

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
