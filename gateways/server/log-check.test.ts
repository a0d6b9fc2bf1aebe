import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { administrator } from '#gateways/server/policy';
import { openTestNode, type TestNode } from '#harness/node';

jest.setTimeout(60_000);

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'ultracloud-log-check-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** The files of the log, the oldest first; every start reads the last. */
const segments = (): readonly string[] =>
  readdirSync(join(directory, 'log'))
    .filter((name) => name.endsWith('.segment'))
    .sort();

const put = (node: TestNode, id: string, value: Buffer) =>
  node.engine.submit({
    kind: 'key.put',
    id,
    body: { value },
    principal: administrator.name,
    credential: 'test',
    source: 'test',
    address: '',
  });

/** A data directory whose log has a closed file. */
const fill = async (): Promise<void> => {
  const node = await openTestNode(directory);
  for (let number = 0; number < 12; number++) await put(node, `large-${number}`, Buffer.alloc(1_200_000, 'x'));
  await node.stop();
  expect(segments().length).toBeGreaterThanOrEqual(2);
};

const damage = (): void => {
  const path = join(directory, 'log', segments()[0] ?? '');
  const bytes = readFileSync(path);
  bytes.write('X', bytes.indexOf('large-3') + 100);
  writeFileSync(path, bytes);
};

test('damage in an old file of a long log is told while the node serves, and it goes on', async () => {
  await fill();
  damage();
  const said: string[] = [];
  const logCheck = { startBytes: 0, afterMs: 0, breathMs: 0 };
  const node = await openTestNode(directory, { logCheck, say: (line) => said.push(line) });
  try {
    while (node.notices().length === 0) await pause(10);
    const told = expect.stringMatching(/^The log is damaged at position 6: .*1\.segment, byte \d+: no readable entry/);
    expect(node.notices()).toEqual([told]);
    expect(said).toEqual([`warning: ${node.notices().join()}`]);
    expect((await put(node, 'after', Buffer.from('x'))).result.status).toBe('accepted');
  } finally {
    await node.stop();
  }
});

test('a node that stops in the middle of the check tells of no damage', async () => {
  await fill();
  const logCheck = { startBytes: 0, afterMs: 0, breathMs: 60_000 };
  const node = await openTestNode(directory, { logCheck });
  await pause(50);
  await node.stop();
  expect(node.notices()).toEqual([]);
});
