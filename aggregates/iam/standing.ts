import type { Asker, NounRange, Standing, Target } from '#aggregates/access';
import { kind, type Facts } from '#aggregates/facts';
import { bindingKind, bindingsBySubject, placeOf, type Binding } from '#aggregates/iam/binding-state';
import { builtinRoles, ownPermissions } from '#aggregates/iam/builtin-roles';
import { heldOf, type Held } from '#aggregates/iam/conditions';
import { credentialOf } from '#aggregates/iam/credential';
import { permitsOf, permitsOne, type Permits } from '#aggregates/iam/permits';
import type { Words } from '#aggregates/iam/words';
import { named, nounAndId } from '#aggregates/named';

/** One binding, ready to be asked. */
export interface Rule {
  readonly binding: string;
  readonly subject: string;
  readonly role: string;
  readonly denies: boolean;
  readonly permits: Permits;
  readonly held: Held | undefined;
  /** The owner where it holds, as `noun/id`; `cluster` for all, the noun for single objects and prefixes. */
  readonly at: string;
  /** Absent: it holds for all that belongs to `at`. */
  readonly objects?: NounRange;
}

/** What was found of a question, rule by rule. */
export interface Considered {
  readonly rule: Rule;
  readonly permitted: boolean;
  readonly covers: boolean;
  /** The condition that does not hold. */
  readonly unmet?: string;
}

/** Bindings that one subject may have: all of them are looked at when it first asks. */
export const maxBindingsPerSubject = 500;

/** Index of groups by their members. */
export const groupsByMember = 'group.by-member';

/** Groups that one principal may be in. */
export const maxGroupsPerMember = 100;

const roleKind = kind<{ readonly permissions: readonly string[] }>('role');

interface Labelled {
  readonly labels?: Readonly<Record<string, string>>;
}

/** What everybody is, beside itself and its groups. */
export const everyone = 'everyone';

/** A principal, its groups, and everyone. */
export const subjectsOf = (facts: Facts, principal: string): readonly string[] => [
  principal,
  ...facts
    .index(groupsByMember, { from: principal, to: `${principal}\0`, limit: maxGroupsPerMember })
    .map(({ id }) => `group/${id}`),
  everyone,
];

const permitsOfRole = (facts: Facts, role: string): Permits | undefined => {
  const builtin = Object.hasOwn(builtinRoles, role) ? builtinRoles[role] : undefined;
  if (builtin !== undefined) return permitsOf(builtin.permissions, builtin.except);
  const held = facts.get(roleKind, role)?.state;
  return held === undefined ? undefined : permitsOf(held.permissions);
};

/** The rule that a binding makes; undefined when its role is gone. */
export const ruleOf = (facts: Facts, words: Words, id: string, binding: Binding): Rule | undefined => {
  const permits = permitsOfRole(facts, binding.role);
  if (permits === undefined) return undefined;
  const { at, objects } = placeOf(binding, words);
  return {
    binding: id,
    subject: binding.subject,
    role: binding.role,
    denies: binding.effect === 'deny',
    permits,
    held: heldOf(binding),
    at,
    ...(objects === undefined ? {} : { objects }),
  };
};

/** Everything that a principal was granted or denied, by itself and through groups, in a fixed order. */
export const rulesOf = (facts: Facts, words: Words, principal: string): readonly Rule[] =>
  subjectsOf(facts, principal).flatMap((subject) =>
    facts
      .index(bindingsBySubject, { from: subject, to: `${subject}\0`, limit: maxBindingsPerSubject })
      .flatMap(({ id }) => {
        const binding = facts.get(bindingKind, id)?.state;
        const rule = binding === undefined ? undefined : ruleOf(facts, words, id, binding);
        return rule === undefined ? [] : [rule];
      }),
  );

