import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { groups } from '#commands/iam/group';
import { groupKind, type Group } from '#aggregates/iam/group';
import type { View } from '#projections/view';

export const groupView: View<Group, TypeOf<(typeof groups)['row']>> = {
  spec: groups,
  kind: groupKind,
  row: ({ id, state: { organisation: _owner, ...shown }, createPosition, modPosition }) => ({
    // A group that exists was created under an id that the command's codec let through.
    id: id as Id<'group'>,
    ...shown,
    createPosition,
    modPosition,
  }),
};
