import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { ports } from '#commands/prismnet/port';
import { portKind, type Port } from '#aggregates/prismnet/network';
import type { View } from '#projections/view';

export const portView: View<Port, TypeOf<(typeof ports)['row']>> = {
  spec: ports,
  kind: portKind,
  row: ({ id, state: { addressGiven: _address, macGiven: _mac, ...shown }, createPosition, modPosition }) => ({
    // A port that exists was created under an id that the command's codec let through.
    id: id as Id<'port'>,
    ...shown,
    createPosition,
    modPosition,
  }),
};
