import { eventsIn, keyOf, putRequest, watchRequest } from '#harness/bench/etcd-message';
import {
  callOf,
  headerBlocks,
  onStream,
  openConnection,
  type Address,
  type Connection,
} from '#harness/bench/http2-client';

export interface WatchLoad {
  readonly address: Address;
  readonly token?: string;
  /** All of one key. */
  readonly streams: number;
  readonly connections: number;
  /** Puts that some stream has not seen yet; the writer waits for the streams. */
  readonly ahead: number;
  readonly seconds: number;
}

export interface WatchResult {
  readonly eventsPerSecond: number;
  readonly failed: number;
}

const MESSAGE_HEAD_BYTES = 5;
const KEY = keyOf(0);

/** Counts what all streams receive while one client puts as fast as they take it. */
export const runWatchLoad = async (load: WatchLoad): Promise<WatchResult> => {
  const state = { messages: 0, events: 0, failed: 0, running: true };
  let counted: () => void = () => undefined;
  const lost = (): void => {
    if (state.running) state.failed++;
  };
  const count = (bytes: Buffer, from: number, to: number): void => {
    state.messages++;
    state.events += eventsIn(bytes, from, to);
    counted();
  };
  const readers = await Promise.all(
    Array.from({ length: load.connections }, (_, at) => {
      const streams =
        Math.floor(((at + 1) * load.streams) / load.connections) - Math.floor((at * load.streams) / load.connections);
      return openWatches(load, streams, count, lost);
    }),
  );
  while (state.messages < load.streams && state.failed === 0) await new Promise((done) => setTimeout(done, 5));
  const writer = await openWriter(load, lost);
  let puts = 0;
  const startedAt = performance.now();
  counted = () => {
    while (state.running && puts * load.streams - state.events <= (load.ahead - 1) * load.streams) {
      puts++;
      writer.put();
    }
  };
  counted();
  await new Promise((resolve) => setTimeout(resolve, load.seconds * 1000));
  const { events } = state;
  const seconds = (performance.now() - startedAt) / 1000;
  state.running = false;
  for (const connection of [...readers, writer]) connection.close();
  return { eventsPerSecond: events / seconds, failed: state.failed };
};

const openWriter = async (
  load: WatchLoad,
  lost: () => void,
): Promise<Pick<Connection, 'close'> & { readonly put: () => void }> => {
  const connection = await openConnection(load.address, { data: () => undefined, end: () => undefined, lost });
  const { first, later } = headerBlocks('/etcdserverpb.KV/Put', load.token);
  const message = putRequest(KEY);
  let stream = -1;
  return {
    put: () => {
      stream += 2;
      connection.write(onStream(callOf(stream === 1 ? first : later, message), stream));
    },
    close: connection.close,
  };
};

const openWatches = async (
  load: WatchLoad,
  streams: number,
  count: (bytes: Buffer, from: number, to: number) => void,
  lost: () => void,
): Promise<Connection> => {
  const held = new Map<number, Buffer>();
  const connection = await openConnection(load.address, {
    data: (stream, bytes) => {
      const before = held.get(stream);
      const all = before === undefined ? bytes : Buffer.concat([before, bytes]);
      let at = 0;
      while (all.length - at >= MESSAGE_HEAD_BYTES) {
        const end = at + MESSAGE_HEAD_BYTES + all.readUInt32BE(at + 1);
        if (end > all.length) break;
        count(all, at + MESSAGE_HEAD_BYTES, end);
        at = end;
      }
      if (at < all.length) held.set(stream, all.subarray(at));
      else if (before !== undefined) held.delete(stream);
    },
    end: lost,
    lost,
  });
  const { first, later } = headerBlocks('/etcdserverpb.Watch/Watch', load.token);
  const message = watchRequest(KEY);
  for (let at = 0; at < streams; at++) {
    connection.write(onStream(callOf(at === 0 ? first : later, message, true), 2 * at + 1));
  }
  return connection;
};
