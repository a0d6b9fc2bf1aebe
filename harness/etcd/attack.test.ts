import type { ServiceError } from '@grpc/grpc-js';
import { PutRequest, RangeRequest, RangeResponse, TxnRequest } from '#gateways/etcd/messages/kv';
import { LeaseGrantRequest, LeaseKeepAliveRequest } from '#gateways/etcd/messages/lease';
import { WatchRequest, WatchResponse } from '#gateways/etcd/messages/watch';
import { rawClientOf, statusOf, type RawClient } from '#harness/etcd/raw-client';
import { startTestGateway, type TestGateway } from '#harness/etcd/test-gateway';
import { randomOf, type Random } from '#harness/simulator/random';

// Other work may share the machine.
jest.setTimeout(120_000);

const unary: Readonly<Record<string, readonly string[]>> = {
  'etcdserverpb.KV': ['Range', 'Put', 'DeleteRange', 'Txn', 'Compact'],
  'etcdserverpb.Lease': ['LeaseGrant', 'LeaseRevoke', 'LeaseTimeToLive', 'LeaseLeases'],
  'etcdserverpb.Cluster': ['MemberAdd', 'MemberRemove', 'MemberUpdate', 'MemberPromote'],
  'etcdserverpb.Maintenance': [
    'Alarm',
    'Status',
    'Defragment',
    'Hash',
    'HashKV',
    'Snapshot',
    'MoveLeader',
    'Downgrade',
  ],
  'etcdserverpb.Auth': [
    'AuthEnable',
    'AuthDisable',
    'AuthStatus',
    'UserAdd',
    'UserGet',
    'UserList',
    'UserDelete',
    'UserChangePassword',
    'UserGrantRole',
    'UserRevokeRole',
    'RoleAdd',
    'RoleGet',
    'RoleList',
    'RoleDelete',
    'RoleGrantPermission',
    'RoleRevokePermission',
  ],
  'v3lockpb.Lock': ['Lock', 'Unlock'],
  'v3electionpb.Election': ['Campaign', 'Proclaim', 'Leader', 'Resign'],
};
const streaming = ['/etcdserverpb.Watch/Watch', '/etcdserverpb.Lease/LeaseKeepAlive', '/v3electionpb.Election/Observe'];
/** Whoever has no token may ask who the members are, whether we are there, and for a token. */
const open = ['/etcdserverpb.Cluster/MemberList', '/grpc.health.v1.Health/Check', '/etcdserverpb.Auth/Authenticate'];

const unaryPaths = Object.entries(unary).flatMap(([service, methods]) =>
  methods.map((method) => `/${service}/${method}`),
);

const nothing = Buffer.alloc(0);
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
/** More than a lone message of this size has ever to wait. */
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

let server: TestGateway;
let client: RawClient;
const defects: unknown[] = [];

beforeAll(async () => {
  server = await startTestGateway({ onDefect: (error, path) => defects.push([path, error]) });
  client = rawClientOf(server.endpoint, server.token);
});
afterAll(async () => {
  client.close();
  await server.stop();
});
afterEach(() => expect(defects).toEqual([]));

const ended = (path: string, metadata: Readonly<Record<string, string>>): Promise<string> =>
  new Promise((resolve) => {
    const stream = client.stream(path, metadata);
    stream.on('error', (error: ServiceError) => resolve(statusOf(error)));
    stream.on('data', () => undefined);
  });

describe('a call without a valid token', () => {
  const wrong: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['none', {}, '3 etcdserver: user name is empty'],
    ['an empty one', { token: '' }, '3 etcdserver: user name is empty'],
    ['a guessed one', { token: 'guess.5' }, '16 etcdserver: invalid auth token'],
    ['a guessed bearer', { authorization: 'Bearer guess' }, '16 etcdserver: invalid auth token'],
  ];

  test.each(wrong)(
    'is refused on every method but the open ones, and changes nothing: %s',
    async (_which, shown, says) => {
      const { position } = server.node.engine.head;
      for (const path of unaryPaths)
        expect([path, await client.call(path, nothing, shown)]).toEqual([path, { refused: says }]);
      for (const path of streaming) expect([path, await ended(path, shown)]).toEqual([path, says]);
      for (const path of open.slice(0, 2)) expect(await client.call(path, nothing, shown)).toHaveProperty('answer');
      expect(await client.call('/etcdserverpb.Auth/Authenticate', nothing, shown)).toEqual({
        refused: '3 etcdserver: user name is empty',
      });
      expect(server.node.engine.head.position).toBe(position);
    },
  );
});

