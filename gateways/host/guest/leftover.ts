import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { groupNames, removeGroup } from '#gateways/host/guest/cgroup';
import { dropMonitor, findGuest, type GuestHost, inTurn } from '#gateways/host/guest/guest-host';
import { refuseOlder } from '#gateways/host/guest/guest-record';
import type { GuestRef } from '#gateways/host/guest/guest-spec';
import { groupPrefix, placesOf } from '#gateways/host/guest/places';
import { end } from '#gateways/host/guest/power';
import { killAndWait, type QemuProcess, qemusBelow } from '#gateways/host/guest/qemu-process';

/** What is here and belongs to no guest that shall be. */
export type Leftover =
  | { readonly kind: 'process'; readonly process: QemuProcess }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'group'; readonly name: string };

/** Everything below the folder of the host that belongs to none of these guests. */
export const leftovers = (host: GuestHost, ids: readonly string[]): readonly Leftover[] => {
  const places = ids.map((id) => placesOf(host.root, id));
  const wanted = new Set(places.map(({ folder }) => basename(folder)));
  const groups = new Set(places.map(({ group }) => group));
  const folderOf = ({ qmp }: QemuProcess): string => qmp.slice(host.root.length + 1).split('/')[0] ?? '';
  return [
    ...qemusBelow(host.root)
      .filter((process) => !wanted.has(folderOf(process)))
      .map((process): Leftover => ({ kind: 'process', process })),
    ...readdirSync(host.root)
      .filter((name) => !wanted.has(name))
      .map((name): Leftover => ({ kind: 'folder', path: join(host.root, name) })),
    ...groupNames()
      .filter((name) => name.startsWith(groupPrefix(host.root)) && !groups.has(name))
      .map((name): Leftover => ({ kind: 'group', name })),
  ];
};

/** Ends and removes what `leftovers` has found, processes first. */
export const removeLeftovers = async (host: GuestHost, found: readonly Leftover[]): Promise<void> => {
  for (const one of found) if (one.kind === 'process') await killAndWait(one.process, host.deadlines.killMs);
  for (const one of found) {
    if (one.kind === 'folder') rmSync(one.path, { recursive: true, force: true });
    if (one.kind === 'group') removeGroup(one.name);
  }
};

/**
 * Ends a guest without asking it and removes all that the host has of it; with `deleteDisks` also the files of its
 * disks, except those that are read-only. One that is not here is removed already.
 */
export const removeGuest = (host: GuestHost, ref: GuestRef, deleteDisks: boolean): Promise<void> =>
  inTurn(host, ref.id, async () => {
    const found = findGuest(host, ref.id);
    if (found !== undefined) {
      refuseOlder(found.spec, ref);
      await end(host, found);
      if (deleteDisks) {
        for (const { file, readOnly } of found.spec.disks) if (!readOnly) rmSync(file, { force: true });
      }
    }
    dropMonitor(host, ref.id);
    const { folder, group } = placesOf(host.root, ref.id);
    rmSync(folder, { recursive: true, force: true });
    removeGroup(group);
  });
