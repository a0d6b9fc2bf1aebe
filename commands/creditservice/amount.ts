import type { Codec } from '#commands/codec/codec';
import { integer } from '#commands/codec/scalar';

/** What a wallet holds at most: a thousand million credits. A million micro-credits are one credit. */
export const mostMicroCredits = 1_000_000_000_000_000;

export const microCredits = (name: string, summary: string, min = 0): Codec<number> =>
  integer(name, { summary, unit: 'microCredits', min });
