/** Says of each call whether it is within the limit. */
export type Rate = (name: string) => boolean;

/**
 * At most `perSecond` calls a name in each second of the clock. Fixed windows let two seconds' worth through around
 * their edge, and cost one look-up a call.
 */
export const rateOf = (perSecond: number, now: () => number): Rate => {
  const counts = new Map<string, number>();
  let second = 0;
  return (name) => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      counts.clear();
    }
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count <= perSecond;
  };
};
