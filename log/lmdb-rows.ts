import { statfs } from 'node:fs/promises';
import { constants as system } from 'node:os';
import { open, type Database, type RootDatabase } from 'lmdb';
import { Unpackr } from 'msgpackr';
import { genesis, type Head } from '#log/decide';
import { packr } from '#log/entry';
import type { Versioned } from '#aggregates/facts';
import type { Overlay } from '#log/overlay';
import { tables, type KeyRange, type Rows, type Table } from '#log/rows';

/** The rows on disk, as of the position of the last commit. */
export interface Store extends Rows {
  readonly head: Head;
  /** Writes all changes and the head that they lead to, in one transaction: all of it or nothing. */
  commit(changes: Overlay, head: Head): Promise<void>;
  /** Keeps a row of a state in memory, since every command asks for it. */
  hold(key: string): void;
  /** Runs `read` on one unchanging state of the rows, however long it takes. */
  snapshot<T>(read: (rows: RawRows) => Promise<T>): Promise<T>;
  /** Replaces everything: for restoring. The rows of one table come in key order. */
  load(rows: AsyncIterable<readonly [Table, key: Buffer, value: Buffer]>, head: Head): Promise<void>;
  prune(table: Table, keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Rows as the bytes that are on disk, for snapshots. */
export interface RawRows {
  readonly head: Head;
  raw(table: Table): Iterable<readonly [key: Buffer, value: Buffer]>;
}

type Db = Database<Buffer, string>;

interface Files {
  readonly root: RootDatabase<Buffer, string>;
  readonly directory: string;
}

/** Keys are texts of one byte a character, in memory and on disk alike; this spares a buffer for each. */
const bytes = {
  encoding: 'binary',
  keyEncoder: {
    /** lmdb has a few keys of its own, such as the least, and gives them as bytes. */
    writeKey: (key: string | Uint8Array, target: Buffer, start: number): number => {
      if (start + key.length > target.length) throw new RangeError(`no room for a key of ${key.length} bytes`);
      if (typeof key === 'string') return start + target.write(key, start, 'latin1');
      target.set(key, start);
      return start + key.length;
    },
    readKey: (source: Buffer, start: number, end: number): string => source.toString('latin1', start, end),
  },
} as const;

/** Bytes inside a row are views of the row's own bytes. */
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

/**
 * LMDB reads the next row into the same buffer, of which only `length` says how much is meant. A short copy shares its
 * memory with others, which costs least.
 */
const copyOf = (bytes: Buffer): Buffer => {
  const copy = Buffer.allocUnsafe(bytes.length);
  copy.set(bytes.subarray(0, bytes.length));
  return copy;
};

const HEAD = 'head';
const FORMAT = 'format';
const NOTHING = Buffer.alloc(0);

/** The storage format of this release; a directory of another one is refused with what to do. */
const storeFormat = 1;

export const openStore = async (directory: string, options: { readonly noSync?: boolean } = {}): Promise<Store> => {
  const root = open<Buffer, string>({
    path: directory,
    // Keys are up to 1,024 bytes, which escaping may double.
    pageSize: 8192,
    maxDbs: 32,
    // It would begin transactions by a write whose failure nobody can be told of.
    eventTurnBatching: false,
    ...bytes,
    // The log is durable before these rows are: after a crash an older consistent commit and the log's tail suffice.
    ...(options.noSync === true ? { noSync: true, overlappingSync: false } : { overlappingSync: true }),
  });
  const meta = root.openDB<Buffer, string>({ name: 'meta', ...bytes });
  const dbs = Object.fromEntries(
    tables.map((name) => [name, root.openDB<Buffer, string>({ name, ...bytes })]),
  ) as unknown as Readonly<Record<Table, Db>>;
  const format = meta.get(FORMAT);
  if (format === undefined) await meta.put(FORMAT, Buffer.from([storeFormat]));
  else if (format[0] !== storeFormat) {
    await root.close();
    throw new Error(
      `${directory}: the state has format ${String(format[0])}, this release reads ${storeFormat}. ` +
        'Start the release that wrote it, or restore a backup.',
    );
  }
  return storeOf({ root, directory }, meta, dbs);
};

const storeOf = (files: Files, meta: Db, dbs: Readonly<Record<Table, Db>>): Store => {
  const { root } = files;
  let head = readHead(meta);
  let held: { readonly key: string; readonly row: unknown } | undefined;
  const get: Store['get'] = (table, key) => {
    if (held !== undefined && key === held.key && table === 'state') return held.row;
    try {
      const bytes = dbs[table].getBinaryFast(key);
      return bytes === undefined ? undefined : decodeRow(table, copyOf(bytes));
    } catch (error) {
      throw unreadable(table, error);
    }
  };
  const hold = (key: string): void => {
    held = undefined;
    held = { key, row: get('state', key) };
  };
  return {
    get head() {
      return head;
    },
    get,
    hold,
    range: (table, range) => rangeOf(dbs[table], table, range),
    commit: async (changes, next) => {
      const writes = await encoded(changes);
      await atomically(files, (written) => {
        for (const { table, key, value } of writes) {
          written(value === undefined ? dbs[table].remove(key) : dbs[table].put(key, value));
        }
        written(meta.put(HEAD, encodeHead(next)));
      });
      head = next;
      root.resetReadTxn();
      if (held !== undefined) hold(held.key);
    },
    snapshot: async (read) => {
      const transaction = root.useReadTransaction();
      try {
        const bytes = meta.get(HEAD, { transaction });
        return await read({
          head: bytes === undefined ? genesis : decodeHead(bytes),
          raw: function* (table) {
            // Without a start it would begin behind the keys whose first bytes LMDB's own encoding has for symbols.
            for (const { key, value } of dbs[table].getRange({ start: '', transaction }))
              yield [Buffer.from(key, 'latin1'), value];
          },
        });
      } finally {
        transaction.done();
      }
    },
    load: async (rows, next) => {
      for (const table of tables) await dbs[table].clearAsync();
      let waiting: Promise<unknown> = Promise.resolve();
      let count = 0;
      for await (const [table, key, value] of rows) {
        const put = dbs[table].put(key.toString('latin1'), value);
        if (++count % 10_000 === 0) {
          await waiting;
          waiting = put;
        }
      }
      await waiting;
      await meta.put(HEAD, encodeHead(next));
      await root.flushed;
      head = next;
      if (held !== undefined) hold(held.key);
    },
    prune: async (table, keys) => {
      await atomically(files, (written) => {
        for (const key of keys) written(dbs[table].remove(key));
      });
    },
    close: async () => {
      await root.flushed;
      await root.close();
    },
  };
};

interface Write {
  readonly table: Table;
  readonly key: string;
  /** Undefined: the row goes. */
  readonly value: Buffer | undefined;
}

const ROWS_PER_TURN = 256;

/** Encodes a few rows a turn, so that nobody waits for all of them; handing them to LMDB takes a third of the time. */
const encoded = async (changes: Overlay): Promise<readonly Write[]> => {
  const writes: Write[] = [];
  for (const table of tables) {
    for (const [key, value] of changes.changed(table)) {
      writes.push({ table, key, value: value === undefined ? undefined : encodeRow(table, value) });
      if (writes.length % ROWS_PER_TURN === 0) await new Promise((done) => setImmediate(done));
    }
  }
  return writes;
};

/** LMDB says EIO when a write ended in the middle, which it does on a disk that has less left than this. */
const NO_SPACE_BYTES = 16 * 2 ** 20;

/**
 * All that `work` writes, or nothing. LMDB rejects the promise of each write too when the commit fails, and gives the
 * cause by another promise; what is thrown here is the cause, with `code` ENOSPC when the disk is full.
 */
const atomically = async (
  { root, directory }: Files,
  work: (written: (write: Promise<boolean>) => void) => void,
): Promise<void> => {
  let last: Promise<boolean> | undefined;
  // Most writes of a transaction share one promise.
  const written = (write: Promise<boolean>): void => {
    if (write !== last) void Promise.resolve((last = write)).catch(() => undefined);
  };
  try {
    await root.batch(() => work(written));
  } catch (error) {
    const { commitError } = error as { readonly commitError?: Promise<never> };
    const cause: unknown = commitError === undefined ? error : await commitError.catch((reason: unknown) => reason);
    const number = (cause as { code?: unknown } | null)?.code;
    const { bavail, bsize } = await statfs(directory);
    const full = number === system.errno.ENOSPC || (number === system.errno.EIO && bavail * bsize < NO_SPACE_BYTES);
    if (!full) throw cause;
    throw Object.assign(new Error(`There is no space for the state in ${directory}`, { cause }), { code: 'ENOSPC' });
  }
};

function* rangeOf(db: Db, table: Table, { from, to, reverse = false }: KeyRange): Iterable<readonly [string, unknown]> {
  // LMDB's reverse ranges start at the high end, included, and stop before the low end.
  const options = reverse ? { start: to, reverse: true } : { start: from, end: to };
  try {
    for (const { key, value } of db.getRange(options)) {
      if (reverse && key >= to) continue;
      if (reverse && key < from) return;
      yield [key, decodeRow(table, value)];
    }
  } catch (error) {
    throw unreadable(table, error);
  }
}

/** The code tells it from a defect in a decision: the process stops, and no refusal is recorded. */
const unreadable = (table: Table, cause: unknown): Error =>
  Object.assign(new Error(`the state on disk cannot be read (table ${table}). Restore a backup.`, { cause }), {
    code: 'STATE_UNREADABLE',
  });

const encodeRow = (table: Table, value: unknown): Buffer => {
  switch (table) {
    case 'state':
    case 'version': {
      const { version, createPosition, modPosition, state } = value as Versioned<unknown>;
      return packr.pack([version, createPosition, modPosition, state]);
    }
    case 'outcome':
      return value as Buffer;
    case 'index':
    case 'timer':
    case 'requestAge':
    case 'refusal':
      return NOTHING;
    case 'count':
    case 'request':
      return packr.pack(value);
  }
};

const decodeRow = (table: Table, bytes: Buffer): unknown => {
  switch (table) {
    case 'state':
    case 'version': {
      const row = unpackr.unpack(bytes) as readonly [number, number, number, unknown];
      return { version: row[0], createPosition: row[1], modPosition: row[2], state: row[3] };
    }
    case 'outcome':
      return bytes;
    case 'index':
    case 'timer':
    case 'requestAge':
    case 'refusal':
      return true;
    case 'count':
    case 'request':
      return unpackr.unpack(bytes);
  }
};

const encodeHead = (head: Head): Buffer => packr.pack([head.position, head.nowMs, head.level, head.hash]);

const decodeHead = (bytes: Buffer): Head => {
  const [position, nowMs, level, hash] = packr.unpack(bytes) as readonly [number, number, number, Uint8Array];
  return { position, nowMs, level, hash: Buffer.from(hash) };
};

const readHead = (meta: Db): Head => {
  const bytes = meta.get(HEAD);
  return bytes === undefined ? genesis : decodeHead(bytes);
};
