import type { Id } from '#commands/codec/scalar';

/** What stands before the slash of an id: the organisation of a group or role, the project of what a tenant has. */
export const ownerIn = (name: string): string | undefined => {
  const slash = name.indexOf('/');
  return slash === -1 ? undefined : name.slice(0, slash);
};

/** The project that an id begins with. */
export const projectIn = (name: string): Id<'project'> => (ownerIn(name) ?? '') as Id<'project'>;
