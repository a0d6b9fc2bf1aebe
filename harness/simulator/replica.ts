import { decideEntry, genesis, type Head } from '#log/decide';
import { decodeEntry } from '#log/entry';
import type { LogEntry } from '#log/log';
import type { Outcome } from '#log/outcome';
import { Overlay } from '#log/overlay';
import type { Rows } from '#log/rows';
import type { Authority } from '#log/authority';
import type { Vocabulary } from '#log/vocabulary';
import { noRows } from '#harness/facts';

/** A replica with a disk that lags behind its memory, as the real one's does. */
export interface Replica {
  readonly name: string;
  readonly head: Head;
  readonly rows: Rows;
  /** Applies entries in one group; the outcomes in order. */
  apply(entries: readonly LogEntry[]): readonly Outcome[];
  /** What is in memory reaches the disk. */
  flush(): void;
  /** Loses what is in memory; the head is the disk's again. */
  crash(): void;
}

export const replica = (name: string, vocabulary: Vocabulary, authority: Authority): Replica => {
  const disk = { rows: new Overlay(noRows), head: genesis };
  let recent = new Overlay(disk.rows);
  let head = genesis;
  const through: Rows = {
    get: (table, key) => recent.get(table, key),
    range: (table, range) => recent.range(table, range),
  };
  return {
    name,
    rows: through,
    get head() {
      return head;
    },
    apply: (entries) => {
      const group = new Overlay(recent);
      const outcomes: Outcome[] = [];
      for (const from of entries) {
        const decided = decideEntry(vocabulary, authority, group, head, decodeEntry(from.bytes), from);
        head = decided.head;
        outcomes.push(decided.outcome);
      }
      recent.absorb(group);
      return outcomes;
    },
    flush: () => {
      disk.rows.absorb(recent);
      disk.head = head;
      recent = new Overlay(disk.rows);
    },
    crash: () => {
      recent = new Overlay(disk.rows);
      head = disk.head;
    },
  };
};
