import { quantityFromText } from '#commands/codec/quantity';
import { usage } from '#gateways/cli/failure';
import type { Words } from '#gateways/cli/verb';

export const wordsOf = (
  positional: ReadonlyMap<string, string>,
  rest: readonly string[],
  flags: ReadonlyMap<string, readonly string[]>,
): Words => {
  const text = (flag: string): string | undefined => flags.get(flag)?.at(-1);
  return {
    argument: (name) => positional.get(name),
    rest: () => rest,
    all: (flag) => flags.get(flag) ?? [],
    text,
    integer: (flag) => {
      const given = text(flag);
      if (given === undefined) return undefined;
      const value = /^\d{1,16}$/.test(given) ? Number(given) : NaN;
      if (Number.isSafeInteger(value)) return value;
      throw usage(`--${flag}: expected a whole number from 0, got ${JSON.stringify(given)}.`);
    },
    duration: (flag) => {
      const given = text(flag);
      return given === undefined ? undefined : durationMs(`--${flag}`, given);
    },
    on: (flag) => flags.has(flag),
  };
};

const durationMs = (what: string, given: string): number => {
  const value = quantityFromText('ms', /^[0-9.]+$/.test(given) ? `${given}s` : given);
  if (value !== undefined && value >= 0) return value;
  throw usage(`${what}: expected a time such as 30s, 5m or 1500ms, got ${JSON.stringify(given)}.`);
};

export const bytesOfWord = (what: string, given: string): number => {
  const value = quantityFromText('bytes', given);
  if (value !== undefined && value >= 0) return value;
  throw usage(`${what}: expected a size such as 512MiB, got ${JSON.stringify(given)}.`);
};
