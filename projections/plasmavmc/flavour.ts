import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { flavours } from '#commands/plasmavmc/flavour';
import { flavourKind, type Flavour } from '#aggregates/plasmavmc/flavour';
import type { View } from '#projections/view';

export const flavourView: View<Flavour, TypeOf<(typeof flavours)['row']>> = {
  spec: flavours,
  kind: flavourKind,
  // A flavour that exists was created under an id that the command's codec let through.
  row: ({ id, state, createPosition, modPosition }) => ({
    id: id as Id<'flavour'>,
    ...state,
    createPosition,
    modPosition,
  }),
};
