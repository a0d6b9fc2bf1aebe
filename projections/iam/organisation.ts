import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { organisations } from '#commands/iam/organisation';
import { contents, organisationKind, type Organisation } from '#aggregates/iam/organisation';
import type { View } from '#projections/view';

export const organisationView: View<Organisation, TypeOf<(typeof organisations)['row']>> = {
  spec: organisations,
  kind: organisationKind,
  row: ({ id, state, createPosition, modPosition }, facts) => ({
    // An organisation that exists was created under an id that the command's codec let through; so below.
    id: id as Id<'organisation'>,
    ...state,
    projects: facts.count(contents.projects, id),
    users: facts.count(contents.users, id),
    createPosition,
    modPosition,
  }),
};
