/** Names that are kept at most; those that have not guessed for longest are forgotten first. */
const maxNames = 10_000;

/**
 * Says whether a name may try once more: `burst` times at once, then once in each `refillMs`. Kept in memory, so that
 * guessing costs neither the log nor the disk anything.
 */
export const guessesOf = (burst: number, refillMs: number, now: () => number): ((name: string) => boolean) => {
  const tried = new Map<string, { readonly left: number; readonly atMs: number }>();
  return (name) => {
    const nowMs = now();
    const known = tried.get(name);
    const regained = known === undefined ? burst : known.left + Math.max(0, nowMs - known.atMs) / refillMs;
    const left = Math.min(burst, regained);
    tried.delete(name);
    const oldest = tried.size >= maxNames ? tried.keys().next().value : undefined;
    if (oldest !== undefined) tried.delete(oldest);
    tried.set(name, { left: left < 1 ? left : left - 1, atMs: nowMs });
    return left >= 1;
  };
};
