/** Names that are kept at most; those that have not guessed for longest are forgotten first. */
const maxNames = 10_000;

export interface Guesses {
  /** Whether a name may try once more. */
  may(name: string): boolean;
  /** Counts one try. */
  count(name: string): void;
}

/**
 * A name may try `burst` times at once, then once in each `refillMs`. Kept in memory, so that guessing costs neither
 * the log nor the disk anything.
 */
export const guessesOf = (burst: number, refillMs: number, now: () => number): Guesses => {
  const tried = new Map<string, { readonly left: number; readonly atMs: number }>();
  const leftOf = (name: string): number => {
    const known = tried.get(name);
    return known === undefined ? burst : Math.min(burst, known.left + Math.max(0, now() - known.atMs) / refillMs);
  };
  return {
    may: (name) => leftOf(name) >= 1,
    count: (name) => {
      const left = leftOf(name);
      tried.delete(name);
      const oldest = tried.size >= maxNames ? tried.keys().next().value : undefined;
      if (oldest !== undefined) tried.delete(oldest);
      tried.set(name, { left: Math.max(0, left - 1), atMs: now() });
    },
  };
};
