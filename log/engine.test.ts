import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restoreBackup } from '#gateways/server/restore';
import type { RunningNode } from '#gateways/server/running-node';
import { keyKind } from '#aggregates/chainfire/key';
import { docKind } from '#aggregates/flaredb/doc';
import { factsAt } from '#log/past';
import type { Outcome } from '#log/outcome';
import { openTestNode } from '#harness/node';

const caller = { principal: 'admin', credential: 'test', source: 'test', address: '' };
const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();

let directory: string;
let node: RunningNode;

const open = (): Promise<RunningNode> => openTestNode(directory);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ultracloud-'));
  node = await open();
});

afterEach(async () => {
  await node.stop();
  rmSync(directory, { recursive: true });
});

const put = (id: string, value: string, requestId?: string): Promise<Outcome> =>
  node.engine.submit({
    kind: 'key.put',
    id,
    body: { value: bytes(value) },
    ...caller,
    ...(requestId === undefined ? {} : { requestId }),
  });

const get = (id: string): string | undefined => text(node.engine.facts.get(keyKind, id)?.state.value);

test('what was acknowledged is read back, also after a restart, and the chain goes on', async () => {
  const outcome = await put('a', '1');
  expect(outcome.result.status).toBe('accepted');
  expect(get('a')).toBe('1');
  const { position, hash } = node.engine.head;
  await node.stop();
  node = await open();
  expect(get('a')).toBe('1');
  expect(node.engine.head.position).toBe(position + 1); // the liveness duty was taken again
  expect(node.engine.head.hash).not.toEqual(hash);
});

test('a past position shows objects as they were, deleted ones included', async () => {
  const first = await put('a', '1');
  const second = await put('a', '2');
  await put('b', 'x');
  const gone = await node.engine.submit({ kind: 'key.delete', id: 'a', body: {}, ...caller });
  await put('a', '3');
  const at = (position: number): readonly (readonly [string, string | undefined])[] =>
    factsAt(node.engine.rows, position, node.engine.vocabulary)
      .range(keyKind, { from: '', limit: 10 })
      .map((fact) => [fact.id, text(fact.state.value)]);
  for (const flushed of [false, true]) {
    if (flushed) await node.engine.flush();
    expect(at(first.position - 1)).toEqual([]);
    expect(at(first.position)).toEqual([['a', '1']]);
    expect(at(second.position)).toEqual([['a', '2']]);
    expect(at(gone.position - 1)).toEqual([
      ['a', '2'],
      ['b', 'x'],
    ]);
    expect(at(gone.position)).toEqual([['b', 'x']]);
    expect(at(gone.position + 1)).toEqual([
      ['a', '3'],
      ['b', 'x'],
    ]);
  }
});

test('a request that is sent twice is carried out once and answered alike', async () => {
  const first = await put('a', '1', 'request-1');
  await put('a', '2');
  const again = await put('a', '1', 'request-1');
  expect(again).toEqual(first);
  expect(get('a')).toBe('2');
  const other = await put('a', '9', 'request-1');
  expect(other.result).toMatchObject({ status: 'rejected', code: 'request.reused', category: 'conflict' });
});

test('a transaction compares, changes and answers at one position', async () => {
  await put('a', '1');
  const outcome = await node.engine.submit({
    kind: 'key.txn',
    id: '',
    body: {
      compare: [{ key: 'a', target: 'value', op: '=', value: '1' }],
      success: [{ put: { key: 'a', value: bytes('2') } }, { get: { key: 'a' } }, { delete: { key: 'zz' } }],
    },
    ...caller,
  });
  expect(outcome.result).toMatchObject({
    status: 'accepted',
    reply: {
      succeeded: true,
      responses: [{ put: {} }, { get: { count: 1, items: [{ key: 'a', version: 2 }] } }, { delete: { deleted: 0 } }],
    },
  });
});

test('a refused transaction changes nothing', async () => {
  const outcome = await node.engine.submit({
    kind: 'key.txn',
    id: '',
    body: { success: [{ put: { key: 'a', value: bytes('1') } }, { put: { key: 'a', value: bytes('2') } }] },
    ...caller,
  });
  expect(outcome.result).toMatchObject({ status: 'rejected', code: 'key.duplicate' });
  expect(get('a')).toBeUndefined();
  expect(node.engine.facts.range(keyKind, { from: '', limit: 10 })).toEqual([]);
});

test('a lease that ends takes its keys with it', async () => {
  await node.engine.submit({ kind: 'lease.grant', id: '7', body: { ttlSeconds: 1 }, ...caller });
  await node.engine.submit({ kind: 'key.put', id: 'a', body: { value: bytes('1'), lease: '7' }, ...caller });
  expect(node.engine.facts.count('key.lease', '7')).toBe(1);
  const ended = new Promise<Outcome>((resolve) => {
    node.engine.onApplied((batch) => batch.forEach((outcome) => outcome.kind === 'lease.expire' && resolve(outcome)));
  });
  expect(node.liveness.renew('7')).toEqual({ ttlSeconds: 1 });
  const outcome = await ended;
  expect(outcome.result).toMatchObject({
    status: 'accepted',
    events: [
      { kind: 'lease.expired', id: '7' },
      { kind: 'key.deleted', id: 'a' },
    ],
  });
  expect(get('a')).toBeUndefined();
  expect(node.engine.facts.count('key.lease', '7')).toBe(0);
});

