import { left, right } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { bindings } from '#commands/iam/binding';
import {
  bindingKind,
  bindingsByPlace,
  bindingsByRole,
  bindingsBySubject,
  type Binding,
} from '#aggregates/iam/binding-state';
import { listed } from '#projections/iam/listed';
import { pageOf } from '#projections/selection';
import type { View } from '#projections/view';

interface Filters {
  readonly subject?: string;
  readonly role?: string;
  readonly project?: string;
  readonly organisation?: string;
}

const rejections = {
  'filter.incompatible': {
    category: 'invalid',
    summary: 'These filters cannot be combined.',
    fix: 'Give one of subject, role, project and organisation.',
  },
} as const;

export const bindingView: View<Binding, TypeOf<(typeof bindings)['row']>, Filters> = {
  spec: bindings,
  kind: bindingKind,
  rejections,
  row: ({ id, state, createPosition }) =>
    // What stands in a state was let through by codecs.
    ({ ...state, id: id as Id<'binding'>, createPosition }) as TypeOf<(typeof bindings)['row']>,

  select({ subject, role, project, organisation }, facts, page) {
    const wanted = [
      [bindingsBySubject, subject],
      [bindingsByRole, role],
      [bindingsByPlace, project === undefined ? undefined : `project/${project}`],
      [bindingsByPlace, organisation === undefined ? undefined : `organisation/${organisation}`],
    ].flatMap(([index, key]) => (index === undefined || key === undefined ? [] : [{ index, key }]));
    const [one, other] = wanted;
    if (other !== undefined) return left({ code: 'filter.incompatible' });
    return right(
      one === undefined ? pageOf(bindingKind, { from: '' }, facts, page) : listed(bindingKind, one, facts, page),
    );
  },
};
