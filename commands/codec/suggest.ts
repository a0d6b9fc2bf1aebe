/** The candidate that was most likely meant: at most one slip in three characters away, case and dashes aside. */
export const suggest = (word: string, candidates: readonly string[]): string | undefined => {
  if (word.length > 64) return undefined;
  const written = fold(word);
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const meant = fold(candidate);
    const distance = editDistance(written, meant);
    if (distance <= Math.floor(Math.max(written.length, meant.length) / 3) && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
};

/** For a hint: `did you mean cpuCount?`, or nothing. */
export const didYouMean = (word: string, candidates: readonly string[]): string | undefined => {
  const meant = suggest(word, candidates);
  return meant === undefined ? undefined : `did you mean ${meant}?`;
};

const fold = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '');

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
const editDistance = (a: string, b: string): number => {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = cell(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, cell(row, j) + 1, cell(next, j - 1) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, cell(before, j - 2) + 1);
      }
      next.push(least);
    }
    before = row;
    row = next;
  }
  return cell(row, b.length);
};

const cell = (row: readonly number[], at: number): number => row[at] ?? Infinity;
