import type { AnyCommand } from '#commands/command';
import type { Reaction } from '#aggregates/procedure';

const end = (kind: string, id: string): AnyCommand => ({ kind, id, body: {} });

/** What comes and goes with a project. Whatever refuses to go keeps the project. */
export const opening: readonly Reaction[] = [
  { on: 'project.created', react: ({ id }) => [{ kind: 'quota.begin', id, body: {} }] },
  { on: 'project.deleted', react: ({ id }) => [end('quota.end', id), end('wallet.close', id)] },
];
