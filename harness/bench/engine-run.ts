import { keyKind } from '#aggregates/chainfire/key';
import { catalog } from '#gateways/catalog';
import type { RunningNode } from '#gateways/server/running-node';
import { verifyDirectory } from '#gateways/server/verify-log';
import { inNewDirectory, withNode } from '#harness/bench/engine-node';
import { keyOf, value } from '#harness/bench/etcd-message';
import type { Submission } from '#log/entry';
import { keyView } from '#projections/chainfire/key';
import { pageOf } from '#projections/selection';

/** What is measured of the engine alone, without a gateway, on a disk below `directory`. */
export interface DecidedRun {
  readonly directory: string;
  readonly inFlight: number;
  readonly keys: number;
  readonly seconds: number;
}

export interface RedecidedRun {
  readonly directory: string;
  readonly entries: number;
}

export interface ScannedRun {
  readonly directory: string;
  readonly keys: number;
}

const caller = { principal: 'admin', credential: 'bench', source: 'bench', address: '' };
const PUTS_PER_TXN = 128;
const PAGE = 1_000;

/** Mostly puts, with what else a coordination store is asked: compares, deletes, and some that are refused. */
const commandAt = (place: number, keys: number): Submission => {
  const id = keyOf(Math.floor(Math.random() * keys));
  switch (place % 10) {
    case 7:
      return { kind: 'key.delete', id, body: {}, ...caller };
    case 8: {
      const compare = [{ key: id, target: 'version', op: '>', value: 0 }];
      const body = { compare, success: [{ put: { key: id, value } }], failure: [{ get: { key: id } }] };
      return { kind: 'key.txn', id: '', body, ...caller };
    }
    case 9:
      return { kind: 'key.put', id, body: { value }, ...caller, expectVersion: 1_000_000 };
    default:
      return { kind: 'key.put', id, body: { value }, ...caller };
  }
};

/** Recorded outcomes a second: each durable, decided and applied before its caller goes on. */
export const decided = (run: DecidedRun): Promise<number> =>
  inNewDirectory(run.directory, (directory) =>
    withNode(directory, async ({ engine }) => {
      let place = 0;
      let until = performance.now() + 1_000;
      const submitOn = async (): Promise<void> => {
        while (performance.now() < until) await engine.submit(commandAt(place++, run.keys));
      };
      const all = (): Promise<unknown> => Promise.all(Array.from({ length: run.inFlight }, submitOn));
      await all();
      const first = engine.head.position;
      const startedAt = performance.now();
      until = startedAt + run.seconds * 1_000;
      await all();
      return ((engine.head.position - first) * 1_000) / (performance.now() - startedAt);
    }),
  );

/** History entries a second, decided again on an empty state and compared with what was recorded. */
export const redecided = (run: RedecidedRun): Promise<number> =>
  inNewDirectory(run.directory, async (directory) => {
    await withNode(directory, async ({ engine }) => {
      for (let place = 0; place < run.entries;) {
        const group: Promise<unknown>[] = [];
        for (const end = Math.min(run.entries, place + 1_000); place < end; place++) {
          group.push(engine.submit(commandAt(place, 100_000)));
        }
        await Promise.all(group);
      }
    });
    const startedAt = performance.now();
    const { entries, difference } = await verifyDirectory(directory, catalog);
    if (difference !== undefined) throw new Error(`history differs at position ${difference.position}`);
    return (entries * 1_000) / (performance.now() - startedAt);
  });

/** Seconds to read every row of the key view, page by page, on a node that has just been started. */
export const scanned = (run: ScannedRun): Promise<number> =>
  inNewDirectory(run.directory, async (directory) => {
    await withNode(directory, ({ engine }) => fillKeys(engine, run.keys));
    return withNode(directory, async ({ engine }) => {
      const startedAt = performance.now();
      let rows = 0;
      let after: string | undefined;
      do {
        const page = after === undefined ? { limit: PAGE } : { after, limit: PAGE };
        const { facts } = engine;
        const selected = pageOf(keyKind, { from: '' }, facts, page);
        for (const fact of selected.facts) if (keyView.row(fact, facts).version > 0) rows++;
        after = selected.cursor;
      } while (after !== undefined);
      if (rows !== run.keys) throw new Error(`the view gave ${rows} ${keyKind.noun} rows, expected ${run.keys}`);
      return (performance.now() - startedAt) / 1_000;
    });
  });

const fillKeys = async (engine: RunningNode['engine'], keys: number): Promise<void> => {
  const txnAt = (from: number): Promise<unknown> => {
    const count = Math.min(PUTS_PER_TXN, keys - from);
    const success = Array.from({ length: count }, (_, at) => ({ put: { key: keyOf(from + at), value } }));
    return engine.submit({ kind: 'key.txn', id: '', body: { success }, ...caller });
  };
  for (let from = 0; from < keys;) {
    const group: Promise<unknown>[] = [];
    for (let count = 0; count < 16 && from < keys; count++, from += PUTS_PER_TXN) group.push(txnAt(from));
    await Promise.all(group);
  }
};
