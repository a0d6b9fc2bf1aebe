import { ownerIn } from '#commands/tenant';
import type { Facts } from '#aggregates/facts';
import { kind } from '#aggregates/facts';

/** The part of a project's state that says whose it is; its aggregate has the rest. */
export const projectKind = kind<{ readonly organisation: string }>('project');

export const projectAbsent = {
  'project.absent': {
    category: 'absent',
    summary: 'There is no such project.',
    fix: 'Create the project first, or correct its id.',
  },
} as const;

/** Whatever a project has refuses with this to be left behind. */
export const projectInUse = {
  'project.inUse': {
    category: 'conflict',
    summary: 'Something still belongs to the project.',
    fix: 'Delete what the detail counts first.',
  },
} as const;

/** A project with its organisation. A project that is not there has no organisation. */
export const projectOwners = (project: string, facts: Facts): readonly string[] => {
  const organisation = facts.get(projectKind, project)?.state.organisation;
  return organisation === undefined ? [`project/${project}`] : [`organisation/${organisation}`, `project/${project}`];
};

/** Of objects with ids `<project>/<name>`. */
export const ownedByProject = (id: string, facts: Facts): readonly string[] => projectOwners(ownerIn(id) ?? '', facts);
