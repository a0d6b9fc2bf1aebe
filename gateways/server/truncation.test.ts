import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { administrator } from '#gateways/server/policy';
import { openTestNode, type TestNode } from '#harness/node';

jest.setTimeout(120_000);

let directory: string;
let node: TestNode;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ultracloud-truncation-'));
  node = await openTestNode(directory);
});
afterEach(async () => {
  await node.stop();
  rmSync(directory, { recursive: true });
});

const reopen = async (): Promise<void> => {
  await node.stop();
  node = await openTestNode(directory);
};

const value = Buffer.alloc(1_200_000, 'x');

/** Large enough that a few of them fill a file of the log. */
const putUntil = async (position: number): Promise<void> => {
  while (node.engine.head.position < position) {
    const put = { kind: 'key.put', id: 'large', body: { value } };
    await node.engine.submit({
      ...put,
      principal: administrator.name,
      credential: 'test',
      source: 'test',
      address: '',
    });
  }
};

const snapshots = (): readonly string[] => readdirSync(join(directory, 'snapshots')).sort();
const named = (...positions: readonly number[]): readonly string[] =>
  positions.map((position) => String(position).padStart(16, '0'));
const verifiedFrom = async (): Promise<number> => {
  const { from, difference } = await node.operations.verifyLog();
  expect(difference).toBeUndefined();
  return from;
};

test('a truncation keeps the snapshots that the rest of the log goes on from, and no older one', async () => {
  await putUntil(10);
  const before = await node.operations.truncateLog(10);
  expect(before.first).toBeGreaterThan(1);
  expect(snapshots()).toEqual(named(10));

  // The log still begins before the older one, so that it is where verification starts.
  await putUntil(12);
  const same = await node.operations.truncateLog(12);
  expect(same.first).toBe(before.first);
  expect(snapshots()).toEqual(named(10, 12));
  expect(await verifiedFrom()).toBe(10);

  cpSync(join(directory, 'snapshots'), join(directory, 'aside'), { recursive: true });
  await putUntil(25);
  const after = await node.operations.truncateLog(25);
  expect(after.first).toBeGreaterThan(13);
  expect(snapshots()).toEqual(named(25));
  expect(await verifiedFrom()).toBe(25);

  // As if the process had been killed before it removed the older ones, or while it did.
  cpSync(join(directory, 'aside'), join(directory, 'snapshots'), { recursive: true });
  mkdirSync(join(directory, 'snapshots', 'half.unfinished'));
  await reopen();
  expect(snapshots()).toEqual(named(25));
  rmSync(join(directory, 'state'), { recursive: true });
  await reopen();
  expect(node.engine.head.position).toBeGreaterThan(25);
  expect(await verifiedFrom()).toBe(25);
});

test('a snapshot that is damaged stands for nothing: another one is taken', async () => {
  await putUntil(10);
  await node.operations.truncateLog(2);
  const [old = ''] = snapshots();
  writeFileSync(join(directory, 'snapshots', old, '000000.gz'), 'damaged');
  const { first, snapshot } = await node.operations.truncateLog(10);
  expect(first).toBeGreaterThan(1);
  expect(snapshot.name).toBe(`${old}-2`);
  expect(node.notices().join()).toContain('The backup is damaged');
});

test('truncations and verifications that are asked for at once are done in turn', async () => {
  await putUntil(25);
  const { truncateLog, verifyLog } = node.operations;
  const [one, verified, two] = await Promise.all([truncateLog(10), verifyLog(), truncateLog(25)]);
  expect(verified).toMatchObject({ from: 25, to: 25 });
  expect(verified.difference).toBeUndefined();
  expect(two.first).toBeGreaterThan(one.first);
  expect(snapshots()).toEqual(named(25));
});