test('a method or a service that does not exist is not implemented', async () => {
  expect(await client.call('/etcdserverpb.KV/Increment', nothing)).toEqual({
    refused: '12 unknown method Increment for service etcdserverpb.KV',
  });
  expect(await client.call('/etcdserverpb.Nothing/At', nothing)).toEqual({
    refused: '12 unknown service etcdserverpb.Nothing',
  });
  for (const path of ['/', '//', '/a', '/etcdserverpb.KV/', '/etcdserverpb.KV/Put/more', '/../etcdserverpb.KV/Put']) {
    expect(await client.call(path, nothing)).toMatchObject({
      refused: expect.stringMatching(/^12 unknown /) as unknown,
    });
  }
});

/** Requests of which bytes are changed, and bytes that never were a request. */
const damaged = (random: Random): Buffer => {
  const range = { key: 'a', rangeEnd: 'c', limit: 3, revision: 2 };
  const put = { key: 'a', value: bytes('v'), lease: '5', prevKv: true };
  const requests = [
    RangeRequest.encode(range),
    PutRequest.encode(put),
    TxnRequest.encode({ compare: [{ key: 'a', version: 1 }], success: [{ put }, { range }], failure: [{ range }] }),
    LeaseGrantRequest.encode({ ttl: 60, id: '77' }),
    WatchRequest.encode({ create: { ...range, startRevision: 1, filters: [0, 1] } }),
    Buffer.from(Array.from({ length: random.under(40) }, () => random.under(256))),
  ];
  const request = Buffer.from(random.pick(requests));
  for (let changes = random.under(4); changes > 0 && request.length > 0; changes--) {
    request[random.under(request.length)] = random.under(256);
  }
  return request;
};

describe('a request', () => {
  test('of any bytes is refused or answered, on every method, and never a defect', async () => {
    const random = randomOf(7);
    const known = /^(2|3|5|8|9|11|12|13|14) /;
    for (let round = 0; round < 20; round++) {
      for (const path of unaryPaths) {
        // Locks and campaigns wait for their turn.
        if (/Lock$|Campaign$/.test(path)) continue;
        const request = damaged(random);
        const answered = await client.call(path, request);
        if ('refused' in answered) expect([path, answered.refused]).toEqual([path, expect.stringMatching(known)]);
      }
    }
    for (const path of streaming) {
      for (let round = 0; round < 20; round++) {
        const stream = client.stream(path);
        const over = new Promise((resolve) => stream.on('error', resolve).on('end', resolve));
        stream.on('data', () => undefined);
        for (let part = 0; part < 5; part++) stream.write(damaged(random));
        stream.end();
        // An observer goes on after the half-close.
        await Promise.race([over, soon()]);
        stream.cancel();
      }
    }
  });

  test('with fields that we do not know is taken for what it is', async () => {
    const unknown = Buffer.from('fa3e03616263f83e01', 'hex');
    const put = PutRequest.encode({ key: 'unknown', value: bytes('1') });
    expect(await client.call('/etcdserverpb.KV/Put', Buffer.concat([unknown, put, unknown]))).toHaveProperty('answer');
    const range = await client.call('/etcdserverpb.KV/Range', RangeRequest.encode({ key: 'unknown' }));
    const [kv] = 'answer' in range ? RangeResponse.decode(range.answer).kvs : [];
    expect(kv).toMatchObject({ key: 'unknown', value: bytes('1') });
  });

  const huge = 2 ** 62;
  const cases: readonly (readonly [string, string, Buffer, string])[] = [
    [
      'a revision beyond all',
      'KV/Range',
      RangeRequest.encode({ key: 'a', revision: huge }),
      '11 etcdserver: mvcc: required revision is a future revision',
    ],
    [
      'an unknown order',
      'KV/Range',
      RangeRequest.encode({ key: 'a', sortOrder: 9 }),
      '3 etcdserver: invalid sort option',
    ],
    [
      'an unknown sort target',
      'KV/Range',
      RangeRequest.encode({ key: 'a', sortTarget: -1 }),
      '3 etcdserver: invalid sort option',
    ],
    [
      'an unknown comparison',
      'KV/Txn',
      TxnRequest.encode({ compare: [{ key: 'a', target: 9 }] }),
      '3 etcdserver: unknown comparison',
    ],
    ['an operation that does nothing', 'KV/Txn', TxnRequest.encode({ success: [{}] }), '3 etcdserver: key not found'],
    [
      'a lease of a negative number',
      'KV/Put',
      PutRequest.encode({ key: 'a', lease: '-7' }),
      '5 etcdserver: requested lease not found',
    ],
    [
      'a lease of too much time',
      'Lease/LeaseGrant',
      LeaseGrantRequest.encode({ ttl: huge }),
      '11 etcdserver: too large lease TTL',
    ],
    [
      'a message of more than 2 MiB',
      'KV/Put',
      PutRequest.encode({ key: 'a', value: Buffer.alloc(3_000_000) }),
      '8 grpc: received message larger than max (3000008 vs. 2097152)',
    ],
    [
      'bytes that are cut off',
      'KV/Put',
      Buffer.from('0a056161', 'hex'),
      '13 grpc: error unmarshalling request: content of octet 2 is cut off',
    ],
  ];
  test.each(cases)('of %s is refused', async (_what, method, request, refused) => {
    const { position } = server.node.engine.head;
    expect(await client.call(`/etcdserverpb.${method}`, request)).toEqual({ refused });
    expect(server.node.engine.head.position).toBe(position);
  });

  test('of a negative or huge limit reads all', async () => {
    for (const limit of [-1, huge]) {
      const request = RangeRequest.encode({ key: 'unknown', rangeEnd: '\0', limit });
      expect(await client.call('/etcdserverpb.KV/Range', request)).toHaveProperty('answer');
    }
  });
});

