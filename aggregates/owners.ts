import { ownerIn } from '#commands/owner';
import type { Facts } from '#aggregates/facts';
import { kind } from '#aggregates/facts';
import { nounAndId } from '#aggregates/named';

/** The parts of states that say whose an object is; the aggregates have the rest. */
const projectKind = kind<{ readonly organisation: string }>('project');
const userKind = kind<{ readonly organisation: string }>('user');

/** A project with its organisation. A project that is not there has no organisation. */
export const projectOwners = (project: string, facts: Facts): readonly string[] => {
  const organisation = facts.get(projectKind, project)?.state.organisation;
  return organisation === undefined ? [`project/${project}`] : [`organisation/${organisation}`, `project/${project}`];
};

/** Of objects with ids `<project>/<name>`. */
export const ownedByProject = (id: string, facts: Facts): readonly string[] => projectOwners(ownerIn(id) ?? '', facts);

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