/** Whether a rule holds for all of a target. */
const covers = (rule: Rule, target: Target): boolean => {
  const { at, objects } = rule;
  if (at === 'cluster') return true;
  if (objects === undefined) return target.owners.includes(at) || isObject(target.objects, at);
  const asked = target.objects;
  if (asked === undefined || asked.noun !== objects.noun) return ownedBy(rule, target);
  if (asked.from >= objects.from && isWithin(asked.to, objects.to)) return true;
  return ownedBy(rule, target);
};

/** Whether a rule holds for some of a target, as far as can be known; of a denial that is enough. */
const touches = (rule: Rule, target: Target, { isOwned }: Pick<Words, 'isOwned'>): boolean => {
  const { at, objects } = rule;
  const asked = target.objects;
  if (covers(rule, target)) return true;
  if (asked === undefined) return false;
  const isSame = objects?.noun === asked.noun;
  if (isSame && isBelow(asked.from, objects.to) && isBelow(objects.from, asked.to)) return true;
  if (isSingle(asked)) return false;
  if (objects === undefined && at.startsWith(`${asked.noun}/`)) return true;
  if (!isOwned(asked.noun)) return false;
  // Objects of a range have owners that are not known, but no two of one noun.
  const noun = objects?.noun ?? nounAndId(at)[0];
  return !target.owners.some((owner) => owner.startsWith(`${noun}/`));
};

const isSingle = ({ from, to }: NounRange): boolean => to === `${from}\0`;

/** Whether one of the owners of a target is among the objects of a rule. */
const ownedBy = ({ objects }: Rule, target: Target): boolean =>
  objects !== undefined &&
  target.owners.some((owner) => {
    const [noun, id] = nounAndId(owner);
    return noun === objects.noun && id >= objects.from && isBelow(id, objects.to);
  });

/** The length is compared first, since making texts to compare costs more than all the rest. */
const isObject = (asked: NounRange | undefined, at: string): boolean =>
  asked !== undefined &&
  at.length === asked.noun.length + 1 + asked.from.length &&
  at.startsWith(asked.noun) &&
  at.endsWith(asked.from) &&
  at[asked.noun.length] === '/' &&
  asked.to === `${asked.from}\0`;

const isWithin = (end: string | undefined, limit: string | undefined): boolean =>
  limit === undefined || (end !== undefined && end <= limit);

const isBelow = (at: string, end: string | undefined): boolean => end === undefined || at < end;

/** How a rule fares with a question. */
export const considered = (
  facts: Facts,
  words: Words,
  rule: Rule,
  permission: string,
  target: Target,
  asker: Asker,
): Considered => {
  const unmet = unmetOf(facts, rule, target, asker);
  return {
    rule,
    permitted: permitsOne(rule.permits, permission),
    covers: rule.denies ? touches(rule, target, words) : covers(rule, target),
    ...(unmet === undefined ? {} : { unmet }),
  };
};

/**
 * The condition of a rule that does not hold. What labels the objects of a range bear is not known: a rule that asks
 * for some allows nothing there, and denies all of it.
 */
const unmetOf = (facts: Facts, rule: Rule, target: Target, asker: Asker): string | undefined => {
  if (rule.held === undefined) return undefined;
  const { objects } = target;
  if (objects === undefined || isSingle(objects)) return rule.held(asker, () => labelsOf(facts, target));
  const unmet = rule.held(asker, () => ({}));
  return rule.denies && unmet === 'labels' ? undefined : unmet;
};

/** Labels of what is asked of; where it has none, of the nearest owner that has. */
const labelsOf = (facts: Facts, { owners, objects }: Target): Readonly<Record<string, string>> => {
  const own = objects === undefined ? undefined : facts.get(kind<Labelled>(objects.noun), objects.from)?.state.labels;
  if (own !== undefined) return own;
  for (let at = owners.length - 1; at >= 0; at--) {
    const labels = named<Labelled>(facts, owners[at] ?? '')?.state.labels;
    if (labels !== undefined) return labels;
  }
  return {};
};

