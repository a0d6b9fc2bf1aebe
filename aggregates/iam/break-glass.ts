import type { TypeOf } from '#commands/codec/codec';
import { BreakGlassUsed, useBreakGlass, type BreakGlassCommand } from '#commands/iam/break-glass';
import type { Aggregate } from '#aggregates/aggregate';
import { accept } from '#aggregates/decision';
import { kind } from '#aggregates/facts';

type Used = TypeOf<typeof BreakGlassUsed>;

/** Uses of the break-glass token from one address. */
export interface BreakGlass extends Used {
  readonly uses: number;
  readonly lastMs: number;
}

export const breakGlassKind = kind<BreakGlass>('break-glass');

export type BreakGlassEvent = { readonly kind: 'break-glass.used'; readonly body: Used };

export const breakGlass: Aggregate<BreakGlass, BreakGlassCommand, BreakGlassEvent, never> = {
  kind: breakGlassKind,
  summary: 'From where the token for emergencies was used.',
  commands: [useBreakGlass],
  events: { 'break-glass.used': BreakGlassUsed },
  rejections: {},
  decide: (_state, command) => accept({ kind: 'break-glass.used', body: command.body }),
  evolve: (state, event, moment) => ({ ...event.body, uses: (state?.uses ?? 0) + 1, lastMs: moment.now }),
};
