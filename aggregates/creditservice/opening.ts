import type { Reaction } from '#aggregates/procedure';

/** What comes and goes with a project. Whatever refuses to go keeps the project. */
export const opening: readonly Reaction[] = [
  { on: 'project.created', react: ({ id }) => [{ kind: 'quota.begin', id, body: {} }] },
  { on: 'project.deleted', react: ({ id }) => [{ kind: 'quota.end', id, body: {} }] },
];