/** What bindings hold at, beside the cluster and single objects. */
const ownerNouns: ReadonlySet<string> = new Set(['organisation', 'project']);

/** Rules by where they hold, so that a question meets only those that may cover it. */
interface Sorted {
  /** `cluster`, and owners. */
  readonly at: ReadonlyMap<string, readonly Rule[]>;
  /** Of single objects and prefixes, by noun and by the beginning of the range. */
  readonly objects: ReadonlyMap<string, ReadonlyMap<string, readonly Rule[]>>;
  /** How long the beginnings are, by noun. */
  readonly lengths: ReadonlyMap<string, readonly number[]>;
  readonly denials: readonly Rule[];
}

const sorted = (rules: readonly Rule[]): Sorted => {
  const at = new Map<string, Rule[]>();
  const objects = new Map<string, Map<string, Rule[]>>();
  const lengths = new Map<string, Set<number>>();
  for (const rule of rules) {
    if (rule.denies) continue;
    if (rule.objects === undefined) {
      at.set(rule.at, [...(at.get(rule.at) ?? []), rule]);
      continue;
    }
    const { noun, from } = rule.objects;
    const known = objects.get(noun) ?? new Map<string, Rule[]>();
    known.set(from, [...(known.get(from) ?? []), rule]);
    objects.set(noun, known);
    lengths.set(noun, (lengths.get(noun) ?? new Set<number>()).add(from.length));
  }
  return {
    at,
    objects,
    lengths: new Map([...lengths].map(([noun, found]) => [noun, [...found].sort((a, b) => a - b)])),
    denials: rules.filter(({ denies }) => denies),
  };
};

/** Whether one of the rules that may cover a target passes; not a generator, which would cost more than the asking. */
const someCandidate = (
  { at, objects, lengths }: Sorted,
  { owners, objects: asked }: Target,
  passes: (rule: Rule) => boolean,
): boolean => {
  if (at.get('cluster')?.some(passes) === true) return true;
  for (const owner of owners) {
    if (at.get(owner)?.some(passes) === true) return true;
    if (objects.size === 0) continue;
    if (someBeginning(objects, lengths, ...nounAndId(owner), passes)) return true;
  }
  if (asked === undefined) return false;
  if (ownerNouns.has(asked.noun) && at.get(`${asked.noun}/${asked.from}`)?.some(passes) === true) return true;
  return someBeginning(objects, lengths, asked.noun, asked.from, passes);
};

const someBeginning = (
  objects: Sorted['objects'],
  lengths: Sorted['lengths'],
  noun: string,
  id: string,
  passes: (rule: Rule) => boolean,
): boolean => {
  const known = objects.get(noun);
  if (known === undefined) return false;
  for (const length of lengths.get(noun) ?? []) {
    if (length > id.length) return false;
    if (known.get(id.slice(0, length))?.some(passes) === true) return true;
  }
  return false;
};

/** Whether a principal may do it because it is about itself or what it has. */
export const mayAsOwn = (principal: string, permission: string, target: Target): boolean =>
  (target.owners.includes(principal) || isObject(target.objects, principal)) && permitsOne(ownPermissions, permission);

/** Nothing is granted unless a rule says so, and nothing that a rule denies. */
export const standingOf = (facts: Facts, words: Words, principal: string, credential: string | undefined): Standing => {
  const rules = sorted(rulesOf(facts, words, principal));
  const ended = credentialOf(facts, principal, credential);
  return {
    ended,
    permits: (permission, target, asker, now) => {
      const applies = (rule: Rule): boolean => unmetOf(now, rule, target, asker) === undefined;
      for (const rule of rules.denials) {
        if (permitsOne(rule.permits, permission) && touches(rule, target, words) && applies(rule)) return false;
      }
      if (mayAsOwn(principal, permission, target)) return true;
      return someCandidate(
        rules,
        target,
        (rule) => permitsOne(rule.permits, permission) && covers(rule, target) && applies(rule),
      );
    },
  };
};
