import { handlersOf } from '#gateways/etcd/gateway';
import { serviceOf } from '#gateways/etcd/grpc-service';
import {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RangeResponse,
  TxnRequest,
} from '#gateways/etcd/messages/kv';
import {
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseLeasesResponse,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
} from '#gateways/etcd/messages/lease';
import {
  CampaignRequest,
  LeaderRequest,
  LockRequest,
  ProclaimRequest,
  ResignRequest,
  UnlockRequest,
} from '#gateways/etcd/messages/lock';
import { WatchRequest, WatchResponse } from '#gateways/etcd/messages/watch';
import { startStage, type Person, type Stage } from '#harness/authorisation/stage';
import { etcdctlInstalled, etcdctlWith } from '#harness/etcd/etcdctl';
import { rawClientOf, statusOf, type RawClient } from '#harness/etcd/raw-client';

const nothing = Buffer.alloc(0);
const value = Buffer.from('x');
const place = { name: 'secret/l', key: 'secret/l/7', revision: 1, lease: '7' };

/** A request for each method about a key, or a lease, that only administrators may use. */
const requests: Readonly<Record<string, Buffer>> = {
  '/etcdserverpb.KV/Range': RangeRequest.encode({ key: 'secret/a' }),
  '/etcdserverpb.KV/Put': PutRequest.encode({ key: 'secret/a', value }),
  '/etcdserverpb.KV/DeleteRange': DeleteRangeRequest.encode({ key: 'secret/a' }),
  '/etcdserverpb.KV/Txn': TxnRequest.encode({ success: [{ range: { key: 'secret/a' } }] }),
  '/etcdserverpb.KV/Compact': CompactionRequest.encode({ revision: 1 }),
  '/etcdserverpb.Watch/Watch': WatchRequest.encode({ create: { key: 'secret/a' } }),
  '/etcdserverpb.Lease/LeaseGrant': LeaseGrantRequest.encode({ ttl: 60, id: '8' }),
  '/etcdserverpb.Lease/LeaseRevoke': LeaseRevokeRequest.encode({ id: '7' }),
  '/etcdserverpb.Lease/LeaseKeepAlive': LeaseKeepAliveRequest.encode({ id: '7' }),
  '/etcdserverpb.Lease/LeaseTimeToLive': LeaseTimeToLiveRequest.encode({ id: '7', keys: true }),
  '/etcdserverpb.Lease/LeaseLeases': nothing,
  '/etcdserverpb.Maintenance/Alarm': nothing,
  '/etcdserverpb.Maintenance/Status': nothing,
  '/etcdserverpb.Maintenance/Defragment': nothing,
  '/etcdserverpb.Maintenance/Hash': nothing,
  '/etcdserverpb.Maintenance/HashKV': nothing,
  '/etcdserverpb.Maintenance/Snapshot': nothing,
  '/etcdserverpb.Maintenance/MoveLeader': nothing,
  '/etcdserverpb.Maintenance/Downgrade': nothing,
  '/etcdserverpb.Cluster/MemberList': nothing,
  '/etcdserverpb.Cluster/MemberAdd': nothing,
  '/etcdserverpb.Cluster/MemberRemove': nothing,
  '/etcdserverpb.Cluster/MemberUpdate': nothing,
  '/etcdserverpb.Cluster/MemberPromote': nothing,
  '/v3lockpb.Lock/Lock': LockRequest.encode({ name: 'secret/l', lease: '7' }),
  '/v3lockpb.Lock/Unlock': UnlockRequest.encode({ key: 'secret/l/7' }),
  '/v3electionpb.Election/Campaign': CampaignRequest.encode({ name: 'secret/l', lease: '7', value }),
  '/v3electionpb.Election/Leader': LeaderRequest.encode({ name: 'secret/l' }),
  '/v3electionpb.Election/Proclaim': ProclaimRequest.encode({ leader: place, value }),
  '/v3electionpb.Election/Resign': ResignRequest.encode({ leader: place }),
  '/v3electionpb.Election/Observe': LeaderRequest.encode({ name: 'secret/l' }),
};

