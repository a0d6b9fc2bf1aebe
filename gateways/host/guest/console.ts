import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { GuestFailure } from '#gateways/host/guest/guest-failure';
import { findGuest, type GuestHost } from '#gateways/host/guest/guest-host';
import { type Places, placesOf } from '#gateways/host/guest/places';
import { within } from '#gateways/host/guest/waiting';

/** How much of what a console has said is kept. */
const HISTORY_BYTES = 2 ** 20;

/** The last that the console has said, over all starts of the guest; empty when it has said nothing. */
export const consoleHistory = (host: GuestHost, id: string, mostBytes = HISTORY_BYTES): string => {
  const { history } = placesOf(host.root, id);
  return existsSync(history) ? endOf(history, mostBytes).toString('utf8') : '';
};

const endOf = (file: string, mostBytes: number): Buffer => {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, mostBytes));
    const read = readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, read);
  } finally {
    closeSync(handle);
  }
};

/**
 * Cuts what a console has said down to the end of it. QEMU writes the file itself, also while no driver runs, so a
 * driver calls this from time to time; what QEMU writes in the moment of cutting is lost.
 */
export const trimHistory = ({ history }: Places): void => {
  const size = statSync(history, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= 2 * HISTORY_BYTES) return;
  const kept = endOf(history, HISTORY_BYTES);
  const handle = openSync(history, 'a');
  try {
    // QEMU appends, so it goes on at the new end.
    ftruncateSync(handle, 0);
    writeSync(handle, kept);
  } finally {
    closeSync(handle);
  }
};

const CONNECT_MS = 5_000;

/**
 * The console, to type on and to read from. QEMU has one such connection at a time: whoever opens the next waits until
 * this one is closed. Reading alone is better done by `consoleHistory`.
 */
export const openConsole = async (host: GuestHost, id: string): Promise<Socket> => {
  const found = findGuest(host, id);
  if (found?.process === undefined) throw new GuestFailure('notRunning', id);
  const socket = createConnection({ path: found.places.console });
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (error) => reject(new GuestFailure('lost', `The console of ${id}: ${error.message}.`)));
  });
  try {
    await within(`the console of ${id}`, CONNECT_MS, connected);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
};
