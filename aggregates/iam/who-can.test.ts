import * as fc from 'fast-check';
import { only, type Holder, type Target } from '#aggregates/access';
import type { Binding } from '#aggregates/iam/binding-state';
import { explain } from '#aggregates/iam/explain';
import { standingOf } from '#aggregates/iam/standing';
import { whoCan } from '#aggregates/iam/who-can';
import { asked, factsBinding, key, shopVm } from '#harness/iam-people';
import { fewWords } from '#harness/iam-words';

describe('who can', () => {
  const holders = (bindings: Readonly<Record<string, Binding>>, permission: string, target: Target) =>
    whoCan(factsBinding(bindings), fewWords, permission, target, 1_000);

  test('lists users, members of groups and everyone, each with its binding', () => {
    const bindings: Readonly<Record<string, Binding>> = {
      cluster: { subject: 'user/bob', role: 'owner' },
      group: { subject: 'group/acme/developers', role: 'viewer', organisation: 'acme' },
      all: { subject: 'everyone', role: 'viewer', noun: 'vm', prefix: 'shop/' },
      elsewhere: { subject: 'user/bob', role: 'viewer', project: 'other' },
      less: { subject: 'user/bob', role: 'creator' },
    };
    const { allowed, more } = holders(bindings, 'vm.read', shopVm);
    expect(allowed.map(({ principal, grant }) => [principal, grant?.binding, grant?.subject])).toEqual([
      ['user/bob', 'cluster', 'user/bob'],
      ['user/alice', 'group', 'group/acme/developers'],
      ['everyone', 'all', 'everyone'],
    ]);
    expect(more).toBe(false);
  });

  test('leaves out to whom it is denied, and tells of them', () => {
    const bindings: Readonly<Record<string, Binding>> = {
      all: { subject: 'user/alice', role: 'owner' },
      not: { subject: 'group/acme/developers', role: 'viewer', effect: 'deny', project: 'shop' },
    };
    const { allowed, denied } = holders(bindings, 'vm.read', shopVm);
    expect(allowed).toEqual([]);
    expect(denied.map(({ principal }) => principal)).toEqual(['user/alice', 'user/gone']);
  });

  test('tells of conditions that a request from nowhere does not meet', () => {
    const office: Binding = { subject: 'user/alice', role: 'owner', networks: ['10.0.0.0/8'] };
    expect(holders({ office }, 'vm.read', shopVm).allowed).toMatchObject([
      { principal: 'user/alice', unmet: 'networks' },
    ]);
  });

  test('lists whoever it is about', () => {
    const itself = { owners: ['organisation/acme', 'user/bob'], objects: only('user', 'bob') };
    expect(holders({}, 'user.read', itself).allowed).toEqual([{ principal: 'user/bob' }]);
  });
});

test('all three questions have one answer', () => {
  const place = fc.oneof(
    fc.constant({}),
    fc.record({ organisation: fc.constantFrom('acme', 'b') }),
    fc.record({ project: fc.constantFrom('shop', 'other') }),
    fc.record({ noun: fc.constant('key'), prefix: fc.constantFrom('a', 'ab', 'app/', 'app/b', 'app/bb', 'b') }),
    fc.record({ noun: fc.constant('key'), object: fc.constantFrom('app/b', 'app/a', 'app/c', 'ap') }),
    fc.record({ noun: fc.constant('vm'), object: fc.constantFrom('shop/a', 'shop/b') }),
    fc.record({ noun: fc.constant('project'), prefix: fc.constantFrom('s', 'shop', 'shopping') }),
  );
  const one = fc
    .tuple(
      fc.record({
        subject: fc.constantFrom('user/alice', 'group/acme/developers', 'everyone', 'user/bob', 'user/gone'),
        role: fc.constantFrom('viewer', 'editor', 'owner', 'creator', 'key-editor'),
        effect: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const),
      }),
      place,
      fc.constantFrom({}, {}, { networks: ['10.0.0.0/8'] }),
    )
    .map((parts): Binding => Object.assign({}, ...parts) as Binding);
  const range: Target = { owners: [], objects: { noun: 'key', from: 'app/', to: 'app0' } };
  const target = fc.constantFrom<Target>({ owners: [] }, shopVm, key('app/b'), key('b'), range);
  const permission = fc.constantFrom(...fewWords.permissions());
  fc.assert(
    fc.property(fc.array(one, { maxLength: 8 }), target, permission, (bindings, wanted, may) => {
      const facts = factsBinding(Object.fromEntries(bindings.map((binding, at) => [`b${at}`, binding])));
      const { allowed, denied } = whoCan(facts, fewWords, may, wanted, 1_000);
      const now = (holders: readonly Holder[]): readonly string[] =>
        holders.filter(({ unmet }) => unmet === undefined).map(({ principal }) => principal);
      const [listed, refused] = [now(allowed), now(denied)];
      for (const principal of ['user/alice', 'user/bob', 'user/gone']) {
        const asker = { principal, credential: '', address: '', now: 1_000 };
        const standing = standingOf(facts, fewWords, principal, undefined);
        const expected = standing.ended(1_000) === undefined && standing.permits(may, wanted, asker, facts);
        const question = { ...asked(may, wanted, principal), address: '' };
        expect(explain(facts, fewWords, question).allowed).toBe(expected);
        const asEveryone = listed.includes('everyone') && !refused.includes(principal);
        if (principal !== 'user/gone') expect(listed.includes(principal) || asEveryone).toBe(expected);
        else expect(listed).not.toContain(principal);
      }
    }),
    { numRuns: 500 },
  );
});