const streams: readonly string[] = [
  '/etcdserverpb.Watch/Watch',
  '/etcdserverpb.Lease/LeaseKeepAlive',
  '/v3electionpb.Election/Observe',
];

/** Answered without a token, as in etcd; each may only leave the list. */
const open: readonly string[] = [
  '/etcdserverpb.Auth/Authenticate',
  '/etcdserverpb.Cluster/MemberList',
  '/grpc.health.v1.Health/Check',
];

const denied = '7 etcdserver: permission denied';

jest.setTimeout(120_000);

describe('the etcd gateway', () => {
  let stage: Stage;
  const clients: RawClient[] = [];
  /** Reads and changes keys below `app/`. */
  let app: Person;
  let viewer: Person;
  let stranger: Person;

  const clientOf = (person?: Person): RawClient => {
    const client = rawClientOf(stage.endpoint, person?.token);
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    stage = await startStage();
    app = await stage.person('anna', 'acme', { role: 'key-editor', noun: 'key', prefix: 'app/' });
    viewer = await stage.person('vera', 'acme', { role: 'viewer' });
    stranger = await stage.person('otto', 'rival', { role: 'owner', organisation: 'rival' });
    await stage.act('lease.grant', '7', { ttlSeconds: 3_600 });
    for (const key of ['app/a', 'app/b', 'secret/a', 'secret/l/7', 'zoo']) await stage.act('key.put', key, { value });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await stage.stop();
  });

  /** What the first answer is, or the status that ends the call. */
  const first = (
    client: RawClient,
    path: string,
    request: Buffer,
  ): Promise<{ readonly answer: Buffer } | { readonly refused: string }> =>
    new Promise((resolve) => {
      const stream = client.stream(path);
      stream.on('data', (answer: Buffer) => {
        stream.cancel();
        resolve({ answer });
      });
      stream.on('error', (error: Parameters<typeof statusOf>[0]) => resolve({ refused: statusOf(error) }));
      stream.write(request);
    });

  const ask = async (client: RawClient, path: string): Promise<string> => {
    const request = requests[path] ?? nothing;
    const came = streams.includes(path) ? await first(client, path, request) : await client.call(path, request);
    if ('refused' in came) return came.refused;
    if (path !== '/etcdserverpb.Watch/Watch') return 'answered';
    const { canceled, cancelReason } = WatchResponse.decode(came.answer);
    return canceled ? `7 ${cancelReason}` : 'answered';
  };

  test('has no method that is not asked here', () => {
    const handlers = handlersOf(
      serviceOf(stage.node, { open: () => Promise.resolve(undefined), caller: () => app }, () => ''),
    );
    const asked = Object.keys(requests);
    const others = [...handlers.keys()].filter((path) => !asked.includes(path));
    // Users and roles are not managed through this API.
    const unmanaged = others.filter((path) => /^\/etcdserverpb\.Auth\/(User|Role|AuthEnable|AuthDisable)/.test(path));
    expect(others.filter((path) => !unmanaged.includes(path)).sort()).toEqual([
      '/etcdserverpb.Auth/AuthStatus',
      '/etcdserverpb.Auth/Authenticate',
      '/grpc.health.v1.Health/Check',
    ]);
  });

  test('answers nobody without a token but what etcd answers', async () => {
    const client = clientOf();
    for (const path of Object.keys(requests).filter((name) => !open.includes(name))) {
      expect([path, await ask(client, path)]).toEqual([path, '3 etcdserver: user name is empty']);
    }
  });

  test('denies a stranger everything', async () => {
    const client = clientOf(stranger);
    const answers: Record<string, string> = {};
    for (const path of Object.keys(requests).filter((name) => !open.includes(name))) {
      const answer = await ask(client, path);
      if (answer !== denied) answers[path] = answer;
    }
    expect(answers).toEqual({ '/etcdserverpb.Lease/LeaseLeases': 'answered' });
    const leases = await client.call('/etcdserverpb.Lease/LeaseLeases', nothing);
    expect('answer' in leases && LeaseLeasesResponse.decode(leases.answer).leases).toEqual([]);
  });

  test('lets a viewer of the cluster read and change nothing', async () => {
    const client = clientOf(viewer);
    const answered: string[] = [];
    for (const path of Object.keys(requests).filter((name) => !open.includes(name))) {
      if ((await ask(client, path)) !== denied) answered.push(path.slice(path.indexOf('.') + 1));
    }
    expect(answered.sort()).toEqual([
      'Cluster/MemberAdd',
      'Cluster/MemberPromote',
      'Cluster/MemberRemove',
      'Cluster/MemberUpdate',
      'Election/Leader',
      'Election/Observe',
      'KV/Range',
      'KV/Txn',
      'Lease/LeaseLeases',
      'Lease/LeaseTimeToLive',
      'Maintenance/Alarm',
      'Maintenance/Downgrade',
      'Maintenance/Hash',
      'Maintenance/HashKV',
      'Maintenance/MoveLeader',
      'Maintenance/Status',
      'Watch/Watch',
    ]);
  });

  test('grants a prefix of keys whole, and nothing beside it', async () => {
    const client = clientOf(app);
    const status = async (method: string, request: Buffer): Promise<string> => {
      const came = await client.call(`/etcdserverpb.KV/${method}`, request);
      return 'refused' in came ? came.refused : 'answered';
    };
    const inside = { key: 'app/', rangeEnd: 'app0' };
    expect(await status('Put', PutRequest.encode({ key: 'app/c', value, prevKv: true }))).toBe('answered');
    expect(await status('Range', RangeRequest.encode(inside))).toBe('answered');
    expect(await status('Range', RangeRequest.encode({ ...inside, revision: 3 }))).toBe('answered');
    for (const range of [
      { key: '\0', rangeEnd: '\0' },
      { key: 'app/', rangeEnd: '\0' },
      { key: 'app/', rangeEnd: 'app1' },
      { key: 'app', rangeEnd: 'app0' },
      { key: 'zoo', rangeEnd: 'zoo' },
      { key: 'app' },
    ]) {
      expect([range, await status('Range', RangeRequest.encode(range))]).toEqual([range, denied]);
      expect([range, await status('DeleteRange', DeleteRangeRequest.encode(range))]).toEqual([
        range,
        range.key === 'zoo' ? 'answered' : denied,
      ]);
    }
    const refusedTxns = [
      { success: [{ range: { key: 'secret/a', revision: 1 } }] },
      { failure: [{ range: { key: 'secret/a' } }] },
      { compare: [{ key: 'secret/a', target: 0, result: 0, version: 1 }] },
      { success: [{ put: { key: 'app/a', value } }, { range: { key: 'zoo' } }] },
      { success: [{ deleteRange: { key: 'app/', rangeEnd: 'zzz' } }] },
      { success: [{ put: { key: 'secret/a', value } }] },
    ];
    for (const txn of refusedTxns) expect([txn, await status('Txn', TxnRequest.encode(txn))]).toEqual([txn, denied]);
    expect(
      await status('Txn', TxnRequest.encode({ success: [{ put: { key: 'app/a', value } }, { range: inside }] })),
    ).toBe('answered');
  });

  (etcdctlInstalled() ? test : test.skip)('serves etcdctl of a user with a password (needs etcd-client)', async () => {
    await stage.person('emil', 'acme', { role: 'key-editor', noun: 'key', prefix: 'app/' });
    const password = 'correct-horse-battery';
    const path = '/v1/authenticators/emil/setPassword';
    expect((await stage.call(stage.administrator, 'POST', path, { password })).status).toBe(200);
    const etcdctl = etcdctlWith(`--endpoints=${stage.endpoint}`, `--user=emil:${password}`);
    try {
      expect(await etcdctl.out('put app/own 1')).toBe('OK\n');
      expect(await etcdctl.out('get app/own')).toBe('app/own\n1\n');
      expect(await etcdctl.out('del --prefix app/own')).toBe('1\n');
      for (const line of ['get secret/a', 'put secret/a 1', 'get --prefix a', 'del --from-key app/']) {
        expect([line, await etcdctl.refused(line)]).toEqual([line, '1: Error: etcdserver: permission denied']);
      }
      const watch = await etcdctl.run('watch secret/a');
      expect(watch.err).toContain('etcdserver: permission denied');
    } finally {
      await etcdctl.close();
    }
  });

  test('shows no value before to who may write and not read', async () => {
    await stage.act('role.create', 'blind', { permissions: ['key.put', 'key.delete'] });
    const blind = clientOf(await stage.person('boris', 'acme', { role: 'blind', noun: 'key', prefix: 'app/' }));
    const refused = async (method: string, request: Buffer): Promise<boolean> =>
      'refused' in (await blind.call(`/etcdserverpb.KV/${method}`, request));
    const put = { key: 'app/a', value };
    expect(await refused('Put', PutRequest.encode(put))).toBe(false);
    expect(await refused('Put', PutRequest.encode({ ...put, prevKv: true }))).toBe(true);
    expect(await refused('DeleteRange', DeleteRangeRequest.encode({ key: 'app/a', prevKv: true }))).toBe(true);
    expect(await refused('Txn', TxnRequest.encode({ success: [{ put: { ...put, prevKv: true } }] }))).toBe(true);
    expect(await refused('Txn', TxnRequest.encode({ success: [{ put }] }))).toBe(false);
    const { answer } = (await clientOf(app).call('/etcdserverpb.KV/Range', RangeRequest.encode({ key: 'app/a' }))) as {
      readonly answer: Buffer;
    };
    expect(RangeResponse.decode(answer).count).toBe(1);
  });

  test('ends a watch when its right is taken, and the stream when the session is', async () => {
    const reader = await stage.person('rita', 'acme', { role: 'key-viewer', noun: 'key', prefix: 'app/' });
    await stage.act('binding.create', 'of-rita-2', {
      subject: reader.name,
      role: 'key-viewer',
      noun: 'key',
      prefix: 'r/',
    });
    const stream = clientOf(reader).stream('/etcdserverpb.Watch/Watch');
    const answers: string[] = [];
    const ended = new Promise<string>((resolve) => {
      stream.on('error', (error: Parameters<typeof statusOf>[0]) => resolve(statusOf(error)));
    });
    stream.on('data', (bytes: Buffer) => {
      const { watchId, created, canceled, cancelReason, events } = WatchResponse.decode(bytes);
      answers.push(`${watchId} ${created ? 'created' : canceled ? cancelReason : events.length}`);
    });
    const shown = async (count: number): Promise<readonly string[]> => {
      while (answers.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
      return answers;
    };
    stream.write(WatchRequest.encode({ create: { key: 'app/', rangeEnd: 'app0' } }));
    stream.write(WatchRequest.encode({ create: { key: 'r/', rangeEnd: 'r0' } }));
    await shown(2);
    await Promise.all([
      stage.act('key.put', 'app/a', { value }),
      stage.act('binding.delete', 'of-rita-2'),
      stage.act('key.put', 'r/a', { value }),
    ]);
    await shown(4);
    await stage.act('key.put', 'app/a', { value });
    expect((await shown(5)).toSorted()).toEqual([
      '0 1',
      '0 1',
      '0 created',
      '1 created',
      '1 etcdserver: permission denied',
    ]);
    await stage.act('session.revoke', reader.credential.slice('session/'.length));
    expect(await ended).toBe('16 etcdserver: invalid auth token');
  });
});
