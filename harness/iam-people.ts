import { only, type Question, type Target } from '#aggregates/access';
import { bindingOf } from '#aggregates/iam/binding';
import type { Binding } from '#aggregates/iam/binding-state';
import { groupOf } from '#aggregates/iam/group';
import { project } from '#aggregates/iam/project';
import { roleOf } from '#aggregates/iam/role';
import { userOf } from '#aggregates/iam/user';
import { factsHolding, held, type Held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const user = userOf(fewWords);
const people: readonly Held[] = [
  held(user, 'alice', { organisation: 'acme', disabled: false }),
  held(user, 'bob', { organisation: 'acme', disabled: false }),
  held(user, 'gone', { organisation: 'acme', disabled: true }),
  held(groupOf(fewWords), 'acme/developers', { organisation: 'acme', members: ['user/alice', 'user/gone'] }),
  held(roleOf(fewWords), 'creator', { permissions: ['vm.create'] }),
  held(roleOf(fewWords), 'acme/creator', { organisation: 'acme', permissions: ['vm.create'] }),
  held(roleOf(fewWords), 'other/creator', { organisation: 'other', permissions: ['vm.create'] }),
  held(project, 'shop', { organisation: 'acme' }),
];
/** A machine of a project of the organisation that the people are in. */
export const shopVm: Target = { owners: ['organisation/acme', 'project/shop'], objects: only('vm', 'shop/a') };
export const key = (id: string): Target => ({ owners: [], objects: only('key', id) });

/** The people, their groups and roles, and these bindings. */
export const factsBinding = (bindings: Readonly<Record<string, Binding>>) =>
  factsHolding([...people, ...Object.entries(bindings).map(([id, one]) => held(bindingOf(fewWords), id, one))]);

export const asked = (permission: string, target: Target, principal = 'user/alice'): Question => ({
  permission,
  target,
  principal,
  address: '192.0.2.7',
  now: 1_000,
});
