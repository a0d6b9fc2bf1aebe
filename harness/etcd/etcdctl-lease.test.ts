import { describeEtcdctl } from '#harness/etcd/etcdctl-suite';

// Other work may share the machine.
jest.setTimeout(120_000);

const hex = '[0-9a-f]{16}';

describeEtcdctl('etcdctl', (on) => {
  const grant = async (seconds: number): Promise<string> => {
    const said = await on.etcdctl.out(`lease grant ${seconds}`);
    expect(said).toMatch(new RegExp(`^lease ${hex} granted with TTL\\(${seconds}s\\)\\n$`));
    return said.slice(6, 22);
  };
  const gone = async (key: string): Promise<void> => {
    while ((await on.etcdctl.out(`get ${key}`)) !== '') await new Promise((resolve) => setTimeout(resolve, 50));
  };

  describe('leases', () => {
    test('are granted, listed, looked at and revoked with their keys', async () => {
      const lease = await grant(600);
      await on.etcdctl.out(`put one/a 1 --lease=${lease}`);
      await on.etcdctl.out(`put one/b 1 --lease=${lease}`);
      expect(await on.etcdctl.out('lease list')).toBe(`found 1 leases\n${lease}\n`);
      expect(await on.etcdctl.out(`lease timetolive ${lease}`)).toMatch(
        new RegExp(`^lease ${lease} granted with TTL\\(600s\\), remaining\\((600|5\\d\\d)s\\)\\n$`),
      );
      expect(await on.etcdctl.out(`lease timetolive --keys ${lease}`)).toContain('attached keys([one/a one/b])\n');
      expect(await on.etcdctl.json(`lease timetolive --keys ${lease}`)).toMatchObject({
        id: expect.any(Number),
        'granted-ttl': 600,
        keys: ['one/a', 'one/b'].map((key) => Buffer.from(key).toString('base64')),
      });
      expect(await on.etcdctl.out(`lease revoke ${lease}`)).toBe(`lease ${lease} revoked\n`);
      expect(await on.etcdctl.out('get one/ --prefix')).toBe('');
      expect(await on.etcdctl.out(`lease timetolive ${lease}`)).toBe(`lease ${lease} already expired\n`);
      expect(await on.etcdctl.out('lease list')).toBe('found 0 leases\n');
    });

    test('live as long as they are kept alive, and take their keys with them when they end', async () => {
      const lease = await grant(2);
      await on.etcdctl.out(`put two/a 1 --lease=${lease}`);
      const kept = on.etcdctl.start(`lease keep-alive ${lease}`);
      // Two renewals are more than its time to live apart from the third.
      const said = `lease ${lease} keepalived with TTL(2)\n`;
      await kept.until(said.repeat(6));
      expect(await on.etcdctl.out('get two/a --print-value-only')).toBe('1\n');
      await kept.kill();
      await gone('two/a');
      expect(await on.etcdctl.out(`lease keep-alive ${lease}`)).toBe(`lease ${lease} expired or revoked.\n`);
    });

    test('are renewed once', async () => {
      const lease = await grant(600);
      expect(await on.etcdctl.out(`lease keep-alive --once ${lease}`)).toBe(
        `lease ${lease} keepalived with TTL(600)\n`,
      );
      await on.etcdctl.out(`lease revoke ${lease}`);
      expect(await on.etcdctl.refused(`lease keep-alive --once ${lease}`)).toBe(
        '2: Error: etcdserver: requested lease not found',
      );
    });

    test('of no time, of too much time, and unknown ones are answered as etcd does', async () => {
      expect(await on.etcdctl.out('lease grant 0')).toMatch(/granted with TTL\(2s\)\n$/);
      expect(await on.etcdctl.refused('lease grant 10000000000')).toBe(
        '1: Error: failed to grant lease (etcdserver: too large lease TTL)',
      );
      expect(await on.etcdctl.refused('lease revoke 1234')).toBe(
        '1: Error: failed to revoke lease (etcdserver: requested lease not found)',
      );
      expect(await on.etcdctl.out('lease timetolive 1234')).toBe('lease 0000000000001234 already expired\n');
    });
  });

  describe('locks', () => {
    test('are held while a command runs, whose exit code is passed on', async () => {
      expect(await on.etcdctl.out('lock three echo held')).toBe('held\n');
      expect(await on.etcdctl.refused('lock three false')).toBe('1: Error: exit status 1');
      expect(await on.etcdctl.out('get three/ --prefix')).toBe('');
    });

    test('go to who came next when the holder leaves, or is killed', async () => {
      const first = on.etcdctl.start('lock four --ttl 2');
      const held = await first.until('\n\n');
      expect(held).toMatch(/^four\/[0-9a-f]+\n\n$/);
      const second = on.etcdctl.start('lock four --ttl 2');
      await waits('four/', 2);
      const third = on.etcdctl.start('lock four');
      await waits('four/', 3);
      await first.interrupt();
      await second.until('four/');
      await second.kill();
      await third.until('four/');
      await third.interrupt();
      expect(await on.etcdctl.out('get four/ --prefix')).toBe('');
    });
  });

  describe('elections', () => {
    test('have one leader, of whom observers are told, and another when it resigns', async () => {
      const listener = on.etcdctl.start('elect --listen five');
      const first = on.etcdctl.start('elect five one');
      await first.until('one\n');
      await listener.until('one\n');
      const second = on.etcdctl.start('elect five two');
      await waits('five/', 2);
      expect((await on.etcdctl.out('get five/ --prefix --print-value-only')).split('\n').sort()).toEqual([
        '',
        'one',
        'two',
      ]);
      await first.interrupt();
      expect(await second.until('two\n')).toMatch(/^five\/[0-9a-f]+\ntwo\n$/);
      expect(await listener.until('two\n')).toMatch(/^five\/[0-9a-f]+\none\nfive\/[0-9a-f]+\ntwo\n$/);
      await second.interrupt();
    });
  });

  /** Until so many stand in line. */
  const waits = async (prefix: string, count: number): Promise<void> => {
    const standing = async (): Promise<number> =>
      ((await on.etcdctl.json(`get ${prefix} --prefix --keys-only`)) as { readonly count?: number }).count ?? 0;
    while ((await standing()) < count) await new Promise((resolve) => setTimeout(resolve, 50));
  };
});
