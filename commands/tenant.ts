import { id, type Id } from '#commands/codec/scalar';

/** A DNS label (RFC 1123), as a pattern. */
export const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

export const ProjectId = id('project', {
  summary: 'The id of a project, of its own in the cluster.',
  pattern: label,
  maxLength: 63,
  example: 'shop',
});

/** What stands before the slash of an id: the organisation of a group or role, the project of what a tenant has. */
export const ownerIn = (name: string): string | undefined => {
  const slash = name.indexOf('/');
  return slash === -1 ? undefined : name.slice(0, slash);
};

/** The project that an id begins with. */
export const projectIn = (name: string): Id<'project'> => (ownerIn(name) ?? '') as Id<'project'>;