test('expect refuses when what the decision read has moved, deletion included', async () => {
  const first = await put('a', '1');
  await node.engine.submit({ kind: 'key.delete', id: 'a', body: {}, ...caller });
  const late = await node.engine.submit({
    kind: 'key.put',
    id: 'a',
    body: { value: bytes('2') },
    expectPosition: first.position,
    ...caller,
  });
  expect(late.result).toMatchObject({ status: 'rejected', code: 'expect.moved' });
  const version = await node.engine.submit({
    kind: 'key.put',
    id: 'a',
    body: { value: bytes('2') },
    expectVersion: 0,
    ...caller,
  });
  expect(version.result.status).toBe('accepted');
});

test('a watch gives every change after its position once, past and live', async () => {
  const first = await put('k/1', 'a');
  await put('other', 'x');
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    node.watch([{ noun: 'key', from: 'k/', to: 'k0' }], first.position - 1, {
      frame: ({ events }) => {
        for (const event of events) seen.push(`${event.kind} ${event.id}`);
        if (seen.length === 3) resolve();
        return true;
      },
      bookmark: () => {
        if (seen.length > 1) return;
        void put('k/2', 'b').then(() => node.engine.submit({ kind: 'key.delete', id: 'k/1', body: {}, ...caller }));
      },
      closed: () => undefined,
    });
  });
  expect(seen).toEqual(['key.put k/1', 'key.put k/2', 'key.deleted k/1']);
});

test('history decides to the same hash again, and a backup restores', async () => {
  for (let i = 0; i < 50; i++) await put(`k/${i % 7}`, `v${i}`);
  const { position, hash } = node.engine.head;
  expect(await node.operations.verifyLog()).toEqual({
    from: 0,
    to: position,
    entries: position,
    hash: hash.toString('hex'),
  });
  const backup = await node.operations.createBackup('one');
  expect(backup.position).toBe(position);
  const again = await node.operations.createBackup('two');
  expect(again.digest).toBe(backup.digest);
  const restored = join(directory, 'restored');
  const { base } = await restoreBackup({ backup: backup.path, data: restored });
  const other = await openTestNode(restored);
  expect(base).toBe(position + 1_000_000_000);
  expect(other.engine.head.position).toBe(base + 1);
  expect(text(other.engine.facts.get(keyKind, 'k/1')?.state.value)).toBe('v43');
  await other.stop();
});

describe('timers', () => {
  const submit = (kind: string, id: string, body: object): Promise<Outcome> =>
    node.engine.submit({ kind, id, body, ...caller });
  const putDoc = (id: string, ttlSeconds?: number): Promise<Outcome> =>
    submit('doc.put', `users/${id}`, { document: {}, ...(ttlSeconds === undefined ? {} : { ttlSeconds }) });
  const exists = (id: string): boolean => node.engine.facts.get(docKind, `users/${id}`) !== undefined;
  const HOUR = 3_600;

  beforeEach(async () => {
    await submit('namespace.create', 'users', {});
  });

  test('are told to have moved where one was set, moved or ended, and nowhere else', async () => {
    const moved = async (done: Promise<Outcome>): Promise<boolean> => {
      const { position, result } = await done;
      expect(result.status).toBe('accepted');
      return node.engine.timersMovedAt === position;
    };
    const { timersMovedAt } = node.engine;
    await put('a', '1');
    expect(await moved(putDoc('plain'))).toBe(false);
    expect(node.engine.timersMovedAt).toBe(timersMovedAt);
    expect(await moved(putDoc('timed', HOUR))).toBe(true);
    expect(await moved(putDoc('plain', undefined))).toBe(false);
    expect(await moved(putDoc('timed', 2 * HOUR))).toBe(true);
    expect(await moved(put('a', '2'))).toBe(false);
    expect(await moved(putDoc('timed'))).toBe(true);
    expect(await moved(putDoc('timed', HOUR))).toBe(true);
    expect(await moved(submit('doc.delete', 'users/timed', {}))).toBe(true);
  });

  test('go off when one was set or moved before the one that the clock waited for', async () => {
    const expired = new Set<string>();
    node.engine.onApplied((batch) => {
      for (const { result } of batch) {
        if (result.status !== 'accepted') continue;
        for (const event of result.events) if (event.kind === 'doc.expired') expired.add(event.id);
      }
    });
    const until = async (id: string): Promise<void> => {
      while (!expired.has(`users/${id}`)) await new Promise((next) => setTimeout(next, 10));
      expect(exists(id)).toBe(false);
    };
    for (const id of ['late', 'moved', 'ended']) await putDoc(id, HOUR);
    await putDoc('soon', 1);
    await until('soon');
    // One that ends is not what the clock waits for any more.
    await putDoc('ended', 1);
    await submit('doc.delete', 'users/ended', {});
    await putDoc('moved', 1);
    await until('moved');
    expect([...expired]).toEqual(['users/soon', 'users/moved']);
    expect(exists('late')).toBe(true);
  }, 30_000);
});
