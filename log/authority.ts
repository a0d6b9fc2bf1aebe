import type { AnyCommand } from '#commands/command';
import type { Rejection } from '#commands/rejection';
import { only, type Access, type Asker, type NounRange, type Standing, type Target } from '#aggregates/access';
import type { Moment } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { named, nounAndId } from '#aggregates/named';
import type { Vocabulary } from '#log/vocabulary';

/** Says at a position what whoever sent an entry may do; each answer is undefined when it may be done. */
export interface Authority {
  command(command: AnyCommand, facts: Facts, moment: Moment): Rejection | undefined;
  /**
   * The same permission for every object of a noun in a range of ids, be it there or not; for the cluster without one.
   * `was` says whose the objects were when what is asked for is of the past; who may do what is asked of `facts`.
   */
  objects(
    permission: string,
    range: NounRange | undefined,
    facts: Facts,
    moment: Moment,
    was?: Former,
  ): Rejection | undefined;
}

/** What was true at a position that may have passed. */
export interface Former {
  readonly facts: Facts;
  readonly position: number;
}

/** For work that nobody asked for through a gateway, such as that of a benchmark. */
export const everything: Authority = { command: () => undefined, objects: () => undefined };

/** What follows from time, liveness and the start of a node is sent by the process itself. */
export const systemPrincipal = 'system';

/** Whoever shows the break-glass token: may do everything but what only the system does. */
export const breakGlass = 'admin';

/** Standings that are kept; the next one begins anew. */
const maxKept = 20_000;

/** A permission that is asked for, and of what. */
export interface Asked {
  readonly permission: string;
  readonly target: Target;
}

/** The objects above one, as its aggregate has it. */
const ownersIn = (
  { aggregates }: Vocabulary,
  noun: string,
  id: string,
  facts: Facts,
  body?: unknown,
): readonly string[] => aggregates.get(noun)?.owners?.(id, facts, body) ?? [];

/** What a command asks for by itself; undefined when only what it runs asks for something. */
export const askedOf = (vocabulary: Vocabulary, { kind, id, body }: AnyCommand, facts: Facts): Asked | undefined => {
  const spec = vocabulary.commands.get(kind);
  if (spec?.permission === undefined) return undefined;
  const { permission, noun } = spec;
  if (spec.ofCluster || spec.id === undefined || !vocabulary.aggregates.has(noun))
    return { permission, target: { owners: [] } };
  return { permission, target: { owners: ownersIn(vocabulary, noun, id, facts, body), objects: only(noun, id) } };
};

/** What is asked for of every object of a range; of the cluster without one. */
export const askedOfRange = (
  vocabulary: Vocabulary,
  permission: string,
  range: NounRange | undefined,
  facts: Facts,
): Asked => {
  if (range === undefined) return { permission, target: { owners: [] } };
  const owners = ownersOfAll(range, (id) => ownersIn(vocabulary, range.noun, id, facts));
  return { permission, target: { owners, objects: range } };
};

/**
 * Asks the component that keeps identities. What it answers of somebody is kept until something changes that the answer
 * rests on, so one of these serves one history: a trial, whose positions are not those of the log, gets its own.
 */
export const authorityOf = (vocabulary: Vocabulary): Authority => {
  const { access } = vocabulary;
  const standings = access === undefined ? undefined : keptStandings(access);

  const isOfSomebody = (noun: string): boolean =>
    noun === 'organisation' || vocabulary.aggregates.get(noun)?.owners !== undefined;

  const refused = (permission: string, target: Target, facts: Facts, moment: Moment): Rejection | undefined => {
    const { principal } = moment;
    if (principal === breakGlass || principal === systemPrincipal) return undefined;
    if (standings === undefined) return forbidden(permission, target);
    const standing = standings(facts, moment);
    const ended = standing.ended(moment.now);
    if (ended !== undefined) return { code: 'credential.ended', detail: { reason: ended } };
    if (standing.permits(permission, target, moment, facts)) return undefined;
    const { objects } = target;
    const isOwned = objects !== undefined && isSingle(objects) && isOfSomebody(objects.noun);
    return mayKnow(standing, target, isOwned, moment, facts) ? forbidden(permission, target) : hidden(target);
  };

  return {
    command: (command, facts, moment) => {
      const { kind } = command;
      const spec = vocabulary.commands.get(kind);
      const { principal } = moment;
      if (spec?.internal === true) {
        return principal === systemPrincipal ? undefined : forbidden(kind, { owners: [] });
      }
      if (principal === breakGlass || principal === systemPrincipal) return undefined;
      if (spec === undefined) return undefined;
      const asked = askedOf(vocabulary, command, facts);
      if (asked === undefined) return ended(standings, facts, moment);
      return refused(asked.permission, asked.target, facts, moment);
    },
    objects: (permission, range, facts, moment, was) => {
      if (moment.principal === breakGlass || moment.principal === systemPrincipal) return undefined;
      const { target } = askedOfRange(vocabulary, permission, range, was?.facts ?? facts);
      if (was === undefined) return refused(permission, target, facts, moment);
      const owners = target.owners.filter((owner) => isSince(owner, facts, was.position));
      return refused(permission, { ...target, owners }, facts, moment);
    },
  };
};

