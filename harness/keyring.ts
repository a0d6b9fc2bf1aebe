import type { Keyring } from '#gateways/server/keyring/keyring';
import type { KeyringDisk, KeyringFile } from '#gateways/server/keyring/keyring-disk';
import { openKeyring, type KeyringOptions } from '#gateways/server/keyring/open-keyring';

/** The files of a keyring directory in memory. */
export interface MemoryDisk extends KeyringDisk {
  readonly files: Map<KeyringFile, string>;
  /** Changes that were asked for. */
  readonly changes: number;
  /** The change of this number throws: before anything was done, or when all was. */
  failAt(change: number, when: 'before' | 'after'): void;
}

export const memoryDisk = (held: ReadonlyMap<KeyringFile, string> = new Map()): MemoryDisk => {
  const files = new Map(held);
  let changes = 0;
  let failing: { readonly change: number; readonly when: 'before' | 'after' } | undefined;
  const change = (make: () => void): void => {
    const number = changes++;
    const fault = failing?.change === number ? failing.when : undefined;
    if (fault !== 'before') make();
    if (fault !== undefined) throw new Error('the disk failed');
  };
  return {
    files,
    get changes() {
      return changes;
    },
    failAt: (at, when) => (failing = { change: at, when }),
    prepare: () => undefined,
    path: (file) => `KEYRING/${file}`,
    read: (file) => files.get(file),
    write: (file, text) => change(() => files.set(file, text)),
    replace: (file, by) =>
      change(() => {
        const text = files.get(by);
        if (text === undefined) return;
        files.set(file, text);
        files.delete(by);
      }),
    destroy: (file) => {
      if (files.has(file)) change(() => files.delete(file));
    },
  };
};

/** A keyring that leaves nothing behind. */
export const keyringInMemory = (options: Partial<KeyringOptions> = {}): Keyring =>
  openKeyring({
    disk: memoryDisk(),
    credentials: { present: undefined, previous: undefined },
    knownSubjects: 0,
    ...options,
  });
