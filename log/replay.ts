import { decideEntry, type Decided, type Head } from '#log/decide';
import { decodeEntry } from '#log/entry';
import type { LogEntry } from '#log/log';
import type { Store } from '#log/lmdb-rows';
import { Overlay } from '#log/overlay';
import type { Authority } from '#log/authority';
import type { Vocabulary } from '#log/vocabulary';

const COMMIT_ROWS = 50_000;

/** Decides entries again on a store of its own, from the store's head on. Stops when `seen` answers false. */
export const replay = async (
  vocabulary: Vocabulary,
  authority: Authority,
  store: Store,
  groups: AsyncIterable<readonly LogEntry[]>,
  seen: (decided: Decided) => boolean,
): Promise<Head> => {
  let head = store.head;
  let rows = new Overlay(store);
  for await (const entries of groups) {
    for (const from of entries) {
      const decided = decideEntry(vocabulary, authority, rows, head, decodeEntry(from.bytes), from);
      head = decided.head;
      if (!seen(decided)) return head;
    }
    if (rows.size >= COMMIT_ROWS) {
      await store.commit(rows, head);
      rows = new Overlay(store);
    }
  }
  await store.commit(rows, head);
  return head;
};