const isSingle = ({ from, to }: NounRange): boolean => to === `${from}\0`;

/** The owners that every object of a range has: ids between two that begin with an owner begin with it too. */
const ownersOfAll = (range: NounRange, ownersOf: (id: string) => readonly string[]): readonly string[] => {
  const first = ownersOf(range.from);
  if (isSingle(range) || first.length === 0) return first;
  if (range.to === undefined) return [];
  const last = ownersOf(lastBefore(range.to));
  const differs = first.findIndex((owner, at) => owner !== last[at]);
  return differs < 0 ? first : first.slice(0, differs);
};

/** Behind every id that there can be below an end, and no id itself. */
const lastBefore = (end: string): string => {
  const at = end.length - 1;
  return end.endsWith('\0')
    ? end.slice(0, at)
    : `${end.slice(0, at)}${String.fromCharCode(end.charCodeAt(at) - 1)}\uffff`;
};

/** Whether an owner was there at a position: a later one of the same name is another one, with other people. */
const isSince = (owner: string, facts: Facts, position: number): boolean => {
  const now = named(facts, owner);
  return now === undefined || now.createPosition <= position;
};

type Standings = (facts: Facts, moment: Moment) => Standing;

/**
 * What changed at the position that is being decided may be undone again, so nothing is kept of it. Nor is anything of
 * a credential that stands for nobody: one may begin, and be cleared away at its end, without a change of who may do
 * what, and whether it was asked for before must not be seen in any answer.
 */
const keptStandings = (access: Access): Standings => {
  const kept = new Map<string, { readonly principal: string; readonly standing: Standing }>();
  let keptAt = -1;
  return (facts, { principal, credential, position, now }) => {
    const changedAt = access.changedAt(facts);
    if (changedAt >= position) return access.standing(facts, principal, credential);
    if (changedAt !== keptAt || kept.size >= maxKept) {
      kept.clear();
      keptAt = changedAt;
    }
    // A credential is of one principal; another one that is named beside it is looked up by itself.
    const known = kept.get(credential);
    if (known?.principal === principal && known.standing.ended(now) === undefined) return known.standing;
    const standing = access.standing(facts, principal, credential);
    if (standing.ended(now) === undefined) kept.set(credential, { principal, standing });
    return standing;
  };
};

const ended = (standings: Standings | undefined, facts: Facts, moment: Moment): Rejection | undefined => {
  const reason = standings?.(facts, moment).ended(moment.now);
  return reason === undefined ? undefined : { code: 'credential.ended', detail: { reason } };
};

/**
 * Whoever may read an object, or the project or organisation that it belongs to, is told what is missing; to everybody
 * else it is not there, be it there or not. What is the cluster's own nobody need hide.
 */
const mayKnow = (
  standing: Standing,
  { owners, objects }: Target,
  isOwned: boolean,
  asker: Asker,
  facts: Facts,
): boolean => {
  if (!isOwned) return true;
  if (objects !== undefined && standing.permits(`${objects.noun}.read`, { owners, objects }, asker, facts)) return true;
  const at = owners.findLastIndex((name) => name.startsWith('project/') || name.startsWith('organisation/'));
  const owner = owners[at];
  if (owner === undefined) return false;
  const [noun, id] = nounAndId(owner);
  const itself = { owners: owners.slice(0, at), objects: only(noun, id) };
  return standing.permits(`${noun}.read`, itself, asker, facts);
};

const forbidden = (permission: string, target: Target): Rejection => ({
  code: 'request.forbidden',
  detail: { permission, resource: resourceOf(target) },
});

const hidden = (target: Target): Rejection => ({ code: 'object.absent', detail: { resource: resourceOf(target) } });

/** One object, a range of them, or where they would be. */
export const resourceOf = ({ owners, objects }: Target): string => {
  if (objects === undefined) return owners.at(-1) ?? 'cluster';
  const { noun, from, to } = objects;
  if (isSingle(objects)) return `${noun}/${from}`;
  return `${noun}/${from}…${to ?? ''}`;
};
