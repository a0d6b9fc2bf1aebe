import type { Words } from '#aggregates/iam/words';
import { ownedByProject } from '#aggregates/owners';

/** A release with few words: keys, whose ids are bytes, and machines of projects. */
export const fewWords: Words = {
  permissions: () => ['binding.create', 'key.put', 'key.read', 'project.read', 'user.read', 'vm.create', 'vm.read'],
  bytesIds: (noun) => (noun === 'key' ? true : noun === 'vm' ? false : undefined),
  isOwned: (noun) => noun === 'vm',
  ownersOf: (noun, id, facts) => (noun === 'vm' ? ownedByProject(id, facts) : []),
};
