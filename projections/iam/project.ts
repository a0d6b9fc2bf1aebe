import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { projects } from '#commands/iam/project';
import { projectKind, type Project } from '#aggregates/iam/project';
import type { View } from '#projections/view';

export const projectView: View<Project, TypeOf<(typeof projects)['row']>> = {
  spec: projects,
  kind: projectKind,
  row: ({ id, state, createPosition, modPosition }) => ({
    ...state,
    // Ids of a state were let through by codecs.
    id: id as Id<'project'>,
    organisation: state.organisation as Id<'organisation'>,
    createPosition,
    modPosition,
  }),
};
