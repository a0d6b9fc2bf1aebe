import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Etcd3, EtcdLockFailedError, type IOptions, type Watcher } from 'etcd3';
import { startGatewayOn, startTestGateway, type TestGateway } from '#harness/etcd/test-gateway';
import { testCertificate } from '#gateways/etcd/http2/test-certificate';

// Other work may share the machine.
jest.setTimeout(120_000);

/** The npm package etcd3 as it is, against a whole node. */
const clientOf = ({ endpoint, token }: TestGateway, options: IOptions = { hosts: endpoint }): Etcd3 =>
  new Etcd3({ auth: { username: 'root', password: token }, ...options });

/** What a watcher has been told, as `put KEY=VALUE` and `delete KEY`. */
const toldTo = (watcher: Watcher): { until(count: number): Promise<readonly string[]> } => {
  const told: string[] = [];
  watcher.on('put', ({ key, value }) => told.push(`put ${key.toString()}=${value.toString()}`));
  watcher.on('delete', ({ key }) => told.push(`delete ${key.toString()}`));
  return {
    until: async (count) => {
      while (told.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
      return told;
    },
  };
};

describe('the etcd3 client', () => {
  let server: TestGateway;
  let client: Etcd3;

  beforeAll(async () => {
    server = await startTestGateway();
    client = clientOf(server);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  test('puts, reads and deletes, one key and many', async () => {
    await client.put('one/a').value('1');
    await client.put('one/b').value(Buffer.from([0, 255]));
    expect(await client.get('one/a').string()).toBe('1');
    expect(await client.get('one/a').number()).toBe(1);
    expect(await client.get('one/b').buffer()).toEqual(Buffer.from([0, 255]));
    expect(await client.get('one/c').string()).toBeNull();
    expect(await client.get('one/a').exists()).toBe(true);
    expect(await client.getAll().prefix('one/').keys()).toEqual(['one/a', 'one/b']);
    expect(await client.getAll().prefix('one/').count()).toBe(2);
    expect(await client.getAll().prefix('one/').sort('Key', 'Descend').limit(1).keys()).toEqual(['one/b']);
    expect((await client.delete().key('one/a').getPrevious()).map(({ value }) => value.toString())).toEqual(['1']);
    expect((await client.delete().prefix('one/')).deleted).toBe('1');
    expect(await client.getAll().prefix('one/').strings()).toEqual({});
  });

  test('keeps to a namespace', async () => {
    const space = client.namespace('two/');
    await space.put('a').value('1');
    expect(await space.getAll().strings()).toEqual({ a: '1' });
    expect(await client.get('two/a').string()).toBe('1');
    await space.delete().all();
    expect(await client.get('two/a').string()).toBeNull();
  });

  test('reads a past revision until it is compacted', async () => {
    const { header } = await client.put('three').value('1');
    await client.put('three').value('2');
    expect(await client.get('three').revision(header.revision).string()).toBe('1');
    await client.kv.compact({ revision: Number(header.revision) + 1 });
    await expect(client.get('three').revision(header.revision).string()).rejects.toThrow(
      '11 OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted',
    );
  });

  test('transacts', async () => {
    const claim = (name: string) =>
      client.if('four', 'Create', '==', 0).then(client.put('four').value(name)).else(client.get('four')).commit();
    expect(await claim('first')).toMatchObject({ succeeded: true });
    const second = await claim('second');
    expect(second.succeeded).toBe(false);
    expect(second.responses[0]?.response_range.kvs[0]?.value.toString()).toBe('first');
    await client.stm().transact(async (tx) => {
      await tx.put('four').value(`${await tx.get('four').string()}+`);
    });
    expect(await client.get('four').string()).toBe('first+');
  });

  test('keeps a lease alive, and loses its keys with it', async () => {
    const lease = client.lease(2);
    await lease.put('five').value('1');
    await once(lease, 'keepaliveSucceeded');
    await once(lease, 'keepaliveSucceeded');
    await once(lease, 'keepaliveSucceeded');
    expect(await client.get('five').string()).toBe('1');
    await lease.revoke();
    expect(await client.get('five').string()).toBeNull();

    const left = client.lease(1);
    await left.put('five').value('2');
    left.release();
    while ((await client.get('five').string()) !== null) await new Promise((resolve) => setTimeout(resolve, 50));

    const lost = client.lease(2);
    const id = await lost.grant();
    const losing = once(lost, 'lost');
    await client.leaseClient.leaseRevoke({ ID: id });
    await losing;
  });

  test('locks', async () => {
    const lock = client.lock('six').ttl(10);
    await lock.acquire();
    await expect(client.lock('six').acquire()).rejects.toThrow(EtcdLockFailedError);
    await lock.release();
    expect(await client.lock('six').do(() => client.getAll().prefix('six').keys())).toEqual(['six']);
    expect(await client.getAll().prefix('six').keys()).toEqual([]);
  });

  test('elects', async () => {
    const election = client.election('seven', 10);
    const first = election.campaign('one');
    await first.wait();
    const observer = await election.observe();
    const changes: (string | undefined)[] = [observer.leader()];
    observer.on('change', (leader) => changes.push(leader));
    const second = election.campaign('two');
    await second.getCampaignKey();
    await first.proclaim('one again');
    while (!changes.includes('one again')) await new Promise((resolve) => setTimeout(resolve, 10));
    const elected = second.wait();
    await first.resign();
    await elected;
    while (changes.at(-1) !== 'two') await new Promise((resolve) => setTimeout(resolve, 10));
    expect(changes.filter((leader) => leader !== undefined)).toEqual(['one', 'one again', 'two']);
    await second.resign();
    await observer.cancel();
  });

  test('watches one key, a prefix, and only some changes', async () => {
    const watchers = [
      await client.watch().key('eight/a').create(),
      await client.watch().prefix('eight/').create(),
      await client.watch().prefix('eight/').only('delete').create(),
    ] as const;
    const [one, all, deletes] = [toldTo(watchers[0]), toldTo(watchers[1]), toldTo(watchers[2])];
    await client.put('eight/a').value('1');
    await client.put('eight/b').value('2');
    await client.delete().key('eight/a');
    expect(await one.until(2)).toEqual(['put eight/a=1', 'delete eight/a']);
    expect(await all.until(3)).toEqual(['put eight/a=1', 'put eight/b=2', 'delete eight/a']);
    expect(await deletes.until(1)).toEqual(['delete eight/a']);
    for (const watcher of watchers) await watcher.cancel();
  });

  test('is refused with a wrong password, without one, and with another name', async () => {
    const attempt = async (auth: IOptions['auth']): Promise<string> => {
      const other = new Etcd3({ hosts: server.endpoint, ...(auth === undefined ? {} : { auth }) });
      try {
        return await other
          .get('a')
          .exec()
          .then(String, (error: Error) => error.message);
      } finally {
        other.close();
      }
    };
    const failed = '3 INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password';
    expect(await attempt({ username: 'root', password: 'wrong' })).toContain(failed);
    expect(await attempt({ username: 'admin', password: server.token })).toContain(failed);
    expect(await attempt(undefined)).toContain('3 INVALID_ARGUMENT: etcdserver: user name is empty');
  });

  test('answers what is not supported with a code of etcd', async () => {
    await expect(client.getUsers()).rejects.toThrow('12 UNIMPLEMENTED: etcdserver: users and roles are not managed');
    await expect(client.cluster.memberRemove({ ID: 1 })).rejects.toThrow('12 UNIMPLEMENTED: etcdserver: members');
    expect((await client.cluster.memberList({})).members.map(({ clientURLs }) => clientURLs)).toEqual([
      [`http://${server.endpoint}`],
    ]);
  });
});

test('the etcd3 client speaks TLS', async () => {
  const server = await startTestGateway({ tls: testCertificate });
  const client = clientOf(server, {
    hosts: `https://${server.endpoint}`,
    credentials: { rootCertificate: Buffer.from(testCertificate.cert) },
  });
  try {
    await client.put('tls').value('1');
    expect(await client.get('tls').string()).toBe('1');
  } finally {
    client.close();
    await server.stop();
  }
});

test('the etcd3 client goes on where it was when the server starts again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'etcd3-restart-'));
  let server = await startGatewayOn(directory);
  const { port } = server;
  const client = clientOf(server);
  const other = (): Etcd3 => clientOf(server);
  try {
    const watcher = await client.watch().prefix('key/').create();
    const told = toldTo(watcher);
    const lease = client.lease(60);
    await lease.put('key/leased').value('1');
    await client.put('key/a').value('1');
    expect(await told.until(2)).toHaveLength(2);
    await server.stop();

    server = await startGatewayOn(directory, { port });
    const writer = other();
    await writer.put('key/a').value('2');
    await writer.delete().key('key/a');
    writer.close();
    expect(await told.until(4)).toEqual(['put key/leased=1', 'put key/a=1', 'put key/a=2', 'delete key/a']);
    await lease.keepaliveOnce();
    expect(await client.get('key/leased').string()).toBe('1');
    await lease.revoke();
    expect((await told.until(5)).at(-1)).toBe('delete key/leased');
    await watcher.cancel();
  } finally {
    client.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});
