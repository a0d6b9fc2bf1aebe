import { alarmKind, timerAlarm } from '#aggregates/alarm';
import type { Versioned } from '#aggregates/facts';
import { packr } from '#log/entry';
import { rowsAt } from '#log/past';
import { indexKey, splitKey, stateKey, timerKey } from '#log/key';
import { END, tables, type Rows, type Table } from '#log/rows';
import type { Vocabulary } from '#log/vocabulary';

/** What must hold of the rows at every position; the first that does not, in words. */
export const brokenInvariant = (rows: Rows, vocabulary: Vocabulary): string | undefined => {
  const indexed = new Set<string>();
  const counts = new Map<string, number>();
  const due = new Set<string>();
  for (const [key, value] of all(rows, 'state')) {
    const { noun, id } = splitKey(key);
    const aggregate = vocabulary.aggregates.get(noun);
    if (aggregate === undefined) return `a state of ${noun}, which no component has`;
    const { state, version, createPosition, modPosition } = value as Versioned<unknown>;
    if (createPosition > modPosition || version < 1) return `${noun}/${id} was created after its last change`;
    for (const [name, keysOf] of Object.entries(aggregate.indexes ?? {})) {
      for (const indexKeyOf of new Set(keysOf(state as never))) {
        indexed.add(indexKey(name, indexKeyOf, id));
        const count = `${name}\0${indexKeyOf}`;
        counts.set(count, (counts.get(count) ?? 0) + 1);
      }
    }
    for (const [name, amountsOf] of Object.entries(aggregate.sums ?? {})) {
      for (const [under, amount] of amountsOf(state as never, id)) {
        const sum = `${name}\0${under}`;
        counts.set(sum, (counts.get(sum) ?? 0) + amount);
      }
    }
    const dueMs = aggregate.due?.(state);
    if (dueMs === undefined) continue;
    const timer = timerKey(dueMs, noun, id);
    // A timer that came to nothing is gone unless the object has another one since, and an alarm tells of it.
    const isQuarantined = rows.get('state', stateKey(alarmKind.noun, timerAlarm(noun, id))) !== undefined;
    if (!isQuarantined || rows.get('timer', timer) !== undefined) due.add(timer);
  }
  return (
    differs('index', indexed, new Set([...all(rows, 'index')].map(([key]) => key))) ??
    differs('count', new Set([...counts].map(String)), new Set([...all(rows, 'count')].map(String))) ??
    differs('timer', due, new Set([...all(rows, 'timer')].map(([key]) => key)))
  );
};

/** The states of all objects, as text that two replicas or two moments can be compared by. */
export const statesOf = (rows: Rows, vocabulary: Vocabulary, at?: number): string => {
  const seen = at === undefined ? rows : rowsAt(rows, at);
  return [...vocabulary.aggregates.keys()]
    .sort()
    .flatMap((noun) => [...seen.range('state', { from: `${noun}\0`, to: `${noun}\x01` })])
    .map(([key, value]) => `${JSON.stringify(key)} ${JSON.stringify(value)}`)
    .join('\n');
};

/** Every row of every table as text, but for some tables; equal for replicas that agree. */
export const rowsText = (rows: Rows, but: readonly Table[] = []): string =>
  tables
    .filter((table) => !but.includes(table))
    .flatMap((table) =>
      [...all(rows, table)].map(
        ([key, value]) => `${table} ${JSON.stringify(key)} ${packr.pack(value).toString('hex')}`,
      ),
    )
    .join('\n');

const all = (rows: Rows, table: Table): Iterable<readonly [string, unknown]> =>
  rows.range(table, { from: '', to: END });

const differs = (what: string, expected: ReadonlySet<string>, found: ReadonlySet<string>): string | undefined => {
  for (const key of expected) if (!found.has(key)) return `${what}: ${JSON.stringify(key)} is missing`;
  for (const key of found) if (!expected.has(key)) return `${what}: ${JSON.stringify(key)} should not be there`;
  return undefined;
};
