import type { Fact, Facts, IdRange, IndexQuery, IndexRow, Kind, Versioned } from '#aggregates/facts';
import { escaped, splitKey, stateKey, unescaped } from '#log/key';
import type { Rows } from '#log/rows';
import { sizeOf } from '#log/size';

/** The facts that rows hold at their own position. */
export const factsOf = (rows: Rows): Facts => new RowFacts(rows);

/** One is made for each entry, so it is one small object. */
class RowFacts implements Facts {
  readonly #rows: Rows;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  get<S>(kind: Kind<S>, id: string): Versioned<S> | undefined {
    return this.#rows.get('state', stateKey(kind.noun, id)) as Versioned<S> | undefined;
  }

  range<S>(kind: Kind<S>, range: IdRange): readonly Fact<S>[] {
    return statesIn(this.#rows, kind, range);
  }

  index(name: string, query: IndexQuery): readonly IndexRow[] {
    const found: IndexRow[] = [];
    const { from, to, reverse } = indexRange(name, query);
    for (const [key] of this.#rows.range('index', { from, to, reverse })) {
      if (found.length >= query.limit) break;
      const { id: indexed, next } = unescaped(key, name.length + 1);
      found.push({ key: indexed, id: key.slice(next) });
    }
    return found;
  }

  count(name: string, key: string): number {
    return this.sum(name, key);
  }

  sum(name: string, key: string): number {
    return (this.#rows.get('count', `${name}\0${key}`) as number | undefined) ?? 0;
  }
}

/** The objects of a range of ids. */
export const statesIn = <S>(rows: Rows, kind: Kind<S>, range: IdRange): readonly Fact<S>[] => {
  const facts: Fact<S>[] = [];
  const { limit, maxBytes } = range;
  if (limit <= 0) return facts;
  let bytes = 0;
  for (const [key, value] of rows.range('state', stateRange(kind.noun, range))) {
    const fact = { id: splitKey(key).id, ...(value as Versioned<S>) };
    facts.push(fact);
    if (facts.length >= limit) break;
    if (maxBytes !== undefined && (bytes += sizeOf(fact.state)) >= maxBytes) break;
  }
  return facts;
};

const stateRange = (noun: string, { from, to, reverse = false }: IdRange) => ({
  from: stateKey(noun, from),
  to: to === undefined ? `${noun}\x01` : stateKey(noun, to),
  reverse,
});

const indexRange = (name: string, { from, to, after, reverse = false }: IndexQuery) => {
  const low = `${name}\0${from === '' ? '' : escaped(from).slice(0, -2)}`;
  const high = to === undefined ? `${name}\x01` : `${name}\0${escaped(to).slice(0, -2)}`;
  if (after === undefined) return { from: low, to: high, reverse };
  const at = `${name}\0${escaped(after.key)}${after.id}`;
  return reverse ? { from: low, to: at, reverse } : { from: `${at}\0`, to: high, reverse };
};
