import * as fc from 'fast-check';
import { only, type Asker, type Target } from '#aggregates/access';
import { bindingOf } from '#aggregates/iam/binding';
import type { Binding } from '#aggregates/iam/binding-state';
import { groupOf } from '#aggregates/iam/group';
import { project } from '#aggregates/iam/project';
import { roleOf } from '#aggregates/iam/role';
import { considered, rulesOf, standingOf } from '#aggregates/iam/standing';
import { userOf } from '#aggregates/iam/user';
import { factsHolding, held, type Held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const binding = bindingOf(fewWords);
const people: readonly Held[] = [
  held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false }),
  held(userOf(fewWords), 'gone', { organisation: 'acme', disabled: true }),
  held(groupOf(fewWords), 'acme/developers', { organisation: 'acme', members: ['user/alice'] }),
  held(roleOf(fewWords), 'creator', { permissions: ['vm.create'] }),
  held(project, 'shop', { organisation: 'acme', labels: { environment: 'test' } }),
];
const asker: Asker = { principal: 'user/alice', credential: 'test', address: '192.0.2.7', now: 1_000 };
const shopVm = (name: string): Target => ({
  owners: ['organisation/acme', 'project/shop'],
  objects: only('vm', `shop/${name}`),
});
const keys = (from: string, to = `${from}\0`): Target => ({ owners: [], objects: { noun: 'key', from, to } });
const cluster: Target = { owners: [] };

const factsOf = (bindings: readonly Binding[]) =>
  factsHolding([...people, ...bindings.map((one, at) => held(binding, `b${at}`, one))]);

const may = (permission: string, target: Target, bindings: readonly Binding[], at: Asker = asker): boolean => {
  const facts = factsOf(bindings);
  return standingOf(facts, fewWords, at.principal, 'test').permits(permission, target, at, facts);
};

const alice = (role: string, more: Partial<Binding> = {}): Binding => ({ subject: 'user/alice', role, ...more });

type Row = readonly [
  title: string,
  expected: boolean,
  permission: string,
  target: Target,
  bindings: readonly Binding[],
];

const table: readonly Row[] = [
  ['nothing is granted by itself', false, 'vm.read', shopVm('a'), []],
  ['a role of the cluster holds everywhere', true, 'vm.read', shopVm('a'), [alice('viewer')]],
  ['a role permits what it says only', false, 'vm.create', shopVm('a'), [alice('viewer')]],
  [
    'a role of the organisation holds below it',
    true,
    'vm.read',
    shopVm('a'),
    [alice('viewer', { organisation: 'acme' })],
  ],
  ['a role of another organisation does not', false, 'vm.read', shopVm('a'), [alice('viewer', { organisation: 'b' })]],
  ['a role of the project holds in it', true, 'vm.create', shopVm('a'), [alice('creator', { project: 'shop' })]],
  [
    'a role of the project does not hold for the cluster',
    false,
    'vm.read',
    cluster,
    [alice('viewer', { project: 'shop' })],
  ],
  [
    'a role of one object holds for it',
    true,
    'vm.read',
    shopVm('a'),
    [alice('viewer', { noun: 'vm', object: 'shop/a' })],
  ],
  ['and for no other', false, 'vm.read', shopVm('b'), [alice('viewer', { noun: 'vm', object: 'shop/a' })]],
  [
    'a prefix holds for what begins so',
    true,
    'key.put',
    keys('app/a'),
    [alice('key-editor', { noun: 'key', prefix: 'app/' })],
  ],
  ['and for nothing else', false, 'key.put', keys('ap'), [alice('key-editor', { noun: 'key', prefix: 'app/' })]],
  [
    'a range is covered as a whole',
    true,
    'key.read',
    keys('app/', 'app0'),
    [alice('key-viewer', { noun: 'key', prefix: 'app/' })],
  ],
  ['or not at all', false, 'key.read', keys('app/', 'aqq'), [alice('key-viewer', { noun: 'key', prefix: 'app/' })]],
  [
    'a star in an id is a star',
    false,
    'key.read',
    keys('app/a'),
    [alice('key-viewer', { noun: 'key', object: 'app/*' })],
  ],
  [
    'what a group is granted its members are',
    true,
    'vm.read',
    shopVm('a'),
    [{ subject: 'group/acme/developers', role: 'viewer' }],
  ],
  ['everyone is everyone', true, 'vm.read', shopVm('a'), [{ subject: 'everyone', role: 'viewer' }]],
  ['nobody else is', false, 'vm.read', shopVm('a'), [{ subject: 'user/bob', role: 'owner' }]],
  [
    'a denial beats what is granted',
    false,
    'vm.read',
    shopVm('a'),
    [alice('owner'), alice('viewer', { effect: 'deny', project: 'shop' })],
  ],
  [
    'a denial denies what its role permits only',
    true,
    'vm.create',
    shopVm('a'),
    [alice('owner'), alice('viewer', { effect: 'deny' })],
  ],
  [
    'a denial of a part denies a range',
    false,
    'key.read',
    keys('app/', 'app0'),
    [alice('owner'), alice('key-viewer', { effect: 'deny', noun: 'key', prefix: 'app/secret/' })],
  ],
  ['an editor decides nothing about people', false, 'binding.create', shopVm('a'), [alice('editor')]],
  [
    'a label is asked of the project',
    true,
    'vm.read',
    shopVm('a'),
    [alice('viewer', { labels: { environment: 'test' } })],
  ],
  [
    'another label does not hold',
    false,
    'vm.read',
    shopVm('a'),
    [alice('viewer', { labels: { environment: 'production' } })],
  ],
  ['what begins later does not hold yet', false, 'vm.read', shopVm('a'), [alice('viewer', { notBefore: 1_001 })]],
  [
    'what has ended does not hold, timer or not',
    false,
    'vm.read',
    shopVm('a'),
    [alice('viewer', { expiresAt: 1_000 })],
  ],
  [
    'everybody may look at itself',
    true,
    'user.read',
    { owners: ['organisation/acme'], objects: only('user', 'alice') },
    [],
  ],
  ['and at nobody else', false, 'user.read', { owners: ['organisation/acme'], objects: only('user', 'bob') }, []],
];

