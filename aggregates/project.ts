import { kind } from '#aggregates/facts';

/** What everything in a project asks of it. */
export interface ProjectFacts {
  readonly organisation: string;
}

export const projectFacts = kind<ProjectFacts>('project');

export const projectAbsent = {
  'project.absent': {
    category: 'absent',
    summary: 'There is no such project.',
    fix: 'Create the project first, or correct its id.',
  },
} as const;
