import { ownerIn } from '#commands/tenant';
import type { Facts } from '#aggregates/facts';
import { kind } from '#aggregates/facts';
import { nounAndId } from '#aggregates/named';
import { ownedByProject } from '#aggregates/owners';

/** The part of a user's state that says whose it is; its aggregate has the rest. */
const userKind = kind<{ readonly organisation: string }>('user');

/** Of objects with ids `<organisation>/<name>`; without a slash they are the cluster's own. */
export const ownedByOrganisation = (id: string): readonly string[] => {
  const organisation = ownerIn(id);
  return organisation === undefined ? [] : [`organisation/${organisation}`];
};

/** The organisation of a user, and the user. */
export const userOwners = (user: string, facts: Facts): readonly string[] => {
  const organisation = facts.get(userKind, user)?.state.organisation;
  return organisation === undefined ? [`user/${user}`] : [`organisation/${organisation}`, `user/${user}`];
};

/** Whoever is a principal, with those above it; for objects that are somebody's, such as sessions. */
export const principalOwners = (principal: string, facts: Facts): readonly string[] => {
  const [noun, id] = nounAndId(principal);
  if (noun === 'user') return userOwners(id, facts);
  return noun === 'service-account' ? [...ownedByProject(id, facts), principal] : [principal];
};
