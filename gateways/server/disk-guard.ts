import { statfs } from 'node:fs/promises';
import type { Engine } from '#log/engine';
import type { Notices } from '#gateways/server/notices';

const CHECK_MS = 2_000;
/** When it gets short, a fast writer must not get from the warning to the end between two looks. */
const CHECK_OFTEN_MS = 200;
/** Of the floor: so much must be free before commands are taken again, or they would be refused by turns. */
const REOPEN = 17 / 16;

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
  notices: Notices,
): Promise<DiskGuard> => {
  let freeBytes = Infinity;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    const { bavail, bsize } = await statfs(directory);
    freeBytes = bavail * bsize;
    const full = freeBytes < (engine.refusing === undefined ? floorBytes : floorBytes * REOPEN);
    const left = `${mebibytes(freeBytes)} are left on the disk of ${directory}`;
    if (full) {
      engine.refuseWrites(`${left}, and writes need ${mebibytes(floorBytes)}. Free some space.`);
      notices.tell(
        'disk full',
        `${left}: writes are refused below ${mebibytes(floorBytes)}, reads go on. Free some space.`,
      );
    } else {
      engine.refuseWrites(undefined);
      notices.takeBack('disk full');
    }
    if (!full && freeBytes < floorBytes * 4) {
      notices.tell('disk low', `${left}; writes stop at ${mebibytes(floorBytes)}. Free some space soon.`);
    } else notices.takeBack('disk low');
  };
  const goOn = (): void => {
    if (stopped) return;
    timer = setTimeout(
      () =>
        void look()
          .catch(() => undefined)
          .finally(goOn),
      pauseMs(),
    ).unref();
  };
  const pauseMs = (): number => (freeBytes < floorBytes * 4 ? CHECK_OFTEN_MS : CHECK_MS);
  await look();
  goOn();
  return {
    get freeBytes() {
      return freeBytes;
    },
    floorBytes,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
};

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
