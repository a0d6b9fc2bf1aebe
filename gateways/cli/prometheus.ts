/** One line of the Prometheus text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format as far as figures go; anything else is passed over. */
export const samplesOf = (text: string): readonly Sample[] =>
  text.split('\n').flatMap((line) => {
    const match = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match === null) return [];
    const value = match[3] === '+Inf' ? Infinity : Number(match[3]);
    return Number.isNaN(value) ? [] : [{ name: match[1] ?? '', labels: labelsOf(match[2] ?? ''), value }];
  });

const labelsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"/g)].map((match) => [
      match[1] ?? '',
      (match[2] ?? '').replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)),
    ]),
  );

/** The sum of all samples of a name whose labels agree. */
export const sumOf = (
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number =>
  samples
    .filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
    .reduce((sum, { value }) => sum + value, 0);

/**
 * The value below which a share of what a histogram counted between two readings lies, linear inside a bucket as
 * Prometheus does it. Undefined when nothing was counted.
 */
export const quantile = (
  before: readonly Sample[],
  after: readonly Sample[],
  name: string,
  share: number,
  labels: Readonly<Record<string, string>> = {},
): number | undefined => {
  const bounds = [...new Set(after.filter((s) => s.name === `${name}_bucket`).map(({ labels: { le = '' } }) => le))];
  const buckets = bounds
    .map((le) => ({
      bound: le === '+Inf' ? Infinity : Number(le),
      count: sumOf(after, `${name}_bucket`, { ...labels, le }) - sumOf(before, `${name}_bucket`, { ...labels, le }),
    }))
    .sort((a, b) => a.bound - b.bound);
  const total = buckets.at(-1)?.count ?? 0;
  if (total <= 0) return undefined;
  let low = 0;
  let below = 0;
  for (const { bound, count } of buckets) {
    if (count >= share * total) {
      if (bound === Infinity) return low;
      return low + ((bound - low) * (share * total - below)) / Math.max(1, count - below);
    }
    low = bound;
    below = count;
  }
  return low;
};
