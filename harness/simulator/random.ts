/** A seeded source: the same seed gives the same run, on every machine. */
export interface Random {
  /** A whole number from 0 up to `below`, excluded. */
  under(below: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** The mulberry32 generator: 32 bits of state, enough to tell runs apart. */
export const randomOf = (seed: number): Random => {
  const source = { state: seed >>> 0 };
  const next = (): number => {
    source.state = (source.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(source.state ^ (source.state >>> 15), source.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return {
    under: (below) => Math.floor(next() * below),
    chance: (probability) => next() < probability,
    pick: (from) => {
      const picked = from[Math.floor(next() * from.length)];
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    },
  };
};
