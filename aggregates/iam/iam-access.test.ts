import { bindingOf } from '#aggregates/iam/binding';
import { iamAccess } from '#aggregates/iam/iam-access';
import { policy } from '#aggregates/iam/policy';
import { userOf } from '#aggregates/iam/user';
import { factsHolding, held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const access = iamAccess(fewWords);

test('the policy says where the last change was', () => {
  expect(access.changedAt(factsHolding([]))).toBe(0);
  expect(access.changedAt(factsHolding([held(policy, 'cluster', {}, { modPosition: 7 })]))).toBe(7);
  expect(access.changed).toEqual({ noun: 'policy', id: 'cluster' });
});

test('a standing is of bindings', () => {
  const facts = factsHolding([
    held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false }),
    held(bindingOf(fewWords), 'b', { subject: 'user/alice', role: 'viewer' }),
  ]);
  const asker = { principal: 'user/alice', credential: 'test', address: '', now: 0 };
  const permits = (permission: string): boolean =>
    access.standing(facts, asker.principal, asker.credential).permits(permission, { owners: [] }, asker, facts);
  expect([permits('vm.read'), permits('vm.create')]).toEqual([true, false]);
});
