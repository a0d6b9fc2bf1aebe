import { open, type Database, type RootDatabase } from 'lmdb';
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

type Db = Database<Buffer, Buffer>;

const HEAD = Buffer.from('head');
const NOTHING = Buffer.alloc(0);

/** The storage format of this release; a directory of another one is refused with what to do. */
const storeFormat = 1;

export const openStore = async (directory: string, options: { readonly noSync?: boolean } = {}): Promise<Store> => {
  const root = open<Buffer, Buffer>({
    path: directory,
    // Keys are up to 1,024 bytes, which escaping may double.
    pageSize: 8192,
    maxDbs: 32,
    encoding: 'binary',
    keyEncoding: 'binary',
    // The log is durable before these rows are: after a crash an older consistent commit and the log's tail suffice.
    ...(options.noSync === true ? { noSync: true, overlappingSync: false } : { overlappingSync: true }),
  });
  const meta = root.openDB<Buffer, Buffer>({ name: 'meta', encoding: 'binary', keyEncoding: 'binary' });
  const dbs = Object.fromEntries(
    tables.map((name) => [name, root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' })]),
  ) as unknown as Readonly<Record<Table, Db>>;
  const format = meta.get(Buffer.from('format'));
  if (format === undefined) await meta.put(Buffer.from('format'), Buffer.from([storeFormat]));
  else if (format[0] !== storeFormat) {
    await root.close();
    throw new Error(
      `${directory}: the state has format ${String(format[0])}, this release reads ${storeFormat}. ` +
        'Start the release that wrote it, or restore a backup.',
    );
  }
  return storeOf(root, meta, dbs);
};

const storeOf = (root: RootDatabase<Buffer, Buffer>, meta: Db, dbs: Readonly<Record<Table, Db>>): Store => {
  let head = readHead(meta);
  return {
    get head() {
      return head;
    },
    get: (table, key) => {
      const bytes = dbs[table].get(Buffer.from(key, 'latin1'));
      return bytes === undefined ? undefined : decodeRow(table, bytes);
    },
    range: (table, range) => rangeOf(dbs[table], table, range),
    commit: async (changes, next) => {
      await root.batch(() => {
        for (const table of tables) {
          const db = dbs[table];
          for (const [key, value] of changes.changed(table)) {
            const bytes = Buffer.from(key, 'latin1');
            if (value === undefined) void db.remove(bytes);
            else void db.put(bytes, encodeRow(table, value));
          }
        }
        void meta.put(HEAD, encodeHead(next));
      });
      head = next;
      root.resetReadTxn();
    },
    snapshot: async (read) => {
      const transaction = root.useReadTransaction();
      try {
        const bytes = meta.get(HEAD, { transaction });
        return await read({
          head: bytes === undefined ? genesis : decodeHead(bytes),
          raw: function* (table) {
            for (const { key, value } of dbs[table].getRange({ transaction })) yield [key, value];
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
        const put = dbs[table].put(key, value);
        if (++count % 10_000 === 0) {
          await waiting;
          waiting = put;
        }
      }
      await waiting;
      await meta.put(HEAD, encodeHead(next));
      await root.flushed;
      head = next;
    },
    prune: async (table, keys) => {
      await root.batch(() => {
        for (const key of keys) void dbs[table].remove(Buffer.from(key, 'latin1'));
      });
    },
    close: async () => {
      await root.flushed;
      await root.close();
    },
  };
};

function* rangeOf(db: Db, table: Table, { from, to, reverse = false }: KeyRange): Iterable<readonly [string, unknown]> {
  const low = Buffer.from(from, 'latin1');
  const high = Buffer.from(to, 'latin1');
  // LMDB's reverse ranges start at the high end, included, and stop before the low end.
  const options = reverse ? { start: high, reverse: true } : { start: low, end: high };
  for (const { key, value } of db.getRange(options)) {
    const text = key.toString('latin1');
    if (reverse && text >= to) continue;
    if (reverse && text < from) return;
    yield [text, decodeRow(table, value)];
  }
}

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
    case 'alarm':
      return packr.pack(value);
  }
};

const decodeRow = (table: Table, bytes: Buffer): unknown => {
  switch (table) {
    case 'state':
    case 'version': {
      const row = packr.unpack(bytes) as readonly [number, number, number, unknown];
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
    case 'alarm':
      return packr.unpack(bytes);
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
