import { KEY_AT, KEY_DIGITS_AT, keyOf, putRequest, rangeRequest, writeDigits } from '#harness/bench/etcd-message';
import { callOf, headerBlocks, onStream, openConnection, type Address, type Call } from '#harness/bench/http2-client';
import { measured, type LoadResult } from '#harness/bench/load-result';

export interface GrpcLoad {
  readonly address: Address;
  readonly token?: string;
  readonly call: 'put' | 'range';
  /** Each on a connection of its own, with one call in flight unless there is a rate. */
  readonly clients: number;
  readonly keys: number;
  readonly seconds: number;
  /** Calls per second over all clients, sent when they are due whether or not earlier ones have been answered. */
  readonly rate?: number;
}

const PATHS = { put: '/etcdserverpb.KV/Put', range: '/etcdserverpb.KV/Range' } as const;
/** For the answers to calls that were sent before the end of the run. */
const LAST_ANSWERS_MS = 30_000;

interface Client {
  readonly send: (dueAt: number) => void;
  readonly close: () => void;
}

interface Run {
  readonly latencies: number[];
  running: boolean;
  failed: number;
  inFlight: number;
  /** After each answer. */
  answered: (client: Client) => void;
}

export const runGrpcLoad = async (load: GrpcLoad): Promise<LoadResult> => {
  const run: Run = { latencies: [], running: true, failed: 0, inFlight: 0, answered: () => undefined };
  const clients = await Promise.all(Array.from({ length: load.clients }, () => openClient(load, run)));
  const startedAt = performance.now();
  const ended = new Promise<number>((resolve) => {
    setTimeout(() => {
      run.running = false;
      resolve((performance.now() - startedAt) / 1000);
    }, load.seconds * 1000);
  });
  if (load.rate === undefined) {
    run.answered = (client) => {
      if (run.running) client.send(performance.now());
    };
    for (const client of clients) client.send(performance.now());
  } else {
    paced(clients, load.rate, run, startedAt);
  }
  const seconds = await ended;
  const calls = run.latencies.length;
  if (load.rate !== undefined) await settled(run);
  for (const client of clients) client.close();
  return measured(run.latencies, calls, seconds, run.failed);
};

/** Latency counts from when the call was due: a stall must not hide the calls it delayed. */
const paced = (clients: readonly Client[], rate: number, run: Run, startedAt: number): void => {
  let sent = 0;
  const tick = (): void => {
    const due = Math.floor(((performance.now() - startedAt) * rate) / 1000);
    for (; sent < due; sent++) clients[sent % clients.length]?.send(startedAt + ((sent + 1) * 1000) / rate);
    if (run.running) setTimeout(tick, 1);
  };
  tick();
};

const settled = async (run: Run): Promise<void> => {
  const latest = performance.now() + LAST_ANSWERS_MS;
  while (run.inFlight > 0 && performance.now() < latest) await new Promise((resolve) => setTimeout(resolve, 5));
  run.failed += run.inFlight;
};

const openClient = async (load: GrpcLoad, run: Run): Promise<Client> => {
  const blocks = headerBlocks(PATHS[load.call], load.token);
  const message = load.call === 'put' ? putRequest(keyOf(0)) : rangeRequest(keyOf(0));
  const sentAt = new Map<number, number>();
  const served = new Set<number>();
  let call: Call = callOf(blocks.first, message);
  let stream = -1;
  const connection = await openConnection(load.address, {
    data: (on) => served.add(on),
    end: (on) => {
      // An error is answered with trailers alone.
      if (!served.delete(on)) run.failed++;
      else run.latencies.push(performance.now() - (sentAt.get(on) ?? 0));
      sentAt.delete(on);
      run.inFlight--;
      run.answered(client);
    },
    lost: () => {
      run.failed += sentAt.size + 1;
      run.inFlight -= sentAt.size;
    },
  });
  const client: Client = {
    send: (dueAt) => {
      stream += 2;
      sentAt.set(stream, dueAt);
      run.inFlight++;
      writeDigits(call.bytes, call.messageAt + KEY_AT + KEY_DIGITS_AT, Math.floor(Math.random() * load.keys));
      const bytes = onStream(call, stream);
      connection.write(load.rate === undefined ? bytes : Buffer.from(bytes));
      if (stream === 1) call = callOf(blocks.later, message);
    },
    close: connection.close,
  };
  return client;
};
