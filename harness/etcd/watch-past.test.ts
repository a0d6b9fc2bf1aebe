import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceOf } from '#gateways/etcd/grpc-service';
import type { GrpcStream } from '#gateways/etcd/http2/grpc-stream';
import { PutRequest } from '#gateways/etcd/messages/kv';
import { WatchRequest, WatchResponse } from '#gateways/etcd/messages/watch';
import { frameEncoder } from '#gateways/etcd/watch/frame-encoding';
import { openWatchStream } from '#gateways/etcd/watch/watch-stream';
import { restoreBackup } from '#gateways/server/restore';
import type { RunningNode } from '#gateways/server/running-node';
import { rawClientOf, type RawClient } from '#harness/etcd/raw-client';
import { ourPeer, type OurPeer } from '#harness/etcd/raw-peer';
import { startGatewayOn, type TestGateway } from '#harness/etcd/test-gateway';

// Other work may share the machine.
jest.setTimeout(120_000);

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

type Response = ReturnType<typeof WatchResponse.decode>;

const watchFrom = (key: string, startRevision: number): Buffer =>
  WatchRequest.encode({ create: { key, startRevision, filters: [] } });

/** A client whose reading a test controls: what it has not read stays with the stream. */
const unreadStream = () => {
  const calls = { message: (_: Buffer) => {}, drain: () => {}, cancel: () => {} };
  const revisions: number[] = [];
  let bufferedBytes = 0;
  const stream: GrpcStream = {
    path: '/etcdserverpb.Watch/Watch',
    peer: 'test',
    cancelled: false,
    metadata: () => undefined,
    get bufferedBytes() {
      return bufferedBytes;
    },
    writable: true,
    onMessage: (listener) => void (calls.message = listener),
    onHalfClose: () => {},
    onCancel: (listener) => void (calls.cancel = listener),
    onDrain: (listener) => void (calls.drain = listener),
    sendHeaders: () => {},
    write: (payload) => void (bufferedBytes += payload.length),
    writeFramed: (framed) => {
      bufferedBytes += framed.length;
      for (const { kv } of WatchResponse.decode(framed.subarray(5)).events) revisions.push(kv?.modRevision ?? 0);
    },
    end: () => {},
    abort: () => {},
  };
  return {
    stream,
    calls,
    revisions,
    read: () => {
      bufferedBytes = 0;
      calls.drain();
    },
  };
};

describe('a watch of a long past', () => {
  let peer: OurPeer;

  beforeAll(async () => {
    peer = await ourPeer();
  });
  afterAll(() => peer.stop());

  test('is read at the pace of its reader, by one watch', async () => {
    const { client, server } = peer;
    // The first use of the token is noted in the log, so that what is counted comes behind it.
    await client.call('/etcdserverpb.KV/Put', PutRequest.encode({ key: 'other', value: Buffer.alloc(1) }));
    const first = server.node.engine.head.position + 1;
    const put = PutRequest.encode({ key: 'long', value: Buffer.alloc(100_000) });
    const count = 40;
    for (let index = 0; index < count; index++) await client.call('/etcdserverpb.KV/Put', put);
    let watches = 0;
    let waits = false;
    const node: RunningNode = {
      ...server.node,
      watch: (ranges, from, sink) => {
        watches++;
        const ready = (): Promise<void> | undefined => {
          const busy = sink.ready?.();
          waits = busy !== undefined;
          return busy;
        };
        return server.node.watch(ranges, from, { ...sink, ready });
      },
    };
    const sessions = {
      open: () => Promise.resolve(undefined),
      caller: () => ({ name: 'admin', credential: 'admin.token', address: '' }),
    };
    const service = serviceOf(node, sessions, () => '');
    const { stream, calls, revisions, read } = unreadStream();
    openWatchStream(service, frameEncoder(service), stream, sessions.caller());
    calls.message(watchFrom('long', first));
    let most = 0;
    while (revisions.length < count) {
      if (waits) read();
      await soon();
      most = Math.max(most, stream.bufferedBytes);
    }
    expect(most).toBeLessThan(512 * 1024);
    expect(watches).toBe(1);
    expect(revisions).toEqual(Array.from({ length: count }, (_, index) => first + index));
    calls.cancel();
    expect(server.node.watchCount()).toBe(0);
  });
});

describe('after a restore', () => {
  const directories: string[] = [];
  let server: TestGateway;
  let client: RawClient;
  /** Positions up to `taken` are the backup's, `lost` came after it, and `base` begins what followed. */
  let taken: number;
  let lost: number;
  let base: number;
  let followed: number;

  const directoryOf = (): string => {
    const directory = mkdtempSync(join(tmpdir(), 'etcd-restored-'));
    directories.push(directory);
    return directory;
  };
  const put = async (gateway: TestGateway, value: string): Promise<number> => {
    const caller = rawClientOf(gateway.endpoint, gateway.token);
    const request = PutRequest.encode({ key: 'k', value: Buffer.from(value) });
    expect(await caller.call('/etcdserverpb.KV/Put', request)).toHaveProperty('answer');
    caller.close();
    return gateway.node.engine.head.position;
  };
  /** The first response to a watch behind the one that says that it was made. */
  const shownFrom = async (startRevision: number): Promise<Response | undefined> => {
    const stream = client.stream('/etcdserverpb.Watch/Watch');
    const responses: Response[] = [];
    stream.on('data', (message: Buffer) => responses.push(WatchResponse.decode(message)));
    stream.on('error', () => undefined);
    stream.write(watchFrom('k', startRevision));
    while (responses.length < 2) await soon();
    stream.cancel();
    return responses[1];
  };

  beforeAll(async () => {
    const old = await startGatewayOn(directoryOf());
    await put(old, '1');
    const backup = await old.node.operations.createBackup('before');
    taken = backup.position;
    await put(old, '2');
    lost = await put(old, '3');
    const data = directoryOf();
    ({ base } = await restoreBackup({ backup: backup.path, data }));
    await old.stop();
    server = await startGatewayOn(data);
    followed = await put(server, '4');
    client = rawClientOf(server.endpoint, server.token);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  });

  test('a watch from a revision that was left out is compacted, and says where the past goes on', async () => {
    expect(lost).toBeGreaterThan(taken + 1);
    for (const start of [lost, lost + 1, base - 1]) {
      expect(await shownFrom(start)).toMatchObject({
        canceled: true,
        compactRevision: base,
        cancelReason: 'etcdserver: mvcc: required revision has been compacted',
      });
    }
  });

  test('a watch from there, and one of a client that has seen all of the backup, show what followed', async () => {
    for (const start of [base, taken + 1]) {
      expect(await shownFrom(start)).toMatchObject({
        canceled: false,
        events: [{ kv: { key: 'k', value: Buffer.from('4'), modRevision: followed } }],
      });
    }
  });
});
