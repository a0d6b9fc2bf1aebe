import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdctlWith, type Etcdctl } from '#harness/etcd/etcdctl';
import { describeEtcdctl } from '#harness/etcd/etcdctl-suite';

// Other work may share the machine.
jest.setTimeout(120_000);

describeEtcdctl('etcdctl', (on) => {
  describe('endpoint', () => {
    test('status says the version, the size, the leader and where the log is', async () => {
      await on.etcdctl.out('put status 1');
      const [{ Status }] = (await on.etcdctl.json('endpoint status')) as [{ readonly Status: Record<string, unknown> }];
      const { position } = on.server.node.engine.head;
      expect(Status).toEqual({
        header: expect.objectContaining({ revision: position, raft_term: 1 }) as unknown,
        version: '3.4.23+ultracloud.0.1.0',
        dbSize: expect.any(Number) as unknown,
        dbSizeInUse: expect.any(Number) as unknown,
        leader: (Status['header'] as { readonly member_id: number }).member_id,
        raftIndex: position,
        raftAppliedIndex: position,
        raftTerm: 1,
      });
      expect(Status['dbSize']).toBeGreaterThanOrEqual(Status['dbSizeInUse'] as number);
      expect(Status['dbSizeInUse']).toBeGreaterThan(0);
      const table = (await on.etcdctl.out('endpoint status -w table')).split('\n');
      expect(table[1]).toMatch(/ENDPOINT.*ID.*VERSION.*DB SIZE.*IS LEADER.*RAFT TERM.*ERRORS/);
      expect(table[3]).toMatch(
        new RegExp(`${on.server.endpoint} .*true \\| +false \\| +1 \\| +${position} \\| +${position}`),
      );
    });

    test('status and health find the members by themselves', async () => {
      const status = await on.etcdctl.out('endpoint status --cluster');
      expect(status).toMatch(new RegExp(`^http://${on.server.endpoint}, [0-9a-f]+, 3\\.4\\.23`));
      expect(await on.etcdctl.json('endpoint health --cluster')).toMatchObject([
        { endpoint: `http://${on.server.endpoint}`, health: true },
      ]);
    });

    test('health is good', async () => {
      const { code, err } = await on.etcdctl.run('endpoint health');
      expect({ code, err }).toEqual({
        code: 0,
        err: expect.stringContaining(`${on.server.endpoint} is healthy: successfully committed`) as unknown,
      });
      expect(await on.etcdctl.json('endpoint health')).toMatchObject([{ endpoint: on.server.endpoint, health: true }]);
    });

    test('hashkv changes with the keys, and only with them', async () => {
      const hash = async (flags = ''): Promise<unknown> => {
        const [{ HashKV }] = (await on.etcdctl.json(`endpoint hashkv${flags}`)) as [
          { readonly HashKV: { hash: number } },
        ];
        return HashKV.hash;
      };
      await on.etcdctl.out('put hash 1');
      const { position } = on.server.node.engine.head;
      const first = await hash();
      await on.etcdctl.out('lease grant 600');
      expect(await hash()).toBe(first);
      await on.etcdctl.out('put hash 2');
      expect(await hash()).not.toBe(first);
      expect(await hash(` --rev ${position}`)).toBe(first);
      expect(await on.etcdctl.out('endpoint hashkv -w table')).toMatch(/ENDPOINT.*HASH/);
    });
  });

  test('alarm names a full disk, disarm does not talk it away, and it ends with its cause', async () => {
    expect(await on.etcdctl.out('alarm list')).toBe('');
    expect(await on.etcdctl.out('alarm disarm')).toBe('');
    await on.etcdctl.out('put alarm 1');
    on.server.node.engine.refuseWrites('The disk is full.');
    try {
      expect(await on.etcdctl.out('alarm list')).toMatch(/^memberID:\d+ alarm:NOSPACE \n$/);
      expect(await on.etcdctl.out('alarm disarm')).toMatch(/^memberID:\d+ alarm:NOSPACE \n$/);
      expect(await on.etcdctl.refused('put alarm 2')).toBe('1: Error: etcdserver: mvcc: database space exceeded');
      expect(await on.etcdctl.refused('lease grant 60')).toContain('etcdserver: mvcc: database space exceeded');
      expect(await on.etcdctl.out('get alarm --print-value-only')).toBe('1\n');
      expect(await on.etcdctl.out('endpoint status')).toMatch(/, NOSPACE\n$/);
    } finally {
      on.server.node.engine.refuseWrites(undefined);
    }
    expect(await on.etcdctl.out('alarm list')).toBe('');
    expect(await on.etcdctl.out('put alarm 3')).toBe('OK\n');
  });

  test('alarm names a quota that the keys exceed, until some are deleted', async () => {
    const quota = async (verb: string, body: object): Promise<void> => {
      const { engine } = on.server.node;
      const by = { principal: 'admin', credential: 'test', source: 'test', address: '' };
      const { result } = await engine.submit({ kind: `key-quota.${verb}`, id: 'keys', body, ...by });
      expect(result.status).toBe('accepted');
    };
    await quota('set', { maxBytes: 20_000 });
    await on.etcdctl.out('put quota/large', 'x'.repeat(30_000));
    expect(await on.etcdctl.out('alarm list')).toMatch(/alarm:NOSPACE/);
    expect(await on.etcdctl.refused('put quota/small 1')).toBe('1: Error: etcdserver: mvcc: database space exceeded');
    expect(await on.etcdctl.refused('txn', '\nput quota/small 1\n\n\n')).toBe(
      '1: Error: etcdserver: mvcc: database space exceeded',
    );
    expect(await on.etcdctl.out('del quota/large')).toBe('1\n');
    expect(await on.etcdctl.out('alarm list')).toBe('');
    expect(await on.etcdctl.out('put quota/small 1')).toBe('OK\n');
    await quota('lift', {});
  });

  test('member list names this node, and other members cannot be made', async () => {
    expect(await on.etcdctl.out('member list')).toMatch(
      new RegExp(
        `^[0-9a-f]+, started, ultracloud, http://${on.server.endpoint}, http://${on.server.endpoint}, false\n$`,
      ),
    );
    expect(await on.etcdctl.json('member list')).toMatchObject({ members: [{ name: 'ultracloud' }] });
    const message = 'etcdserver: members are not managed through the etcd API';
    for (const line of [
      'member add other --peer-urls=http://192.0.2.1:2380',
      'member remove 1234',
      'member update 1234 --peer-urls=http://192.0.2.1:2380',
      'member promote 1234',
    ]) {
      expect(await on.etcdctl.refused(line)).toBe(`1: Error: rpc error: code = Unimplemented desc = ${message}`);
    }
  });

  test('move-leader finds no other member to lead', async () => {
    expect(await on.etcdctl.refused('move-leader 1234')).toBe('1: Error: etcdserver: bad leader transferee');
  });

  test('defrag is done', async () => {
    expect(await on.etcdctl.out('defrag')).toBe(`Finished defragmenting etcd member[${on.server.endpoint}]\n`);
  });

  test('snapshot save says what to use instead', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'etcdctl-snapshot-'));
    try {
      const file = join(directory, 'snapshot.db');
      expect(await on.etcdctl.refused(`snapshot save ${file}`)).toBe(
        '5: Error: rpc error: code = Unimplemented desc = etcdserver: ' +
          'snapshots have no etcd file format here; use "ultracloud backup create"',
      );
      expect(existsSync(file)).toBe(false);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('user, role and auth find nothing to manage', async () => {
    const message =
      'etcdserver: users and roles are not managed through the etcd API, but through that of the control plane';
    for (const line of ['user list', 'user get root', 'user add a:b', 'role list', 'role add a', 'auth disable']) {
      const says = await on.etcdctl.refused(line);
      expect([line, says]).toEqual([line, `1: Error: rpc error: code = Unimplemented desc = ${message}`]);
    }
  });

  describe('without the token', () => {
    const as = (...flags: readonly string[]): Etcdctl => etcdctlWith(`--endpoints=${on.server.endpoint}`, ...flags);

    test('is refused', async () => {
      const nobody = as();
      const userEmpty = '1: Error: etcdserver: user name is empty';
      for (const line of ['get a', 'put a 1', 'del a', 'compaction 1', 'user list', 'auth enable', 'alarm list']) {
        expect([line, await nobody.refused(line)]).toEqual([line, userEmpty]);
      }
      expect(await nobody.refused('lease grant 60')).toContain('etcdserver: user name is empty');
      expect((await nobody.run('watch a')).err).toContain('watch was canceled (etcdserver: user name is empty)');
      expect(await nobody.refused('endpoint hashkv')).toContain('user name is empty');
    });

    test('is refused with a wrong password, and as somebody else', async () => {
      const failed = '2: Error: etcdserver: authentication failed, invalid user ID or password';
      expect(await as('--user=root:wrong').refused('get a')).toBe(failed);
      expect(await as(`--user=admin:${on.server.token}`).refused('get a')).toBe(failed);
      expect(await as('--user=root', `--password=${on.server.token}`).out('get nothing')).toBe('');
    });

    test('sees who the members are, as in etcd', async () => {
      expect(await as().out('member list')).toContain(`http://${on.server.endpoint}`);
    });
  });
});
