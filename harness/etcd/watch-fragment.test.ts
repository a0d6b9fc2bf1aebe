import { DeleteRangeRequest, PutRequest } from '#gateways/etcd/messages/kv';
import { WatchRequest, WatchResponse } from '#gateways/etcd/messages/watch';
import { etcdInstalled } from '#harness/bench/server-process';
import type { RawClient } from '#harness/etcd/raw-client';
import { etcdPeer, ourPeer, type RawPeer } from '#harness/etcd/raw-peer';

// Other work may share the machine.
jest.setTimeout(120_000);

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

type Response = ReturnType<typeof WatchResponse.decode>;

interface Follower {
  readonly responses: readonly Response[];
  /** Throws when the stream has ended with an error. */
  until(reached: () => boolean): Promise<void>;
  created(): boolean;
  cancel(): void;
}

const kv = (method: string): string => `/etcdserverpb.KV/${method}`;

const follow = (client: RawClient, fragment: boolean, prefix: string): Follower => {
  const stream = client.stream('/etcdserverpb.Watch/Watch');
  const responses: Response[] = [];
  let made = false;
  stream.on('data', (message: Buffer) => {
    const response = WatchResponse.decode(message);
    if (response.created) made = true;
    else responses.push(response);
  });
  let failure: Error | undefined;
  stream.on('error', (error) => (failure = error));
  stream.write(
    WatchRequest.encode({ create: { key: `${prefix}/`, rangeEnd: `${prefix}0`, prevKv: true, fragment, filters: [] } }),
  );
  return {
    responses,
    until: async (reached) => {
      while (!reached()) {
        if (failure !== undefined) throw failure;
        await soon();
      }
    },
    created: () => made,
    cancel: () => stream.cancel(),
  };
};

interface Part {
  readonly fragment: boolean;
  readonly keys: readonly string[];
}

/** What a watch shows of one deletion of keys with values of these sizes. */
const partsOf = async (client: RawClient, fragment: boolean, sizes: readonly number[]): Promise<readonly Part[]> => {
  const prefix = `${fragment}/${sizes.join('-')}`;
  for (const [index, size] of sizes.entries()) {
    const put = PutRequest.encode({ key: `${prefix}/${index}`, value: Buffer.alloc(size) });
    expect(await client.call(kv('Put'), put)).toHaveProperty('answer');
  }
  const follower = follow(client, fragment, prefix);
  await follower.until(follower.created);
  const remove = DeleteRangeRequest.encode({ key: `${prefix}/`, rangeEnd: `${prefix}0` });
  expect(await client.call(kv('DeleteRange'), remove)).toHaveProperty('answer');
  const shown = (): number => follower.responses.flatMap(({ events }) => events).length;
  await follower.until(() => shown() >= sizes.length);
  follower.cancel();
  const [revision, ...others] = new Set(
    follower.responses.flatMap(({ events }) => events.map((one) => one.kv?.modRevision)),
  );
  expect([typeof revision, others]).toEqual(['number', []]);
  return follower.responses.map((response) => ({
    fragment: response.fragment,
    keys: response.events.map((event) => event.kv?.key.slice(prefix.length + 1) ?? ''),
  }));
};

const mib = 1024 * 1024;

/** Values of the deleted keys, in bytes, and the parts in which a client that takes fragments gets them. */
const cases: readonly (readonly [string, readonly number[], readonly Part[]])[] = [
  ['one event, however large', [1_400_000], [{ fragment: false, keys: ['0'] }]],
  ['less than 2 MiB', [mib, 900_000], [{ fragment: false, keys: ['0', '1'] }]],
  [
    '2 MiB and more',
    [mib, mib],
    [
      { fragment: true, keys: ['0'] },
      { fragment: false, keys: ['1'] },
    ],
  ],
  [
    'events of many sizes',
    [mib, 500_000, 1_200_000, 1_400_000, 10, 20, 1_200_000],
    [
      { fragment: true, keys: ['0', '1'] },
      { fragment: true, keys: ['2'] },
      { fragment: true, keys: ['3', '4', '5'] },
      { fragment: false, keys: ['6'] },
    ],
  ],
];

const suite = (connect: () => Promise<RawPeer>): void => {
  let server: RawPeer;
  beforeAll(async () => {
    server = await connect();
  });
  afterAll(() => server.stop());

  test.each(cases)('cuts a revision for a client that asks for it: %s', async (_what, sizes, parts) => {
    expect(await partsOf(server.client, true, sizes)).toEqual(parts);
  });

  test('keeps a revision together for one that does not', async () => {
    expect(await partsOf(server.client, false, [mib, mib, 10])).toEqual([{ fragment: false, keys: ['0', '1', '2'] }]);
  });
};

describe('a watch', () => suite(ourPeer));

(etcdInstalled() ? describe : describe.skip)('a watch of etcd (needs etcd-server)', () => suite(etcdPeer));
