import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { genesis } from '#log/decide';
import { integerKey } from '#log/key';
import { openStore, type Store } from '#log/lmdb-rows';
import { Overlay } from '#log/overlay';

describe('rows on disk', () => {
  let directory: string;
  let store: Store;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lmdb-rows-'));
    store = await openStore(directory, { noSync: true });
  });
  afterAll(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('keep their bytes when others are read after them', async () => {
    const overlay = new Overlay(store);
    const rowOf = (value: string) => ({
      version: 1,
      createPosition: 1,
      modPosition: 1,
      state: { value: Buffer.from(value) },
    });
    for (const name of ['one', 'two', 'six']) overlay.set('state', name, rowOf(name));
    await store.commit(overlay, genesis);
    const held = (row: unknown): string => Buffer.from((row as ReturnType<typeof rowOf>).state.value).toString();
    const one = store.get('state', 'one');
    const two = store.get('state', 'two');
    const all = [...store.range('state', { from: '', to: '\xff' })].map(([, row]) => row);
    expect([one, two, ...all].map(held)).toEqual(['one', 'two', 'one', 'six', 'two']);
  });

  test('are all in a snapshot, those whose keys begin with zero bytes too', async () => {
    const overlay = new Overlay(store);
    const keys = [integerKey(1), integerKey(2 ** 40)];
    for (const key of keys) overlay.set('timer', key, true);
    await store.commit(overlay, genesis);
    const found = await store.snapshot((rows) =>
      Promise.resolve([...rows.raw('timer')].map(([key]) => key.toString('latin1'))),
    );
    expect(found).toEqual(keys);
  });
});
