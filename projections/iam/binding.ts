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
import type { Facts } from '#aggregates/facts';
import { pageOf, type Page, type Selection } from '#projections/selection';
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
    return right(one === undefined ? pageOf(bindingKind, { from: '' }, facts, page) : listed(one, facts, page));
  },
};

/** A page of the bindings that an index has under one key, in order of id, which is the cursor. */
const listed = (
  { index, key }: { readonly index: string; readonly key: string },
  facts: Facts,
  { after, limit }: Page,
): Selection<Binding> => {
  const rows = facts.index(index, {
    from: key,
    to: `${key}\0`,
    limit: limit + 1,
    ...(after === undefined ? {} : { after: { key, id: after } }),
  });
  const shown = rows.slice(0, limit).flatMap(({ id }) => {
    const fact = facts.get(bindingKind, id);
    return fact === undefined ? [] : [{ id, ...fact }];
  });
  const end = rows.length > limit ? rows[limit - 1] : undefined;
  return end === undefined ? { facts: shown } : { facts: shown, cursor: end.id };
};
