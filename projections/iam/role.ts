import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { roles } from '#commands/iam/role';
import { bindingsByRole } from '#aggregates/iam/binding-state';
import { roleKind, type Role } from '#aggregates/iam/role';
import type { View } from '#projections/view';

export const roleView: View<Role, TypeOf<(typeof roles)['row']>> = {
  spec: roles,
  kind: roleKind,
  row: ({ id, state: { organisation: _owner, ...shown }, createPosition, modPosition }, facts) => ({
    // A role that exists was created under an id that the command's codec let through.
    id: id as Id<'role'>,
    ...shown,
    bindings: facts.count(bindingsByRole, id),
    createPosition,
    modPosition,
  }),
};