test.each(table)('%s', (_title, expected, permission, target, bindings) => {
  expect(may(permission, target, bindings)).toBe(expected);
});

test('whoever is disabled, or not there, stands for nobody', () => {
  const ended = (principal: string) => standingOf(factsOf([]), fewWords, principal, 'session/none').ended(0);
  expect(ended('user/gone')).toBe('user.disabled');
  expect(ended('user/none')).toBe('user.absent');
  expect(ended('user/alice')).toBe('session.absent');
  expect(ended('root')).toBe('principal.unknown');
});

test('what is looked up by place is what every rule says, one by one', () => {
  const place = fc.oneof(
    fc.constant({}),
    fc.record({ organisation: fc.constantFrom('acme', 'b') }),
    fc.record({ project: fc.constantFrom('shop', 'other') }),
    fc.record({ noun: fc.constant('key'), prefix: fc.constantFrom('a', 'app/', 'app/b', 'b') }),
    fc.record({ noun: fc.constant('vm'), object: fc.constantFrom('shop/a', 'shop/b') }),
  );
  const one = fc
    .tuple(
      fc.record({
        subject: fc.constantFrom('user/alice', 'group/acme/developers', 'everyone', 'user/bob'),
        role: fc.constantFrom('viewer', 'editor', 'owner', 'creator', 'key-editor'),
        effect: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const),
      }),
      place,
      fc.constantFrom({}, { networks: ['192.0.2.0/24'] }, { networks: ['10.0.0.0/8'] }),
    )
    .map((parts): Binding => Object.assign({}, ...parts) as Binding);
  const target = fc.constantFrom(cluster, shopVm('a'), shopVm('b'), keys('app/b'), keys('b'), keys('app/', 'app0'));
  const permission = fc.constantFrom(...fewWords.permissions());
  fc.assert(
    fc.property(fc.array(one, { maxLength: 8 }), target, permission, (bindings, asked, wanted) => {
      const facts = factsOf(bindings);
      const found = rulesOf(facts, fewWords, 'user/alice').map((rule) =>
        considered(facts, fewWords, rule, wanted, asked, asker),
      );
      const holding = found.filter(({ permitted, covers, unmet }) => permitted && covers && unmet === undefined);
      const expected = holding.length > 0 && holding.every(({ rule }) => !rule.denies);
      expect(may(wanted, asked, bindings)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});
