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

  test('keep their bytes, however many are read or written after them, of any size', async () => {
    const count = 3_000;
    const keyOf = (at: number): string => `many/${String(at).padStart(5, '0')}`;
    // Beside the pool's half, its whole, a page of the store, and what has pages of its own.
    const sizes = [0, 1, 17, 300, 4_095, 4_096, 4_097, 8_193, 70_000];
    const valueOf = (at: number): Buffer =>
      Buffer.alloc(at % 50 === 0 ? (sizes[(at / 50) % 9] ?? 0) : at % 90, at % 251);
    const stateOf = (value: Buffer) => ({ version: 1, createPosition: 1, modPosition: 1, state: { value } });
    const write = async (valueAt: (at: number) => Buffer): Promise<void> => {
      const overlay = new Overlay(store);
      for (let at = 0; at < count; at++) {
        overlay.set('version', keyOf(at), stateOf(valueAt(at)));
        overlay.set('outcome', keyOf(at), valueAt(at));
      }
      await store.commit(overlay, genesis);
    };
    await write(valueOf);
    const range = { from: keyOf(0), to: keyOf(count) };
    const held: { readonly at: number; readonly bytes: Uint8Array }[] = [];
    const hold = (at: number, version: unknown, outcome: unknown): void => {
      const { value } = (version as ReturnType<typeof stateOf>).state;
      held.push({ at, bytes: value }, { at, bytes: outcome as Uint8Array });
    };
    const outcomes = [...store.range('outcome', range)].map(([, bytes]) => bytes);
    const reversed = [...store.range('version', { ...range, reverse: true })].reverse();
    for (const [at, [, version]] of [...store.range('version', range)].entries()) {
      hold(at, version, outcomes[at]);
      hold(at, reversed[at]?.[1], store.get('outcome', keyOf(at)));
      hold(at, store.get('version', keyOf(at)), outcomes[at]);
    }
    // Pages that were read are written to again, and others are read.
    for (const fill of [1, 2]) await write((at) => Buffer.alloc(valueOf(at).length, fill));
    for (let at = 0; at < count; at++) store.get('version', keyOf(at));
    expect(held.length).toBe(count * 6);
    expect(held.filter(({ at, bytes }) => !valueOf(at).equals(bytes)).map(({ at }) => at)).toEqual([]);
  }, 30_000);

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
