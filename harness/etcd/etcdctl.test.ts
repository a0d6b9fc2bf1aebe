import { describeEtcdctl } from '#harness/etcd/etcdctl-suite';

// Other work may share the machine.
jest.setTimeout(120_000);

describeEtcdctl('keys through etcdctl', (on) => {
  const out = (line: string, input?: string): Promise<string> => on.etcdctl.out(line, input);
  const json = (line: string, input?: string): Promise<unknown> => on.etcdctl.json(line, input);
  const refused = async (line: string, message: string, input?: string): Promise<void> => {
    expect(await on.etcdctl.refused(line, input)).toBe(`1: Error: ${message}`);
  };
  const position = (): number => on.server.node.engine.head.position;
  const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

  test('are put and read in each format', async () => {
    expect(await out('put one/a 1')).toBe('OK\n');
    const created = position();
    expect(await out('put one/a 2 --prev-kv')).toBe('OK\none/a\n1\n');
    expect(await out('get one/a')).toBe('one/a\n2\n');
    expect(await out('get one/a --consistency=s')).toBe('one/a\n2\n');
    expect(await out('get one/a --print-value-only')).toBe('2\n');
    expect(await out('get one/a --keys-only')).toBe('one/a\n\n');
    expect(await out('get one/a --hex')).toBe('\\x6f\\x6e\\x65\\x2f\\x61\n\\x32\n');
    const fields = (await out('get one/a -w fields')).split('\n');
    expect(fields).toEqual(
      expect.arrayContaining(['"Key" : "one/a"', '"Value" : "2"', '"Version" : 2', '"Count" : 1', '"More" : false']),
    );
    expect(await json('get one/a')).toMatchObject({
      header: { revision: position() },
      kvs: [
        {
          key: base64('one/a'),
          value: base64('2'),
          version: 2,
          create_revision: created,
          mod_revision: created + 1,
        },
      ],
      count: 1,
    });
    expect(await out('get one/nothing')).toBe('');
  });

  test('take their value from standard input', async () => {
    const value = 'line one\nline two\n';
    await out('put two/a', value);
    expect(await out('get two/a --print-value-only')).toBe(`${value}\n`);
  });

  test('are read in ranges, in order, up to a limit, and of a past revision', async () => {
    for (const [key, value] of [
      ['a', '3'],
      ['b', '1'],
      ['c', '2'],
    ] as const)
      await out(`put three/${key} ${value}`);
    const before = position();
    await out('put three/b 9');
    const values = async (flags: string): Promise<string> =>
      (await out(`get ${flags} --print-value-only`)).split('\n').join('');
    expect(await values('three/ --prefix')).toBe('392');
    expect(await values('three/ --prefix --limit 2')).toBe('39');
    expect(await values('three/b three/d')).toBe('92');
    expect(await values('three/b --from-key --limit 2')).toBe('92');
    expect(await values('three/ --prefix --order DESCEND')).toBe('293');
    expect(await values('three/ --prefix --sort-by VALUE --order ASCEND')).toBe('239');
    expect(await values('three/ --prefix --sort-by MODIFY --order DESCEND')).toBe('923');
    expect(await values('three/ --prefix --sort-by CREATE')).toBe('392');
    expect(await values('three/ --prefix --sort-by VERSION --order DESCEND --limit 1')).toBe('9');
    expect(await values(`three/ --prefix --rev ${before}`)).toBe('312');
    expect(await json('get three/ --prefix --limit 1')).toMatchObject({ count: 3, more: true });
  });

  test('keep their value or their lease when a put says so', async () => {
    const lease = /lease (\w+)/.exec(await out('lease grant 600'))?.[1] ?? '';
    await out(`put four/a 1 --lease=${lease}`);
    expect(await out('put four/a 2 --ignore-lease')).toBe('OK\n');
    expect(await json('get four/a')).toMatchObject({ kvs: [{ value: base64('2'), lease: expect.any(Number) }] });
    expect(await out('put four/a --ignore-value')).toBe('OK\n');
    const { kvs } = (await json('get four/a')) as { readonly kvs: readonly object[] };
    expect(kvs[0]).toMatchObject({ value: base64('2'), version: 3 });
    expect(kvs[0]).not.toHaveProperty('lease');
  });

  test('are deleted, one or a range, with what they held', async () => {
    for (const key of ['a', 'b', 'c/d']) await out(`put five/${key} ${key}`);
    expect(await out('del five/b --prev-kv')).toBe('1\nfive/b\nb\n');
    expect(await out('del five/b')).toBe('0\n');
    expect(await out('del five/ --prefix --prev-kv')).toBe('2\nfive/a\na\nfive/c/d\nc/d\n');
    expect(await out('get five/ --prefix')).toBe('');
    await out('put zzz 1');
    expect(await out('del zz --from-key')).toBe('1\n');
  });

  test('are compared and changed together', async () => {
    const request =
      'mod("six") > "0"\nvalue("six") = "x"\n\nput six "y z"\nget six\n\nput six n\nget six\ndel other\n\n';
    expect(await out('txn', request)).toBe('FAILURE\n\nOK\n\nsix\nn\n\n0\n');
    await out('put six x');
    expect(await out('txn', request)).toBe('SUCCESS\n\nOK\n\nsix\ny z\n');
    expect(await out('txn --interactive', 'ver("six") = "3"\n\nget six\n\n\n')).toContain('SUCCESS\n\nsix\ny z\n');
    expect(await out('txn', 'create("six") != "0"\n\ndel six\n\n\n')).toBe('SUCCESS\n\n1\n');
    expect(await json('txn', '\nget nothing\nput seven 1\n\n\n')).toMatchObject({
      header: { revision: position() },
      succeeded: true,
    });
  });

  test('are compacted: older revisions are gone, also for good', async () => {
    await out('put eight 1');
    const first = position();
    await out('put eight 2');
    const second = position();
    expect(await out(`get eight --rev ${first} --print-value-only`)).toBe('1\n');
    expect(await out(`compaction ${second}`)).toBe(`compacted revision ${second}\n`);
    await refused(`get eight --rev ${first}`, 'etcdserver: mvcc: required revision has been compacted');
    expect(await out(`get eight --rev ${second} --print-value-only`)).toBe('2\n');
    await refused(`compaction ${second}`, 'etcdserver: mvcc: required revision has been compacted');
    await out('put eight 3');
    expect(await out(`compaction --physical ${position()}`)).toBe(`compacted revision ${position() - 1}\n`);
    await refused(`compaction ${position() + 100}`, 'etcdserver: mvcc: required revision is a future revision');
  });

  test('are refused in the words of etcd', async () => {
    const too = 'x'.repeat(1_600_000);
    const txn = Array.from({ length: 129 }, (_, index) => `put nine/${index} 1\n`).join('');
    await refused('put  1', 'etcdserver: key is not provided');
    await refused('put nine 1 --ignore-lease', 'etcdserver: key not found');
    await refused('put nine 1 --lease=77', 'etcdserver: requested lease not found');
    await refused('put nine', 'etcdserver: request is too large', too);
    await refused(`get nine --rev ${position() + 100}`, 'etcdserver: mvcc: required revision is a future revision');
    await refused('txn', 'etcdserver: too many operations in txn request', `\n${txn}\n\n`);
    await refused('txn', 'etcdserver: duplicate key given in txn request', '\nput nine 1\nput nine 2\n\n\n');
    await refused('txn', 'etcdserver: key is not provided', '\nput "" 1\n\n\n');
    expect(await out('get nine --prefix')).toBe('');
  });
});
