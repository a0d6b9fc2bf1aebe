import { only, type Question } from '#aggregates/access';
import type { Binding } from '#aggregates/iam/binding-state';
import { explain } from '#aggregates/iam/explain';
import { asked, factsBinding, key, shopVm } from '#harness/iam-people';
import { fewWords } from '#harness/iam-words';

const told = (bindings: Readonly<Record<string, Binding>>, question: Question) =>
  explain(factsBinding(bindings), fewWords, question);

describe('an explanation', () => {
  test('names the binding that grants', () => {
    const bindings = { elsewhere: { subject: 'user/alice', role: 'viewer', project: 'other' } } as const;
    const granting = { subject: 'group/acme/developers', role: 'viewer', project: 'shop' };
    const answer = told({ ...bindings, here: granting }, asked('vm.read', shopVm));
    expect(answer).toMatchObject({ allowed: true, reason: 'granted', binding: 'here' });
    expect(answer.considered).toEqual([
      {
        binding: 'elsewhere',
        subject: 'user/alice',
        role: 'viewer',
        effect: 'allow',
        place: 'project/other',
        permits: true,
        covers: false,
      },
      {
        binding: 'here',
        subject: 'group/acme/developers',
        role: 'viewer',
        effect: 'allow',
        place: 'project/shop',
        permits: true,
        covers: true,
      },
    ]);
  });

  test('names the binding that denies, whatever else grants', () => {
    const bindings: Readonly<Record<string, Binding>> = {
      all: { subject: 'user/alice', role: 'owner' },
      not: { subject: 'everyone', role: 'viewer', effect: 'deny', noun: 'vm', prefix: 'shop/' },
    };
    const answer = told(bindings, asked('vm.read', shopVm));
    expect(answer).toMatchObject({ allowed: false, reason: 'denied', binding: 'not' });
    expect(answer.considered.map(({ place }) => place)).toEqual(['cluster', 'vm/shop/…']);
  });

  test('names the condition that is not met, and the roles that would be enough', () => {
    const office: Binding = { subject: 'user/alice', role: 'creator', networks: ['10.0.0.0/8'] };
    const answer = told({ office }, asked('vm.create', shopVm));
    expect(answer).toMatchObject({ allowed: false, reason: 'missing', considered: [{ unmet: 'networks' }] });
    expect(answer.roles).toEqual(['acme/creator', 'creator', 'owner']);
  });

  test('says what has ended before anything else', () => {
    const all: Binding = { subject: 'user/gone', role: 'owner' };
    expect(told({ all }, asked('vm.read', shopVm, 'user/gone'))).toMatchObject({
      allowed: false,
      reason: 'ended',
      ended: 'user.disabled',
    });
    const shown = { ...asked('vm.read', shopVm), credential: 'session/none' };
    expect(told({}, shown)).toMatchObject({ reason: 'ended', ended: 'session.absent' });
  });

  test('says what everybody may of itself', () => {
    const itself = { owners: ['organisation/acme', 'user/alice'], objects: only('user', 'alice') };
    expect(told({}, asked('user.read', itself))).toMatchObject({ allowed: true, reason: 'own' });
  });

  test('shows ids of bytes as the text that they spell', () => {
    const bindings = { keys: { subject: 'user/alice', role: 'key-viewer', noun: 'key', object: 'café' } } as const;
    expect(told(bindings, asked('key.read', key('a'))).considered[0]?.place).toBe('key/café');
  });
});
