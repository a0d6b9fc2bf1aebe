import type { Decided } from '#log/decide';
import { integerKey } from '#log/key';
import type { LogEntry } from '#log/log';
import type { Store } from '#log/lmdb-rows';
import { replay } from '#log/replay';
import type { Authority } from '#log/authority';
import type { Vocabulary } from '#log/vocabulary';

export interface Verified {
  /** The position that the check started behind: 0, or that of the oldest kept snapshot. */
  readonly from: number;
  readonly to: number;
  readonly entries: number;
  /** Hex of the chain hash at `to`. */
  readonly hash: string;
  readonly difference?: { readonly position: number; readonly what: 'outcome' | 'hash' };
}

/**
 * Decides history again on an empty store, or on one that a snapshot was loaded into, and compares every outcome and
 * the last chain hash with what was recorded.
 */
export const verify = async (
  vocabulary: Vocabulary,
  authority: Authority,
  recorded: Store,
  fresh: Store,
  entries: AsyncIterable<readonly LogEntry[]>,
  progress: (position: number) => void = () => undefined,
): Promise<Verified> => {
  const start = fresh.head.position;
  const { head: reached } = recorded;
  let difference: Verified['difference'];
  let count = 0;
  const seen = ({ outcome, bytes, head }: Decided): boolean => {
    count++;
    if (count % 10_000 === 0) progress(outcome.position);
    const before = recorded.get('outcome', integerKey(outcome.position)) as Buffer | undefined;
    if (before === undefined || !before.equals(bytes)) {
      difference = { position: outcome.position, what: 'outcome' };
      return false;
    }
    if (head.position === reached.position && !head.hash.equals(reached.hash)) {
      difference = { position: head.position, what: 'hash' };
      return false;
    }
    return head.position < reached.position;
  };
  const upToRecorded = until(entries, reached.position);
  const head = start >= reached.position ? fresh.head : await replay(vocabulary, authority, fresh, upToRecorded, seen);
  return {
    from: start,
    to: head.position,
    entries: count,
    hash: head.hash.toString('hex'),
    ...(difference === undefined ? {} : { difference }),
  };
};

async function* until(
  entries: AsyncIterable<readonly LogEntry[]>,
  position: number,
): AsyncIterable<readonly LogEntry[]> {
  for await (const group of entries) {
    const kept = group.filter((entry) => entry.position <= position);
    if (kept.length > 0) yield kept;
    if (kept.length < group.length || kept.at(-1)?.position === position) return;
  }
}
