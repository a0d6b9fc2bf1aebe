import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { GuestFailure } from '#gateways/host/guest/guest-failure';
import type { GuestRef, GuestSpec } from '#gateways/host/guest/guest-spec';
import type { Places } from '#gateways/host/guest/places';
import type { ProcessId } from '#gateways/host/guest/qemu-process';

/** What the driver keeps of a guest, in a file of its folder. */
export interface GuestRecord {
  readonly spec: GuestSpec;
  readonly run: Run;
}

export type Run =
  /** No process is wanted. */
  | { readonly phase: 'stopped' }
  /** One is being started; it may be there without having been written down. */
  | { readonly phase: 'starting'; readonly incoming: boolean }
  /** One was started, and ends only because the driver ends it: if it is gone otherwise, the guest was lost. */
  | { readonly phase: 'started'; readonly incoming: boolean; readonly process: ProcessId }
  | { readonly phase: 'ending'; readonly process: ProcessId };

const RECORD_VERSION = 1;

export const readRecord = (places: Places): GuestRecord | undefined => readFrom(places.record);

const readFrom = (file: string): GuestRecord | undefined => {
  if (!existsSync(file)) return undefined;
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as GuestRecord & { readonly version: number };
    return value.version === RECORD_VERSION ? { spec: value.spec, run: value.run } : undefined;
  } catch (error) {
    // It is written whole or not at all, so a damaged one is a fault of the disk: the same as none.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Written whole or not at all, and on the disk when this returns. */
export const writeRecord = (places: Places, record: GuestRecord): void => {
  const unfinished = `${places.record}.new`;
  const file = openSync(unfinished, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify({ version: RECORD_VERSION, ...record }));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(unfinished, 0o600);
  renameSync(unfinished, places.record);
};

/** Every guest that has a record below this folder. */
export const recordsBelow = (root: string): readonly GuestRecord[] =>
  readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => readFrom(join(root, entry.name, 'guest.json')) ?? []);

/** Refuses what is older than what was here: another host, or a later wish, has the word. */
export const refuseOlder = (kept: GuestRef, given: GuestRef): void => {
  const older =
    given.epoch < kept.epoch ||
    (given.epoch === kept.epoch && (given.uid !== kept.uid || given.generation < kept.generation));
  if (!older) return;
  const text = ({ uid, epoch, generation }: GuestRef): string => `${uid} epoch ${epoch} generation ${generation}`;
  throw new GuestFailure('stale', `${given.id}: ${text(given)} after ${text(kept)}.`);
};
