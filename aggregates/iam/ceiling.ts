import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { Rejection } from '#commands/rejection';
import type { Target } from '#aggregates/access';
import type { Moment } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { bindingKind, bindingsBySubject } from '#aggregates/iam/binding-state';
import { permitsOne, type Permits } from '#aggregates/iam/permits';
import { maxBindingsPerSubject, ruleOf, standingOf, subjectsOf, type Rule } from '#aggregates/iam/standing';
import type { Words } from '#aggregates/iam/words';
import { projectOwners } from '#aggregates/owners';

/** Nobody hands on more than they hold. */
export const escalation = {
  'iam.escalation': {
    category: 'forbidden',
    summary: 'This would grant a permission that you do not hold there yourself.',
    fix: 'Ask somebody who holds the permission named in the detail, or leave it out.',
  },
} as const;

type Escalation = Rejection<keyof typeof escalation>;

const unlimited: readonly string[] = ['admin', 'system'];

/** What a rule is about, with everything above it. */
const targetOf = (facts: Facts, words: Words, { at, objects }: Rule): Target => {
  if (objects !== undefined) return { owners: words.ownersOf(objects.noun, objects.from, facts), objects };
  if (at === 'cluster') return { owners: [] };
  return { owners: at.startsWith('project/') ? projectOwners(at.slice('project/'.length), facts) : [at] };
};

/** Refuses what the caller of this moment would hand on without holding it. */
export const ceilingOf = (facts: Facts, words: Words, moment: Moment) => {
  const { principal, credential } = moment;
  const isUnlimited = unlimited.includes(principal);
  const standing = isUnlimited ? undefined : standingOf(facts, words, principal, credential);
  const permitted = (permits: Permits, target: Target): Either<Escalation, undefined> => {
    if (standing === undefined) return right(undefined);
    for (const permission of words.permissions()) {
      if (!permitsOne(permits, permission) || standing.permits(permission, target, moment, facts)) continue;
      const resource = target.objects?.from ?? target.owners.at(-1) ?? 'cluster';
      return left({ code: 'iam.escalation', detail: { permission, resource } });
    }
    return right(undefined);
  };
  const rule = (found: Rule): Either<Escalation, undefined> => permitted(found.permits, targetOf(facts, words, found));
  /** All that some subjects were granted; what is denied to them is nothing to hand on. */
  const subjects = (names: readonly string[]): Either<Escalation, undefined> => {
    if (standing === undefined) return right(undefined);
    for (const subject of names) {
      const range = { from: subject, to: `${subject}\0`, limit: maxBindingsPerSubject };
      for (const { id } of facts.index(bindingsBySubject, range)) {
        const binding = facts.get(bindingKind, id)?.state;
        const found = binding === undefined ? undefined : ruleOf(facts, words, id, binding);
        if (found === undefined || found.denies) continue;
        const held = rule(found);
        if (isLeft(held)) return held;
      }
    }
    return right(undefined);
  };
  return {
    permitted,
    rule,
    /** What a group was granted, which its members get. */
    group: (group: string) => subjects([`group/${group}`]),
    /** What another principal was granted, groups included: whoever says how it logs in gets all of that. */
    principal: (name: string) => (name === principal ? right(undefined) : subjects(subjectsOf(facts, name))),
  };
};
