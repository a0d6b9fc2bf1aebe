import { roles } from '#commands/cluster/cluster';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { roleKind, type Role } from '#aggregates/role';
import type { View } from '#projections/view';

export const roleView: View<Role, TypeOf<(typeof roles)['row']>> = {
  spec: roles,
  kind: roleKind,
  row: ({ id, state, modPosition }) => ({ id: id as Id<'role'>, ...state, modPosition }),
};
