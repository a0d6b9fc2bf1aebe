import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kind } from '#aggregates/facts';
import { Forgotten, KeyringUnavailable } from '#gateways/server/keyring/keyring';
import type { Outcome } from '#log/outcome';
import { openTestNode, type TestNode } from '#harness/node';

const secretKeyKind = kind<{ keys: readonly { key: string; forgottenAt?: number }[] }>('secret-key');
const alice = 'user/alice';
const purpose = 'user/alice/password';
const secret = Buffer.from('correct horse battery staple');

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'ultracloud-keyring-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const data = (...names: readonly string[]): string => join(directory, 'data', ...names);
const keyIdOf = (sealed: string): string => sealed.split(':')[2] ?? '';
const keysOf = (node: TestNode) => node.engine.facts.get(secretKeyKind, alice)?.state.keys;
const forget = (node: TestNode): Promise<Outcome> =>
  node.engine.submit({ ...by, kind: 'secret-key.forget', id: alice, body: {} });
const by = { principal: 'admin', credential: 'test', source: 'test', address: '' };

const readAll = (file: number): Buffer => {
  const bytes = Buffer.alloc(fstatSync(file).size);
  readSync(file, bytes, 0, bytes.length, 0);
  return bytes;
};

/** Opens the node, and stops it after the work. */
const running = async <A>(work: (node: TestNode) => Promise<A> | A): Promise<A> => {
  const node = await openTestNode(data());
  try {
    const done = await work(node);
    // What was submitted meanwhile is decided.
    await node.engine.submit({ ...by, kind: 'key.put', id: 'last', body: { value: Buffer.from('') } });
    return done;
  } finally {
    await node.stop();
  }
};
const sealing = (): Promise<string> => running((node) => node.keyring.seal(alice, purpose, secret));

test('a key is made with the first seal, and the log knows its id', async () => {
  const sealed = await sealing();
  await running((node) => {
    expect(keysOf(node)).toEqual([{ key: keyIdOf(sealed), addedAt: expect.any(Number) }]);
    expect(node.keyring.open(purpose, sealed)).toEqual(secret);
    expect(node.notices()).toEqual([]);
  });
});

test('files and the directory are for their owner only; looser modes are mended and told', async () => {
  await sealing();
  const modes = (): readonly number[] =>
    ['', 'cluster.key', 'keyring.json'].map((name) => statSync(data('keyring', name)).mode & 0o777);
  expect(modes()).toEqual([0o700, 0o600, 0o600]);
  chmodSync(data('keyring'), 0o755);
  chmodSync(data('keyring', 'cluster.key'), 0o644);
  chmodSync(data('keyring', 'keyring.json'), 0o640);
  await running((node) => {
    expect(node.notices().map((notice) => notice.replaceAll(data('keyring'), 'KEYRING'))).toEqual([
      'KEYRING had mode 755, so that others could look into it; it has 700 now.',
      'KEYRING/keyring.json had mode 640, so that others could read it; it has 600 now. If somebody may have read ' +
        'it, run `ultracloud keyring rotate`.',
      'KEYRING/cluster.key had mode 644, so that others could read it; it has 600 now. If somebody may have read it, ' +
        'run `ultracloud keyring rotate`.',
    ]);
  });
  expect(modes()).toEqual([0o700, 0o600, 0o600]);
});

test('what a crash has left half written is destroyed', async () => {
  await sealing();
  writeFileSync(data('keyring', 'cluster.key.next.17.new'), 'a cluster key');
  await running((node) => expect(node.notices()).toEqual([]));
  expect(existsSync(data('keyring', 'cluster.key.next.17.new'))).toBe(false);
});

test('a forgotten key is erased when its forgetting is answered', async () => {
  const sealed = await sealing();
  const before = readFileSync(data('keyring', 'cluster.key'), 'utf8');
  await running(async (node) => {
    expect((await forget(node)).result).toMatchObject({ status: 'accepted' });
    expect(readFileSync(data('keyring', 'keyring.json'), 'utf8')).not.toContain('wrapped');
    expect(readFileSync(data('keyring', 'cluster.key'), 'utf8')).not.toBe(before);
    expect(() => node.keyring.open(purpose, sealed)).toThrow(Forgotten);
    expect(node.notices()).toEqual([expect.stringContaining('Copies of the keyring and of cluster.key from before')]);
  });
});

