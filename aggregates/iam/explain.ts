import { bytesToText } from '#commands/codec/bytes';
import { ownerIn } from '#commands/tenant';
import type { Asker, ConsideredGrant, Explanation, Grant, Question } from '#aggregates/access';
import { kind, type Facts } from '#aggregates/facts';
import { builtinRoles } from '#aggregates/iam/builtin-roles';
import { credentialOf } from '#aggregates/iam/credential';
import { permitsOf, permitsOne, type Permits } from '#aggregates/iam/permits';
import { considered, mayAsOwn, rulesOf, type Considered, type Rule } from '#aggregates/iam/standing';
import type { Words } from '#aggregates/iam/words';

/** Made roles that are looked through for one that would be enough. */
const maxRolesSeen = 1_000;

const roleKind = kind<{ readonly permissions: readonly string[] }>('role');

export const grantOf = (words: Words, { binding, subject, role, denies, at, objects }: Rule): Grant => ({
  binding,
  subject,
  role,
  effect: denies ? 'deny' : 'allow',
  place: objects === undefined ? at : placeText(words, objects.noun, objects.from, objects.to === `${objects.from}\0`),
});

const placeText = (words: Words, noun: string, from: string, isOne: boolean): string => {
  const text = words.bytesIds(noun) === true ? (bytesToText(from) ?? from) : from;
  return `${noun}/${text}${isOne ? '' : '…'}`;
};

const decides = ({ permitted, covers, unmet }: Considered): boolean => permitted && covers && unmet === undefined;

/** Answers as a standing does, and says why. */
export const explain = (facts: Facts, words: Words, question: Question): Explanation => {
  const { principal, credential, permission, target, now } = question;
  const asker: Asker = { ...question, credential: credential ?? '' };
  const found = rulesOf(facts, words, principal).map((rule) =>
    considered(facts, words, rule, permission, target, asker),
  );
  const told = found.map(({ rule, permitted, covers, unmet }): ConsideredGrant => {
    const grant = { ...grantOf(words, rule), permits: permitted, covers };
    return unmet === undefined ? grant : { ...grant, unmet };
  });
  const roles = rolesWith(facts, words, permission, target.owners);
  const refused = (reason: 'denied' | 'ended' | 'missing', more: Partial<Explanation>): Explanation => ({
    allowed: false,
    reason,
    considered: told,
    roles,
    ...more,
  });
  const ended = credentialOf(facts, principal, credential)(now);
  if (ended !== undefined) return refused('ended', { ended });
  const denied = found.find((one) => one.rule.denies && decides(one));
  if (denied !== undefined) return refused('denied', { binding: denied.rule.binding });
  if (mayAsOwn(principal, permission, target)) return { allowed: true, reason: 'own', considered: told, roles };
  const granted = found.find((one) => !one.rule.denies && decides(one));
  if (granted === undefined) return refused('missing', {});
  return { allowed: true, reason: 'granted', binding: granted.rule.binding, considered: told, roles };
};

/** Roles with a permission that can be bound somewhere below these owners, those first that permit least. */
const rolesWith = (facts: Facts, words: Words, permission: string, owners: readonly string[]): readonly string[] => {
  const made = facts
    .range(roleKind, { from: '', limit: maxRolesSeen })
    .filter(({ id }) => ownerIn(id) === undefined || owners.includes(`organisation/${ownerIn(id) ?? ''}`))
    .map(({ id, state }) => ({ id, permits: permitsOf(state.permissions) }));
  const builtin = Object.entries(builtinRoles).map(([id, role]) => ({
    id,
    permits: permitsOf(role.permissions, role.except),
  }));
  return [...builtin, ...made]
    .filter(({ permits }) => permitsOne(permits, permission))
    .map(({ id, permits }) => ({ id, size: sizeOf(words, permits) }))
    .sort((a, b) => a.size - b.size || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
};

const sizeOf = (words: Words, permits: Permits): number =>
  words.permissions().reduce((count, permission) => (permitsOne(permits, permission) ? count + 1 : count), 0);
