import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { breakGlassUses } from '#commands/iam/break-glass';
import { breakGlassKind, type BreakGlass } from '#aggregates/iam/break-glass';
import type { View } from '#projections/view';

export const breakGlassView: View<BreakGlass, TypeOf<(typeof breakGlassUses)['row']>> = {
  spec: breakGlassUses,
  kind: breakGlassKind,
  row: ({ id, state: { gateway, uses, lastMs }, createPosition }) => ({
    // An address that is noted was let through by the command's codec.
    id: id as Id<'break-glass'>,
    gateway,
    uses,
    lastUsedAt: lastMs,
    createPosition,
  }),
};
