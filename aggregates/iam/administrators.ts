import type { Facts } from '#aggregates/facts';
import type { Binding } from '#aggregates/iam/binding-state';

/** Index of bindings that make users administrators of the cluster, whatever else is bound. */
export const administrators = 'binding.administrators';

const place = 'cluster';

/** Whether a binding makes a user an owner of the cluster, always and from everywhere. */
const makesAdministrator = (binding: Binding): boolean => {
  const { subject, role, effect = 'allow', ...conditions } = binding;
  return (
    subject.startsWith('user/') &&
    role === 'owner' &&
    effect === 'allow' &&
    Object.values(conditions).every((value) => value === undefined)
  );
};

export const administratorKeys = (binding: Binding): readonly string[] => (makesAdministrator(binding) ? [place] : []);

/** More administrators than these are not looked at. */
const enough = 100;

/** The ids of bindings of administrators. */
export const administratorBindings = (facts: Facts): readonly string[] =>
  facts.index(administrators, { from: place, to: `${place}\0`, limit: enough }).map(({ id }) => id);
