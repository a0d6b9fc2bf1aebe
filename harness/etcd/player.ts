import { setTimeout as pause } from 'node:timers/promises';
import type { Etcd3, IKeyValue, IResponseOp, IWatchResponse } from 'etcd3';
import {
  bytes,
  compareRequest,
  deleteRequest,
  operationRequest,
  putRequest,
  rangeRequest,
  watchRequest,
} from '#harness/etcd/step-request';
import { traceKeys, type Operation, type RangeStep, type Step, type WatchStep } from '#harness/etcd/trace';

/** What a step came to, with revisions as ordinals; plain data, to be compared. */
export interface Answer {
  readonly error?: string;
  readonly value?: unknown;
}

export interface Played {
  readonly answers: readonly Answer[];
  /** What each watch showed, in the order in which the watches were made. */
  readonly watched: readonly unknown[];
}

/** etcd looks every 100 ms whether a watch of the past has something to catch up with. */
const catchUpMs = 300;
const watchLimitMs = 10_000;
/** Far behind anything a trace reaches. */
const futureRevision = 1_000_000_000;

const text = (value: Buffer): string => value.toString('latin1');

interface Watched {
  readonly step: WatchStep;
  /** It starts behind anything the trace reaches. */
  readonly silent: boolean;
  readonly responses: IWatchResponse[];
}

type Answers = (response: IWatchResponse) => boolean;

