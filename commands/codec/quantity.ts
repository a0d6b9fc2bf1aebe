import type { Unit } from '#commands/codec/codec';

const bytesIn: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
]);

const msIn: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const creditsIn: ReadonlyMap<string, number> = new Map([
  ['credit', 1e6],
  ['credits', 1e6],
]);

/**
 * Reads a number as people type it: `4GiB` where the unit is bytes, `30s` or `5m` where it is a time; without a
 * suffix it is in the unit itself. Undefined if it is not such text or not a whole number of the unit.
 */
export const quantityFromText = (unit: Unit, input: string): number | undefined => {
  const match = /^(-?[0-9]+(?:\.[0-9]+)?)([A-Za-z]*)$/.exec(input);
  if (match === null) return undefined;
  const factor = factorOf(unit, match[2] ?? '');
  const written = Number(match[1]);
  // 1.1 of a thousand is a whole number, and not quite so as a product of binary fractions.
  const value = Math.round(written * (factor ?? NaN));
  return Number.isSafeInteger(value) && value / (factor ?? NaN) === written ? value : undefined;
};

const factorOf = (unit: Unit, suffix: string): number | undefined => {
  if (suffix === '') return 1;
  if (unit === 'bytes') return bytesIn.get(suffix);
  if (unit === 'ms') return msIn.get(suffix);
  if (unit === 'microCredits') return creditsIn.get(suffix);
  const ms = unit === 'seconds' ? msIn.get(suffix) : undefined;
  return ms === undefined ? undefined : ms / 1_000;
};

/** For help: what may follow the number. */
export const suffixesOf = (unit: Unit): readonly string[] => {
  if (unit === 'bytes') return [...bytesIn.keys()];
  if (unit === 'ms') return [...msIn.keys()];
  if (unit === 'microCredits') return [...creditsIn.keys()];
  return unit === 'seconds' ? [...msIn.keys()].slice(1) : [];
};
