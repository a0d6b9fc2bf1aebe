import { describeEtcdctl } from '#harness/etcd/etcdctl-suite';

// Other work may share the machine.
jest.setTimeout(120_000);

describeEtcdctl('watches through etcdctl', (on) => {
  const position = (): number => on.server.node.engine.head.position;
  /** Until the server follows for this many, so that nothing is missed. */
  const followed = async (watches: number): Promise<void> => {
    while (on.server.node.watchCount() < watches) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  test('show changes as they come, with what was before', async () => {
    const watch = on.etcdctl.start('watch one/ --prefix --prev-kv');
    await followed(1);
    await on.etcdctl.out('put one/a 1');
    await on.etcdctl.out('put one/a 2');
    await on.etcdctl.out('put two/a 1');
    await on.etcdctl.out('del one/a');
    await on.etcdctl.out('put one/end 1');
    expect(await watch.until('one/end\n1\n')).toBe(
      'PUT\none/a\n1\nPUT\none/a\n1\none/a\n2\nDELETE\none/a\n2\none/a\n\nPUT\none/end\n1\n',
    );
    await watch.interrupt();
  });

  test('start in the past, and show all that a transaction changed together', async () => {
    await on.etcdctl.out('put three/a 1');
    const first = position();
    await on.etcdctl.out('txn', '\nput three/b 2\nput three/c 3\ndel three/a\n\n\n');
    const watch = on.etcdctl.start(`watch three/ --prefix --rev ${first} -w json`);
    await watch.until('"type":1');
    const { out } = await watch.interrupt();
    const responses = out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { Events: object[] });
    expect(responses.map(({ Events }) => Events.length)).toEqual([1, 3]);
    expect(responses[1]).toMatchObject({
      Header: { revision: first + 1 },
      Events: [{ kv: { version: 1 } }, { kv: { version: 1 } }, { type: 1, kv: { mod_revision: first + 1 } }],
    });
  });

  test('are many on one stream, and are ended one by one', async () => {
    const watch = on.etcdctl.start('watch --interactive');
    watch.write('watch four/a\n');
    watch.write('watch four/b four/d\n');
    await followed(2);
    watch.write('progress\n');
    await watch.until('progress notify:');
    await on.etcdctl.out('put four/a 1');
    await on.etcdctl.out('put four/c 2');
    await on.etcdctl.out('put four/d 3');
    await on.etcdctl.out('put four/a end');
    expect(await watch.until('end\n')).toMatch(/PUT\nfour\/a\n1\nPUT\nfour\/c\n2\nPUT\nfour\/a\nend\n$/);
    await watch.interrupt();
  });

  test('run a command for each change', async () => {
    const watch = on.etcdctl.start('watch five -- echo seen');
    await followed(1);
    await on.etcdctl.out('put five 1');
    expect(await watch.until('seen\n')).toBe('PUT\nfive\n1\nseen\n');
    await watch.interrupt();
  });

  test('of a compacted revision are cancelled, and say so', async () => {
    await on.etcdctl.out('put six 1');
    const first = position();
    await on.etcdctl.out('put six 2');
    await on.etcdctl.out(`compaction ${position()}`);
    const { code, err } = await on.etcdctl.run(`watch six --rev ${first}`);
    expect({ code, err }).toEqual({
      code: 5,
      err:
        'watch was canceled (etcdserver: mvcc: required revision has been compacted)\n' +
        'Error: watch is canceled by the server\n',
    });
  });

  test('go back to nothing on the server when their clients are gone', async () => {
    const watches = [1, 2, 3].map((index) => on.etcdctl.start(`watch seven/${index}`));
    await followed(3);
    await Promise.all(watches.map((watch) => watch.kill()));
    while (on.server.node.watchCount() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });
});