/** Plays a trace through a client, one step after another, on a server without keys and leases. */
export const play = async (client: Etcd3, trace: readonly Step[]): Promise<Played> => {
  /** Revisions of all changes so far. */
  const changes: number[] = [];
  const revision = (ordinal: number): number => (ordinal <= 0 ? ordinal : (changes[ordinal - 1] ?? futureRevision));
  const watches = new Map<string, Watched>();
  const all: Watched[] = [];
  const stream = await client.watchClient.watch();
  /** What the step under way waits for. */
  let awaited: { readonly answers: Answers; readonly resolve: (response: IWatchResponse) => void } | undefined;
  const answered = (request: Parameters<typeof stream.write>[0], answers: Answers): Promise<IWatchResponse> =>
    new Promise((resolve) => {
      awaited = { answers, resolve };
      stream.write(request);
    });
  stream.on('data', (response) => {
    watches.get(String(response.watch_id))?.responses.push(response);
    if (awaited?.answers(response) !== true) return;
    const { resolve } = awaited;
    awaited = undefined;
    resolve(response);
  });
  stream.on('error', () => undefined);

  const changed = (header: { readonly revision: string }): void => {
    changes.push(Number(header.revision));
  };

  const steps: Readonly<Record<string, (step: never) => Promise<unknown>>> = {
    put: async ({ put }: Extract<Step, { kind: 'put' }>) => {
      const answer = await client.kv.put(putRequest(put));
      changed(answer.header);
      return { prevKv: answer.prev_kv };
    },
    range: async ({ range }: Extract<Step, { kind: 'range' }>) =>
      rangeAnswer(range, await client.kv.range(rangeRequest(range, revision))),
    delete: async (step: Extract<Step, { kind: 'delete' }>) => {
      const answer = await client.kv.deleteRange(deleteRequest(step.delete));
      if (Number(answer.deleted) > 0) changed(answer.header);
      return { deleted: answer.deleted, prevKvs: answer.prev_kvs };
    },
    txn: async ({ compare, success, failure }: Extract<Step, { kind: 'txn' }>) => {
      const answer = await client.kv.txn({
        compare: compare.map((one) => compareRequest(one, revision)),
        success: success.map((one) => operationRequest(one, revision)),
        failure: failure.map((one) => operationRequest(one, revision)),
      });
      const done = answer.responses;
      if (done.some((one) => hasPut(one) || Number(deletedBy(one)) > 0)) changed(answer.header);
      const asked = answer.succeeded ? success : failure;
      return { succeeded: answer.succeeded, responses: done.map((one, index) => operationAnswer(asked[index], one)) };
    },
    compact: async (step: Extract<Step, { kind: 'compact' }>) => {
      await pause(catchUpMs);
      await client.kv.compact({ revision: revision(step.revision) });
      return {};
    },
    grant: async ({ id, ttl }: Extract<Step, { kind: 'grant' }>) => {
      const answer = await client.leaseClient.leaseGrant({ ID: id, TTL: ttl });
      return { id: answer.ID, ttl: answer.TTL };
    },
    revoke: async ({ id }: Extract<Step, { kind: 'revoke' }>) => {
      const { keys } = await client.leaseClient.leaseTimeToLive({ ID: id, keys: true });
      const answer = await client.leaseClient.leaseRevoke({ ID: id });
      if (keys.length > 0) changed(answer.header);
      return {};
    },
    timeToLive: async ({ id }: Extract<Step, { kind: 'timeToLive' }>) => {
      const answer = await client.leaseClient.leaseTimeToLive({ ID: id, keys: true });
      const keys = answer.keys.map(text).sort();
      return { id: answer.ID, lives: Number(answer.TTL) > 0, granted: answer.grantedTTL, keys };
    },
    keepAlive: async ({ id }: Extract<Step, { kind: 'keepAlive' }>) => {
      const renewals = await client.leaseClient.leaseKeepAlive();
      const answer = await new Promise<{ readonly ID: string; readonly TTL: string }>((resolve, reject) => {
        renewals.on('data', resolve);
        renewals.on('error', reject);
        renewals.write({ ID: id });
      });
      renewals.end();
      return { id: answer.ID, ttl: answer.TTL };
    },
    leases: async () => ({ ids: (await client.leaseClient.leaseLeases()).leases.map(({ ID }) => ID) }),
    watch: async ({ watch }: Extract<Step, { kind: 'watch' }>) => {
      const from = revision(watch.start);
      const answer = await answered({ create_request: watchRequest(watch, from) }, (response) => {
        const { created, canceled, watch_id: id } = response;
        // In the turn of the answer, so that no event comes before there is a place for it.
        if (created && !canceled) {
          const watched = { step: watch, silent: from === futureRevision, responses: [] };
          watches.set(String(id), watched);
          all.push(watched);
        }
        return created || (canceled && String(id) === '-1');
      });
      return { id: answer.watch_id, canceled: answer.canceled, reason: answer.cancel_reason };
    },
    cancel: async ({ watchId }: Extract<Step, { kind: 'cancel' }>) => {
      if (!watches.has(String(watchId))) return {};
      await pause(catchUpMs);
      if (watches.get(String(watchId))?.responses.some(({ canceled }) => canceled) === true) return {};
      const answer = await answered(
        { cancel_request: { watch_id: watchId } },
        ({ canceled, watch_id: id }) => canceled && String(id) === String(watchId),
      );
      watches.delete(String(watchId));
      return { canceled: answer.canceled };
    },
    progress: async () => {
      await pause(catchUpMs);
      const {
        header,
        watch_id: id,
        events,
      } = await answered(
        { progress_request: {} },
        ({ created, canceled, watch_id }) => !created && !canceled && String(watch_id) === '-1',
      );
      return { id, events, mod_revision: header.revision };
    },
    gone: async ({ key }: Extract<Step, { kind: 'gone' }>) => {
      for (;;) {
        const { header, count } = await client.kv.range({ key: bytes(key) });
        if (count === '0') {
          changed(header);
          return {};
        }
        await pause(catchUpMs);
      }
    },
  };

  const raw: Answer[] = [];
  for (const step of trace) {
    try {
      raw.push({ value: await (steps[step.kind] as (step: Step) => Promise<unknown>)(step) });
    } catch (error) {
      raw.push({ error: error instanceof Error ? error.message : String(error) });
    }
  }
  // Each watch that is left sees a put and a delete of the last key in its range, and then nothing more.
  for (const key of traceKeys) {
    changed((await client.kv.put({ key: bytes(key), value: bytes('end') })).header);
    changed((await client.kv.deleteRange({ key: bytes(key) })).header);
  }
  const end = Date.now() + watchLimitMs;
  for (const watched of all) while (!finished(watched, changes) && Date.now() < end) await pause(10);
  stream.cancel();
  const shown = all.map(({ step, responses }) => ({
    step,
    events: responses.flatMap(({ events }) => events),
    compacted: responses.filter(({ canceled }) => canceled).map(({ compact_revision: at }) => ({ mod_revision: at })),
  }));
  return {
    answers: raw.map((answer) => normal(answer, changes) as Answer),
    watched: shown.map((one) => normal(one, changes)),
  };
};

