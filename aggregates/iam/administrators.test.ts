import { administratorBindings, administratorKeys } from '#aggregates/iam/administrators';
import { bindingOf } from '#aggregates/iam/binding';
import type { Binding } from '#aggregates/iam/binding-state';
import { factsHolding, held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const owner: Binding = { subject: 'user/alice', role: 'owner' };

test.each<readonly [Binding, boolean]>([
  [owner, true],
  [{ ...owner, effect: 'allow' }, true],
  [{ ...owner, effect: 'deny' }, false],
  [{ ...owner, subject: 'group/acme/owners' }, false],
  [{ ...owner, role: 'editor' }, false],
  [{ ...owner, project: 'shop' }, false],
  [{ ...owner, expiresAt: 1 }, false],
  [{ ...owner, networks: ['10.0.0.0/8'] }, false],
])('%j makes an administrator: %s', (binding, expected) => {
  expect(administratorKeys(binding)).toEqual(expected ? ['cluster'] : []);
});

test('administrators are found by their bindings', () => {
  const binding = bindingOf(fewWords);
  const facts = factsHolding([held(binding, 'a', owner), held(binding, 'b', { ...owner, role: 'viewer' })]);
  expect(administratorBindings(facts)).toEqual(['a']);
});
