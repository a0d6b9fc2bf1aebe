import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyKeyring, putKeyringBack } from '#gateways/server/keyring/keyring-copy';
import { Forgotten } from '#gateways/server/keyring/keyring';
import { openTestNode, type TestNode } from '#harness/node';

const alice = 'user/alice';
const purpose = 'user/alice/password';
const secret = Buffer.from('correct horse battery staple');

let directory: string;
let data: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ultracloud-keyring-'));
  data = join(directory, 'data');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const place = (name: string): string => join(directory, name);
const ring = (): string => join(data, 'keyring', 'keyring.json');
const running = async <A>(work: (node: TestNode) => Promise<A> | A): Promise<A> => {
  const node = await openTestNode(data);
  try {
    return await work(node);
  } finally {
    await node.stop();
  }
};
const sealing = (subject = alice): Promise<string> => running((node) => node.keyring.seal(subject, purpose, secret));
const opening = (sealed: string): Promise<string> => running((node) => node.keyring.open(purpose, sealed).toString());

test('a copy is whole, for its owner only, and brings a lost keyring back', async () => {
  const sealed = await sealing();
  const copy = copyKeyring({ data, file: place('copy') });
  expect(copy).toMatchObject({ file: place('copy'), clusterKey: 'same', keys: expect.any(Number) });
  expect(statSync(place('copy')).mode & 0o777).toBe(0o600);
  expect(readFileSync(place('copy'), 'utf8')).toBe(readFileSync(ring(), 'utf8'));
  rmSync(ring());
  expect(await putKeyringBack({ data, file: place('copy') })).toEqual(copy);
  expect(await opening(sealed)).toBe(secret.toString());
});

test('it is taken while a node serves, and put back only when none does', async () => {
  await sealing();
  await running(async () => {
    copyKeyring({ data, file: place('copy') });
    await expect(putKeyringBack({ data, file: place('copy') })).rejects.toThrow(
      'The data directory is in use by process',
    );
  });
});

test('no file is written over', async () => {
  await sealing();
  writeFileSync(place('copy'), 'mine');
  expect(() => copyKeyring({ data, file: place('copy') })).toThrow('exists. Choose another name.');
  expect(readFileSync(place('copy'), 'utf8')).toBe('mine');
});

test('there is nothing to copy where nothing was sealed, and nothing damaged is copied', async () => {
  expect(() => copyKeyring({ data, file: place('copy') })).toThrow('there is no keyring yet, since nothing was sealed');
  await sealing();
  const text = readFileSync(ring(), 'utf8');
  writeFileSync(ring(), text.slice(0, -40));
  expect(() => copyKeyring({ data, file: place('copy') })).toThrow('is damaged, so it is not copied.');
  writeFileSync(ring(), text.replace(/"mac":"../, '"mac":"zz'));
  expect(() => copyKeyring({ data, file: place('copy') })).toThrow('is damaged, so it is not copied.');
});

test('keys that the copy lacks are not lost by it', async () => {
  const first = await sealing();
  copyKeyring({ data, file: place('copy') });
  const second = await sealing('user/bob');
  await expect(putKeyringBack({ data, file: place('copy') })).rejects.toThrow(
    'keyring.json has 1 key that the backup lacks, which would be lost. Nothing was changed.',
  );
  expect(await opening(first)).toBe(secret.toString());
  expect(await opening(second)).toBe(secret.toString());
});

test('a damaged keyring is moved aside', async () => {
  const sealed = await sealing();
  copyKeyring({ data, file: place('copy') });
  writeFileSync(ring(), 'garbage');
  const { movedTo = '' } = await putKeyringBack({ data, file: place('copy') });
  expect(movedTo).toMatch(/keyring\.json\.damaged-2/);
  expect(readFileSync(movedTo, 'utf8')).toBe('garbage');
  expect(await opening(sealed)).toBe(secret.toString());
});

test('what was forgotten since is erased by the next start', async () => {
  const sealed = await sealing();
  cpSync(join(data, 'keyring'), place('old'), { recursive: true });
  const { keyring } = await running(async (node) => {
    const by = { principal: 'admin', credential: 'test', source: 'test', address: '' };
    await node.engine.submit({ ...by, kind: 'secret-key.forget', id: alice, body: {} });
    return node;
  });
  expect(keyring.keys().filter(({ subject }) => subject === alice)).toMatchObject([{ erased: true }]);
  rmSync(join(data, 'keyring'), { recursive: true });
  expect(await putKeyringBack({ data, file: join(place('old'), 'keyring.json') })).toMatchObject({
    clusterKey: 'unknown',
  });
  cpSync(join(place('old'), 'cluster.key'), join(data, 'keyring', 'cluster.key'));
  await expect(opening(sealed)).rejects.toThrow(Forgotten);
});

test('a file that is no copy, and a directory that holds no data, are refused', async () => {
  await sealing();
  writeFileSync(place('other'), '{}\n{}\n');
  await expect(putKeyringBack({ data, file: place('other') })).rejects.toThrow(
    'is no backup of a keyring, or is damaged',
  );
  copyKeyring({ data, file: place('copy') });
  mkdirSync(place('empty'));
  await expect(putKeyringBack({ data: place('empty'), file: place('copy') })).rejects.toThrow(
    'expected a data directory, found something else.',
  );
});