const finished = ({ step, silent, responses }: Watched, changes: readonly number[]): boolean => {
  if (silent || responses.some(({ canceled }) => canceled)) return true;
  const last = traceKeys.findLastIndex((key) => watches(step, key));
  if (last < 0 || (step.noPut && step.noDelete)) return true;
  const revision = changes[changes.length - 2 * (traceKeys.length - last) + (step.noDelete ? 0 : 1)] ?? 0;
  return responses.some(({ events }) => events.some(({ kv }) => Number(kv.mod_revision) >= revision));
};

const watches = ({ key, rangeEnd }: WatchStep, id: string): boolean => {
  const from = key === '' ? '\0' : key;
  return rangeEnd === '' ? id === from : id >= from && (rangeEnd === '\0' || id < rangeEnd);
};

/** Revisions become ordinals and bytes text, wherever they stand. */
const normal = (value: unknown, changes: readonly number[]): unknown => {
  if (Buffer.isBuffer(value)) return text(value);
  if (Array.isArray(value)) return value.map((one) => normal(one, changes));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name !== 'create_revision' && name !== 'mod_revision') return [name, normal(inner, changes)];
      const at = Number(inner);
      return [name, at === 0 ? 0 : changes.filter((change) => change <= at).length];
    }),
  );
};

/** The message that stands for one of several is absent in all but one of them. */
const hasPut = (response: IResponseOp): boolean =>
  (response as Partial<IResponseOp> & { response: string }).response === 'response_put';

const deletedBy = (response: IResponseOp): string =>
  (response as { readonly response_delete_range?: { readonly deleted: string } }).response_delete_range?.deleted ?? '0';

const operationAnswer = (operation: Operation | undefined, response: Partial<IResponseOp>): unknown => {
  if (operation !== undefined && 'range' in operation && response.response_range) {
    return rangeAnswer(operation.range, response.response_range);
  }
  const deleted = response.response_delete_range;
  if (deleted) return { deleted: deleted.deleted, prevKvs: deleted.prev_kvs };
  return { prevKv: response.response_put?.prev_kv };
};

const rangeAnswer = (
  { sortTarget }: RangeStep,
  { kvs, more, count }: { readonly kvs: IKeyValue[]; readonly more: boolean; readonly count: string },
) => ({ kvs: withOrderedTies(kvs, sortTarget), more, count });

/** etcd's sort is not stable: keys that are equal in what is sorted by come in any order. */
const withOrderedTies = (kvs: IKeyValue[], sortTarget: number): readonly IKeyValue[] => {
  const targets = ['key', 'version', 'create_revision', 'mod_revision', 'value'] as const;
  const target = targets[sortTarget] ?? 'key';
  const shown = (kv: IKeyValue): string => text(Buffer.from(kv[target]));
  const ordered: IKeyValue[] = [];
  for (let from = 0; from < kvs.length;) {
    let to = from + 1;
    while (to < kvs.length && shown(kvs[to] as IKeyValue) === shown(kvs[from] as IKeyValue)) to++;
    ordered.push(...kvs.slice(from, to).sort((a, b) => Buffer.compare(a.key, b.key)));
    from = to;
  }
  return ordered;
};
