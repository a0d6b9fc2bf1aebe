import type { Access } from '#aggregates/access';
import type { Moment } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { factsHolding, held } from '#harness/facts';
import { authorityOf, type Authority } from '#log/authority';
import { vocabularyOf } from '#log/vocabulary';

const badge = { kind: kind<{ readonly until: number }>('badge') };
const rules = { kind: kind<object>('rules') };

/** Whoever shows a badge may do everything until it ends. */
const byBadge: Access = {
  changed: { noun: 'rules', id: 'all' },
  changedAt: (facts) => facts.get(rules.kind, 'all')?.modPosition ?? 0,
  standing: (facts, _principal, credential = '') => {
    const until = facts.get(badge.kind, credential)?.state.until;
    return {
      ended: (now) => (until === undefined ? 'badge.absent' : now < until ? undefined : 'badge.expired'),
      permits: () => true,
    };
  },
  explain: () => ({ allowed: true, reason: 'granted', considered: [], roles: [] }),
  whoCan: () => ({ allowed: [], denied: [], more: false }),
  grants: () => [],
  builtinRoles: [],
};
const vocabulary = vocabularyOf([
  { name: 'gate', summary: '', aggregates: [], procedures: [], reactions: [], views: [], access: byBadge },
]);

const without = factsHolding([]);
const withBadge = factsHolding([held(badge, 'b1', { until: 100 })]);
const changed = factsHolding([held(rules, 'all', {}, { modPosition: 7 })]);

const ask = (authority: Authority, facts: Facts, position: number, now: number, more: Partial<Moment> = {}) =>
  authority.objects('door.open', undefined, facts, {
    ...{ position, now, level: 1, principal: 'user/alice', credential: 'b1', address: '' },
    ...more,
  });

/** What somebody is told who asks first and again later, beside what only the later question is told. */
const laterAnswers = (first: Facts, later: Facts, firstAt: number, laterAt: number) => {
  const [asked, unasked] = [authorityOf(vocabulary), authorityOf(vocabulary)];
  ask(asked, first, 5, firstAt);
  return [ask(asked, later, 9, laterAt), ask(unasked, later, 9, laterAt)];
};

describe('what is kept of a caller', () => {
  test('is used for as long as nothing changed', () => {
    const authority = authorityOf(vocabulary);
    expect(ask(authority, withBadge, 5, 1)).toBeUndefined();
    expect(ask(authority, without, 6, 1)).toBeUndefined();
    expect(ask(authority, without, 6, 1, { principal: 'user/bob' })).toMatchObject({ code: 'credential.ended' });
  });

  test('is not used behind a change', () => {
    const authority = authorityOf(vocabulary);
    expect(ask(authority, withBadge, 5, 1)).toBeUndefined();
    expect(ask(authority, changed, 9, 1)).toMatchObject({ detail: { reason: 'badge.absent' } });
  });

  test('is not kept of the position that is being decided', () => {
    const authority = authorityOf(vocabulary);
    const here = factsHolding([held(rules, 'all', {}, { modPosition: 7 }), held(badge, 'b1', { until: 100 })]);
    expect(ask(authority, here, 7, 1)).toBeUndefined();
    expect(ask(authority, changed, 8, 1)).toMatchObject({ detail: { reason: 'badge.absent' } });
  });

  // Two replicas decide alike, though only one was asked before.
  test.each([
    ['the credential was not there yet', without, withBadge, 1, 1, undefined],
    ['the credential has ended and was cleared away', withBadge, without, 1, 100, 'badge.absent'],
    ['the credential has ended', withBadge, withBadge, 1, 100, 'badge.expired'],
    ['the credential had ended and begins again', withBadge, withBadge, 100, 1, undefined],
  ])('makes no difference when %s', (_, first, later, firstAt, laterAt, reason) => {
    const expected = reason === undefined ? undefined : { code: 'credential.ended', detail: { reason } };
    expect(laterAnswers(first, later, firstAt, laterAt)).toEqual([expected, expected]);
  });
});
