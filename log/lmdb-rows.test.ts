import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { right } from 'fp-ts/lib/Either';
import { genesis } from '#log/decide';
import { guarded } from '#log/defect';
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

  test('that are damaged are a fault of the process, and no defect of what is decided on them', async () => {
    async function* damaged(): AsyncGenerator<readonly ['state', Buffer, Buffer]> {
      yield await Promise.resolve(['state', Buffer.from('bad'), Buffer.from([0x94, 1])] as const);
    }
    await store.load(damaged(), genesis);
    const reads = [() => store.get('state', 'bad'), () => [...store.range('state', { from: '', to: '\xff' })]];
    for (const read of reads) {
      expect(read).toThrow(expect.objectContaining({ code: 'STATE_UNREADABLE' }));
      expect(() => guarded(() => right(read()))).toThrow(/the state on disk cannot be read/);
    }
  });
});
