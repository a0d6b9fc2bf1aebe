import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { users } from '#commands/iam/user';
import { userKind, type User } from '#aggregates/iam/user';
import type { View } from '#projections/view';

export const userView: View<User, TypeOf<(typeof users)['row']>> = {
  spec: users,
  kind: userKind,
  row: ({ id, state, createPosition, modPosition }) => ({
    ...state,
    // Ids of a state were let through by codecs.
    id: id as Id<'user'>,
    organisation: state.organisation as Id<'organisation'>,
    createPosition,
    modPosition,
  }),
};
