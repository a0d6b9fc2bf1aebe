import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyKind } from '#aggregates/chainfire/key';
import { sweepKind } from '#aggregates/chainfire/sweep';
import type { RunningNode } from '#gateways/server/running-node';
import { startTestApi, type Json, type TestApi } from '#harness/http';
import { openTestNode } from '#harness/node';

/** What would not fit into one position, or not onto the disk, as operators meet it. */

const caller = { principal: 'admin', credential: 'test', source: 'test', address: '' };

const putKeys = async ({ engine }: Pick<RunningNode, 'engine'>, prefix: string, count: number): Promise<void> => {
  const value = Buffer.from('x');
  await Promise.all(
    Array.from({ length: count }, (_, at) =>
      engine.submit({ kind: 'key.put', id: `${prefix}${at}`, body: { value }, ...caller }),
    ),
  );
};

/** Resolves when the sweep has come so far. */
const untilSwept = ({ engine }: RunningNode, isFar: (passed: number, phase: string) => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      const state = engine.facts.get(sweepKind, 'old')?.state;
      if (state === undefined || !isFar(state.passed, state.phase)) return;
      stop();
      resolve();
    };
    const stop = engine.onApplied(() => queueMicrotask(look));
    look();
  });

jest.setTimeout(60_000);

describe('a sweep', () => {
  let directory: string;
  let node: RunningNode;
  const open = (): Promise<RunningNode> => openTestNode(directory);
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ultracloud-sweep-'));
    node = await open();
  });
  afterEach(async () => {
    await node.stop();
    rmSync(directory, { recursive: true });
  });

  test('goes on where it was after a restart, and keeps what came later', async () => {
    await putKeys(node, 'a/', 5_000);
    await putKeys(node, 'b/', 3);
    await node.engine.submit({ kind: 'sweep.start', id: 'old', body: { prefix: 'a/' }, ...caller });
    await untilSwept(node, (passed) => passed > 0);
    await node.stop();
    node = await open();
    expect(node.engine.facts.get(sweepKind, 'old')?.state.phase).toMatch(/running|finished/);
    await putKeys(node, 'a/', 1);
    await untilSwept(node, (_passed, phase) => phase === 'finished');
    const left = node.engine.facts.range(keyKind, { from: '', limit: 10 });
    expect(left.map(({ id }) => id)).toEqual(['a/0', 'b/0', 'b/1', 'b/2']);
    expect(node.engine.facts.get(sweepKind, 'old')?.state.deleted).toBeGreaterThanOrEqual(4_999);
  });
});

describe('over HTTP', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.stop());

  const items = async (path: string): Promise<readonly Json[]> =>
    (await api.call('GET', path)).json['items'] as readonly Json[];

  test('a sweep is started, shown and cancelled', async () => {
    await putKeys(api.node, 'many/', 2_500);
    const started = await api.call('POST', '/v1/sweeps/old/start', { prefix: 'many/' });
    expect(started).toMatchObject({ status: 200, json: { events: [{ kind: 'sweep.started' }] } });
    expect(await items('/v1/sweeps')).toMatchObject([
      { id: 'old', prefix: 'many/', startPosition: expect.any(Number) },
    ]);
    const cancelled = await api.call('POST', '/v1/sweeps/old/cancel', {});
    expect(cancelled.status).toBe(200);
    const { json } = await api.call('GET', '/v1/sweeps/old');
    expect(json['phase']).toMatch(/cancelled|finished/);
    expect((await api.call('POST', '/v1/sweeps/none/cancel', {})).status).toBe(404);
  });

  test('a quota refuses puts with an alarm until keys are deleted', async () => {
    await api.call('POST', '/v1/keys/big/put', { value: 'x'.repeat(500_000) });
    expect((await api.call('POST', '/v1/key-quotas/keys/set', { maxBytes: 400_000 })).status).toBe(200);
    const refused = await api.call('POST', '/v1/keys/more/put', { value: 'x' });
    expect(refused).toMatchObject({ status: 507, json: { code: 'key-quota.exceeded', category: 'exhausted' } });
    const [alarm] = await items('/v1/alarms');
    expect(alarm).toMatchObject({ id: 'key-quota/keys', code: 'key-quota.exceeded', standing: true });
    expect(api.node.notices()).toEqual([
      expect.stringMatching(/^alarm key-quota\/keys: The keys take \d+ bytes, more than/),
    ]);
    const disarmed = await api.call('POST', '/v1/alarms/key-quota%2Fkeys/disarm', {});
    expect(disarmed).toMatchObject({ status: 409, json: { code: 'alarm.standing' } });
    expect((await api.call('POST', '/v1/keys/big/delete', {})).status).toBe(200);
    expect(await items('/v1/alarms')).toEqual([]);
    expect(api.node.notices()).toEqual([]);
    expect((await api.call('POST', '/v1/keys/more/put', { value: 'x' })).status).toBe(200);
    expect(await items('/v1/key-quotas')).toMatchObject([{ id: 'keys', maxBytes: 400_000, exceeded: false }]);
    expect((await api.call('POST', '/v1/key-quotas/keys/lift', {})).status).toBe(200);
  });

  test('a transaction that would read more than a position may is exhausted and changes nothing', async () => {
    const value = 'x'.repeat(1_400_000);
    for (let at = 0; at < 10; at++) await api.call('POST', `/v1/keys/huge%2F${at}/put`, { value });
    const { status, json } = await api.call('POST', '/v1/txn', {
      success: [{ put: { key: 'seen', value: 'x' } }, { get: { key: 'huge/', rangeEnd: 'huge0' } }],
    });
    expect({ status, json }).toMatchObject({ status: 507, json: { code: 'budget.exceeded' } });
    expect((await api.call('GET', '/v1/keys/seen')).status).toBe(404);
  });
});
