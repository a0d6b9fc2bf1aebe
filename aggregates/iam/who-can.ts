import type { Asker, Holder, Holders, NounRange, Target } from '#aggregates/access';
import type { Facts } from '#aggregates/facts';
import { bindingKind, bindingsByPlace } from '#aggregates/iam/binding-state';
import { credentialOf } from '#aggregates/iam/credential';
import { grantOf } from '#aggregates/iam/explain';
import { groupKind } from '#aggregates/iam/group';
import { considered, everyone, mayAsOwn, ruleOf, type Considered } from '#aggregates/iam/standing';
import type { Words } from '#aggregates/iam/words';
import { nounAndId } from '#aggregates/named';

/** Bindings that one question looks at, and holders that it lists. */
const maxBindings = 5_000;
const maxHolders = 5_000;

/** Everybody who may do something to a target, by the bindings where it is; nothing else is looked at. */
export const whoCan = (facts: Facts, words: Words, permission: string, target: Target, now: number): Holders => {
  const asker: Asker = { principal: '', credential: '', address: '', now };
  const ids = [...bindingsAt(facts, target)];
  const decisive = ids.slice(0, maxBindings).flatMap((id) => {
    const binding = facts.get(bindingKind, id)?.state;
    const rule = binding === undefined ? undefined : ruleOf(facts, words, id, binding);
    if (rule === undefined) return [];
    const one = considered(facts, words, rule, permission, target, asker);
    return one.permitted && one.covers ? [one] : [];
  });
  const holders = (denies: boolean): readonly Holder[] =>
    decisive.filter(({ rule }) => rule.denies === denies).flatMap((one) => holdersOf(facts, words, one));
  const denied = holders(true);
  const deniedNow = new Set(denied.filter(({ unmet }) => unmet === undefined).map(({ principal }) => principal));
  const isThere = (principal: string): boolean =>
    principal === everyone || credentialOf(facts, principal, undefined)(now) === undefined;
  const themselves = ownersThemselves(target)
    .filter((principal) => mayAsOwn(principal, permission, target))
    .map((principal) => ({ principal }));
  const allowed = deniedNow.has(everyone)
    ? []
    : [...themselves, ...holders(false)].filter(({ principal }) => !deniedNow.has(principal) && isThere(principal));
  return {
    allowed: allowed.slice(0, maxHolders),
    denied: denied.slice(0, maxHolders),
    more: ids.length > maxBindings || allowed.length > maxHolders || denied.length > maxHolders,
  };
};

const holdersOf = (facts: Facts, words: Words, { rule, unmet }: Considered): readonly Holder[] => {
  const grant = grantOf(words, rule);
  const about = unmet === undefined ? { grant } : { grant, unmet };
  const group = rule.subject.startsWith('group/') ? rule.subject.slice('group/'.length) : undefined;
  if (group === undefined) return [{ principal: rule.subject, ...about }];
  const members = facts.get(groupKind, group)?.state.members ?? [];
  return members.map((principal) => ({ principal, ...about }));
};

/** The target and its owners, as far as they are principals. */
const ownersThemselves = ({ owners, objects }: Target): readonly string[] => {
  const itself = objects === undefined ? [] : [`${objects.noun}/${objects.from}`];
  return [...new Set([...owners, ...itself])].filter((name) => /^(?:user|service-account|host)\//.test(name));
};

/** Bindings that may hold for a target, each once. */
function* bindingsAt(facts: Facts, { owners, objects }: Target): Iterable<string> {
  const seen = new Set<string>();
  const itself = objects === undefined ? [] : [`${objects.noun}/${objects.from}`];
  const above = [...owners, ...itself];
  const places = function* (): Iterable<string> {
    yield* ['cluster', ...above];
    for (const owner of above) {
      yield* beginnings(facts, ...nounAndId(owner));
    }
    if (objects !== undefined) yield* inside(facts, objects);
  };
  for (const place of places()) {
    for (const { id } of facts.index(bindingsByPlace, { from: place, to: `${place}\0`, limit: maxBindings + 1 })) {
      if (seen.has(id)) continue;
      seen.add(id);
      yield id;
      if (seen.size > maxBindings) return;
    }
  }
}

/** Places of bindings whose ids an id begins with; a seek for each, and for what lies between them. */
function* beginnings(facts: Facts, noun: string, id: string): Iterable<string> {
  const start = `${noun}\0`;
  let to = `${start}${id}\0`;
  for (;;) {
    const [row] = facts.index(bindingsByPlace, { from: start, to, reverse: true, limit: 1 });
    if (row === undefined) return;
    const found = row.key.slice(start.length);
    if (id.startsWith(found)) {
      yield row.key;
      to = row.key;
    } else to = `${start}${sharedStart(id, found)}\0`;
  }
}

/** Places of bindings within a range: a denial that holds for a part of it is enough. */
function* inside(facts: Facts, { noun, from, to }: NounRange): Iterable<string> {
  const range = { from: `${noun}\0${from}`, to: to === undefined ? `${noun}\x01` : `${noun}\0${to}` };
  const rows = facts.index(bindingsByPlace, { ...range, limit: maxBindings });
  yield* new Set(rows.map(({ key }) => key));
}

const sharedStart = (a: string, b: string): string => {
  let length = 0;
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return a.slice(0, length);
};
