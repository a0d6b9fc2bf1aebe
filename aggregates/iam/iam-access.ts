import type { Access } from '#aggregates/access';
import { builtinRoles } from '#aggregates/iam/builtin-roles';
import { explain, grantOf } from '#aggregates/iam/explain';
import { policyChangedAt, policyId, policyKind } from '#aggregates/iam/policy';
import { rulesOf, standingOf } from '#aggregates/iam/standing';
import { whoCan } from '#aggregates/iam/who-can';
import type { Words } from '#aggregates/iam/words';

/** Bindings of roles say who may do what. */
export const iamAccess = (words: Words): Access => ({
  changed: { noun: policyKind.noun, id: policyId },
  changedAt: policyChangedAt,
  standing: (facts, principal, credential) => standingOf(facts, words, principal, credential),
  explain: (facts, question) => explain(facts, words, question),
  whoCan: (facts, permission, target, now) => whoCan(facts, words, permission, target, now),
  grants: (facts, principal) => rulesOf(facts, words, principal).map((rule) => grantOf(words, rule)),
  builtinRoles: Object.entries(builtinRoles).map(([id, { description, permissions, except = [] }]) => ({
    id,
    description,
    permissions,
    except,
  })),
});
