import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '#log/lmdb-rows';
import { listSnapshots, removeUnfinished, takeSnapshot } from '#log/snapshot';

let directory: string;
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ultracloud-snapshot-'));
  mkdirSync(join(directory, 'state'));
  store = await openStore(join(directory, 'state'), { noSync: true });
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const snapshots = (): string => join(directory, 'snapshots');

const take = (name: string): Promise<unknown> =>
  takeSnapshot(store, join(snapshots(), name), { clusterId: '0'.repeat(32), takenAt: 'now' });

const listed = async (damaged?: (why: string) => void): Promise<readonly string[]> =>
  (await listSnapshots(snapshots(), damaged)).map(({ path }) => path.slice(snapshots().length + 1));

test('a damaged snapshot hides no other, and is told of', async () => {
  for (const name of ['one', 'two', 'three']) await take(name);
  writeFileSync(join(snapshots(), 'two', 'manifest.json'), '{}');
  rmSync(join(snapshots(), 'three', 'manifest.json'));
  const told: string[] = [];
  expect(await listed((why) => told.push(why))).toEqual(['one']);
  expect(told).toEqual([
    expect.stringContaining(join('three', 'manifest.json')),
    expect.stringContaining(join('two', 'manifest.json')),
  ]);
});

test('what was never finished is not listed, and goes', async () => {
  await take('one');
  mkdirSync(join(snapshots(), 'two.unfinished', 'chunks'), { recursive: true });
  expect(await listed()).toEqual(['one']);
  await removeUnfinished(snapshots());
  expect(readdirSync(snapshots())).toEqual(['one']);
  await removeUnfinished(join(directory, 'nowhere'));
});

test('no directory is no snapshot', async () => expect(await listed()).toEqual([]));
