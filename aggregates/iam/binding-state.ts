import type { NounRange } from '#aggregates/access';
import { kind, prefixEnd } from '#aggregates/facts';
import type { Conditions } from '#aggregates/iam/conditions';
import { idForm, type Words } from '#aggregates/iam/words';

/** A role for a subject, somewhere, perhaps only at times. */
export interface Binding extends Conditions {
  readonly subject: string;
  readonly role: string;
  readonly effect?: 'allow' | 'deny';
  readonly organisation?: string;
  readonly project?: string;
  readonly noun?: string;
  readonly object?: string;
  readonly prefix?: string;
}

export const bindingKind = kind<Binding>('binding');

/** Index of bindings by who they are for. */
export const bindingsBySubject = 'binding.by-subject';

/** Where a binding holds: `cluster`, an owner as `noun/id`, or objects of a noun. */
export const placeOf = (
  { organisation, project, noun, object, prefix }: Binding,
  { bytesIds }: Pick<Words, 'bytesIds'>,
): { readonly at: string; readonly objects?: NounRange } => {
  if (organisation !== undefined) return { at: `organisation/${organisation}` };
  if (project !== undefined) return { at: `project/${project}` };
  if (noun === undefined) return { at: 'cluster' };
  const isBytes = bytesIds(noun) === true;
  if (object !== undefined) {
    const from = idForm(isBytes, object);
    return { at: noun, objects: { noun, from, to: `${from}\0` } };
  }
  const from = idForm(isBytes, prefix ?? '');
  const to = prefixEnd(from);
  return { at: noun, objects: to === undefined ? { noun, from } : { noun, from, to } };
};

/** Index of bindings by their role. */
export const bindingsByRole = 'binding.by-role';

/** Index of bindings by where they hold, as `placeKey` has it. */
export const bindingsByPlace = 'binding.by-place';

/** Where a binding holds, in a text of its own: an owner, or a noun with the range of its ids. */
export const placeKey = ({ at, objects }: ReturnType<typeof placeOf>): string =>
  objects === undefined ? at : `${at}\0${objects.from}`;