test('what wrapped an erased key is overwritten where it stood, not only unlinked', async () => {
  await sealing();
  const files = ['cluster.key', 'keyring.json'].map((name) => openSync(data('keyring', name), 'r'));
  const held = (): readonly string[] => files.map((file) => readAll(file).toString('latin1'));
  const before = held();
  await running(forget);
  for (const [at, text] of held().entries()) {
    expect(text).toHaveLength(before[at]?.length ?? 0);
    expect(text.slice(0, 8)).not.toBe(before[at]?.slice(0, 8));
  }
  files.forEach(closeSync);
});

test('what the keyring has not heard of is erased at the start', async () => {
  const sealed = await sealing();
  cpSync(data('keyring'), join(directory, 'old'), { recursive: true });
  await running(forget);
  // As after a crash between the two, or with an old copy of all files of the keyring.
  rmSync(data('keyring'), { recursive: true });
  cpSync(join(directory, 'old'), data('keyring'), { recursive: true });
  await running((node) => {
    expect(() => node.keyring.open(purpose, sealed)).toThrow(Forgotten);
    expect(node.notices()).toEqual([expect.stringContaining('Copies of the keyring and of cluster.key from before')]);
  });
  expect(readFileSync(data('keyring', 'cluster.key'), 'utf8')).not.toBe(
    readFileSync(join(directory, 'old', 'cluster.key'), 'utf8'),
  );
});

test('a key that the log has not heard of is told', async () => {
  await running(() => undefined);
  cpSync(data(), join(directory, 'old'), { recursive: true });
  const sealed = await sealing();
  for (const name of ['log', 'state']) {
    rmSync(data(name), { recursive: true });
    cpSync(join(directory, 'old', name), data(name), { recursive: true });
  }
  await running((node) => expect(node.keyring.open(purpose, sealed)).toEqual(secret));
  await running((node) => expect(keysOf(node)).toMatchObject([{ key: keyIdOf(sealed) }]));
});

test('what was forgotten stays so when older data is restored beside the keyring', async () => {
  const sealed = await sealing();
  cpSync(data(), join(directory, 'old'), { recursive: true });
  await running(forget);
  for (const name of ['log', 'state']) {
    rmSync(data(name), { recursive: true });
    cpSync(join(directory, 'old', name), data(name), { recursive: true });
  }
  await running((node) => expect(() => node.keyring.open(purpose, sealed)).toThrow(Forgotten));
  await running((node) =>
    expect(keysOf(node)).toMatchObject([{ key: keyIdOf(sealed), forgottenAt: expect.any(Number) }]),
  );
});

test('a lost keyring is told and not made again; all else goes on', async () => {
  const sealed = await sealing();
  rmSync(data('keyring'), { recursive: true });
  await running((node) => {
    expect(node.notices()).toEqual([
      `${data('keyring', 'keyring.json')} is missing, but the log knows keys of 1 subject. Stop the server, put the ` +
        'newest backup of it back (ultracloud keyring restore BACKUP --data DIRECTORY) and start again. Until then ' +
        'nothing can be sealed or opened; what needs no secret goes on.',
    ]);
    expect(() => node.keyring.open(purpose, sealed)).toThrow(KeyringUnavailable);
    expect(() => node.keyring.seal('user/bob', purpose, secret)).toThrow(KeyringUnavailable);
  });
  expect(existsSync(data('keyring', 'cluster.key'))).toBe(false);
  // With nothing left that could be opened, a new one is made.
  await running(async (node) => expect((await forget(node)).result.status).toBe('accepted'));
  await running((node) => {
    expect(node.notices()).toEqual([]);
    expect(node.keyring.open(purpose, node.keyring.seal(alice, purpose, secret))).toEqual(secret);
  });
});

test('a keyring that is older than the log works, and what it lacks is named', async () => {
  const sealed = await sealing();
  cpSync(data('keyring'), join(directory, 'old'), { recursive: true });
  await running((node) => void node.keyring.seal('user/bob', purpose, secret));
  rmSync(data('keyring'), { recursive: true });
  cpSync(join(directory, 'old'), data('keyring'), { recursive: true });
  await running((node) => {
    expect(node.notices()).toEqual([expect.stringContaining('keys of user/bob are missing, so what was sealed')]);
    expect(node.keyring.open(purpose, sealed)).toEqual(secret);
  });
});

test('a subject whose name the log would not take gets no key', () =>
  running((node) => {
    expect(() => node.keyring.seal('User Alice', purpose, secret)).toThrow('is no subject of keys');
  }));