describe('a stream', () => {
  test('of keep-alives for leases that there are not goes on', async () => {
    const stream = client.stream('/etcdserverpb.Lease/LeaseKeepAlive');
    let answers = 0;
    stream.on('data', () => answers++);
    stream.on('error', () => undefined);
    for (const id of ['1', '-1', '9223372036854775807', '0']) stream.write(LeaseKeepAliveRequest.encode({ id }));
    while (answers < 4) await soon();
    stream.cancel();
  });

  test('that is not read costs little, and shows everything once it is', async () => {
    const stream = client.stream('/etcdserverpb.Watch/Watch');
    stream.on('error', () => undefined);
    const revisions: number[] = [];
    let created = false;
    stream.on('data', (message: Buffer) => {
      const response = WatchResponse.decode(message);
      created ||= response.created;
      for (const { kv } of response.events) revisions.push(kv?.modRevision ?? 0);
    });
    stream.write(WatchRequest.encode({ create: { key: 'slow', rangeEnd: '', startRevision: 0, filters: [] } }));
    while (!created || server.node.watchCount() === 0) await soon();
    stream.pause();
    const put = PutRequest.encode({ key: 'slow', value: Buffer.alloc(100_000) });
    const count = 100;
    for (let index = 0; index < count; index++) await client.call('/etcdserverpb.KV/Put', put);
    // The server has let go of a reader that is this far behind.
    while (server.node.watchCount() > 0) await soon();
    stream.resume();
    while (revisions.length < count) await soon();
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    stream.cancel();
  });

  test('has 10,000 watches and no more, and each shows what is its own', async () => {
    const stream = client.stream('/etcdserverpb.Watch/Watch');
    stream.on('error', () => undefined);
    const responses: {
      readonly watchId: number;
      readonly events: readonly unknown[];
      readonly cancelReason: string;
    }[] = [];
    stream.on('data', (message: Buffer) => responses.push(WatchResponse.decode(message)));
    const watch = (key: string): unknown => stream.write(WatchRequest.encode({ create: { key, filters: [] } }));
    for (let index = 0; index < 10_000; index++) watch(`many/${index}`);
    while (responses.length < 10_000 || server.node.watchCount() < 10_000) await soon();
    watch('many/one too many');
    while (responses.length < 10_001) await soon();
    expect(responses.at(-1)).toMatchObject({ watchId: -1, cancelReason: 'mvcc: too many watches on one stream' });
    await client.call('/etcdserverpb.KV/Put', PutRequest.encode({ key: 'many/9999', value: bytes('1') }));
    while (responses.length < 10_002) await soon();
    expect(responses.at(-1)).toMatchObject({ watchId: 9999, events: [{ kv: { key: 'many/9999' } }] });
    stream.cancel();
    while (server.node.watchCount() > 0) await soon();
  });
});
