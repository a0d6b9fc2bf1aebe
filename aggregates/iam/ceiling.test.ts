import { isLeft } from 'fp-ts/lib/Either';
import { bindingOf } from '#aggregates/iam/binding';
import type { Binding } from '#aggregates/iam/binding-state';
import { ceilingOf } from '#aggregates/iam/ceiling';
import { groupOf } from '#aggregates/iam/group';
import { permitsOf } from '#aggregates/iam/permits';
import { project } from '#aggregates/iam/project';
import { userOf } from '#aggregates/iam/user';
import { factsHolding, held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const binding = bindingOf(fewWords);
const facts = (...bindings: readonly Binding[]) =>
  factsHolding([
    held(project, 'shop', { organisation: 'acme' }),
    held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false }),
    held(groupOf(fewWords), 'acme/owners', { organisation: 'acme', members: ['user/bob'] }),
    ...bindings.map((one, at) => held(binding, `b${at}`, one)),
  ]);
const moment = { position: 9, now: 0, level: 1, principal: 'user/alice', credential: 'test', address: '' };
const alice = (role: string, more: Partial<Binding> = {}): Binding => ({ subject: 'user/alice', role, ...more });
const shop = { owners: ['organisation/acme', 'project/shop'] };

test('what is held may be handed on, and nothing else', () => {
  const ceiling = ceilingOf(facts(alice('key-editor'), alice('viewer', { project: 'shop' })), fewWords, moment);
  expect(isLeft(ceiling.permitted(permitsOf(['key.*']), { owners: [] }))).toBe(false);
  expect(isLeft(ceiling.permitted(permitsOf(['vm.read']), shop))).toBe(false);
  expect(ceiling.permitted(permitsOf(['vm.*']), shop)).toMatchObject({
    left: { code: 'iam.escalation', detail: { permission: 'vm.create', resource: 'project/shop' } },
  });
  expect(isLeft(ceiling.permitted(permitsOf(['vm.read']), { owners: [] }))).toBe(true);
});

test('what is denied is not held', () => {
  const ceiling = ceilingOf(facts(alice('owner'), alice('key-viewer', { effect: 'deny' })), fewWords, moment);
  expect(isLeft(ceiling.permitted(permitsOf(['vm.read']), shop))).toBe(false);
  expect(isLeft(ceiling.permitted(permitsOf(['*']), shop))).toBe(true);
});

test('whoever becomes somebody else, or joins a group, must hold what that one does', () => {
  const granted = [
    alice('owner', { project: 'shop' }),
    { subject: 'group/acme/owners', role: 'owner', project: 'shop' },
  ];
  expect(isLeft(ceilingOf(facts(...granted), fewWords, moment).group('acme/owners'))).toBe(false);
  expect(isLeft(ceilingOf(facts(...granted), fewWords, moment).principal('user/bob'))).toBe(false);
  const more = [...granted, { subject: 'user/bob', role: 'viewer' }];
  expect(isLeft(ceilingOf(facts(...more), fewWords, moment).group('acme/owners'))).toBe(false);
  expect(isLeft(ceilingOf(facts(...more), fewWords, moment).principal('user/bob'))).toBe(true);
});

test('the break-glass token and the system hand on everything', () => {
  for (const principal of ['admin', 'system']) {
    const ceiling = ceilingOf(facts(), fewWords, { ...moment, principal });
    expect(isLeft(ceiling.permitted(permitsOf(['*']), { owners: [] }))).toBe(false);
    expect(isLeft(ceiling.principal('user/bob'))).toBe(false);
  }
});
