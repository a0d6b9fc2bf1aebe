import { sweeps } from '#commands/chainfire/sweep';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { sweepKind, type Sweep } from '#aggregates/chainfire/sweep';
import type { View } from '#projections/view';

export const sweepView: View<Sweep, TypeOf<(typeof sweeps)['row']>> = {
  spec: sweeps,
  kind: sweepKind,
  row: ({ id, state, modPosition }) => ({
    // A sweep that exists was started under an id that the command's codec let through.
    id: id as Id<'sweep'>,
    prefix: state.prefix,
    phase: state.phase,
    passed: state.passed,
    deleted: state.deleted,
    startPosition: state.startPosition,
    startedAt: state.startedMs,
    modPosition,
  }),
};
