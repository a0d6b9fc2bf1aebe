import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import { createBinding, deleteBinding, endBinding, type BindingCommand } from '#commands/iam/binding';
import type { Rejection } from '#commands/rejection';
import { ownerIn } from '#commands/tenant';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, reject, type Moment } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { administratorKeys, administrators } from '#aggregates/iam/administrators';
import {
  bindingKind,
  bindingsByPlace,
  bindingsByRole,
  bindingsBySubject,
  placeKey,
  placeOf,
  type Binding,
} from '#aggregates/iam/binding-state';
import { builtinRoles } from '#aggregates/iam/builtin-roles';
import { ceilingOf, escalation } from '#aggregates/iam/ceiling';
import { networkOf } from '#aggregates/iam/network';
import { organisationAbsent, organisationKind } from '#aggregates/iam/organisation';
import { projectKind } from '#aggregates/iam/project';
import { roleKind } from '#aggregates/iam/role';
import { same } from '#aggregates/same';
import { everyone, maxBindingsPerSubject, ruleOf } from '#aggregates/iam/standing';
import { isLastAdministrator } from '#aggregates/iam/user';
import type { Words } from '#aggregates/iam/words';
import { named, nounAndId } from '#aggregates/named';
import { projectAbsent, projectOwners } from '#aggregates/owners';

export type BindingEvent =
  | { readonly kind: 'binding.created'; readonly body: TypeOf<typeof createBinding.body> }
  | { readonly kind: 'binding.deleted'; readonly body: Readonly<Record<string, never>> };

/** Bindings at one owner or prefix: all of them are removed with it, at one position. */
const maxBindingsPerPlace = 2_000;

const rejections = {
  ...escalation,
  ...organisationAbsent,
  ...projectAbsent,
  'binding.absent': {
    category: 'absent',
    summary: 'There is no such binding.',
    fix: 'List the bindings to see what there is.',
  },
  'binding.ended': {
    category: 'invalid',
    summary: 'The binding would never hold.',
    fix: 'Give an expiry in the future, and behind the time from which it holds.',
  },
  'binding.exists': {
    category: 'conflict',
    summary: 'A binding of this id exists and says something else.',
    fix: 'Choose another id; to change a binding, delete it and create another in one batch.',
  },
  'binding.foreignRole': {
    category: 'conflict',
    summary: 'The role belongs to an organisation, and this is outside of it.',
    fix: 'Bind the role within its organisation, or use one of the cluster.',
  },
  'binding.lastAdministrator': {
    category: 'conflict',
    summary: 'The cluster would be left without an administrator.',
    fix: 'Bind the role owner to another user at the cluster first, without conditions.',
  },
  'binding.networkInvalid': {
    category: 'invalid',
    summary: 'This is no network in CIDR form.',
    fix: 'Give an address and the length of its prefix, as in 192.0.2.0/24 or 2001:db8::/32.',
  },
  'binding.placeUnclear': {
    category: 'invalid',
    summary: 'It does not say clearly where it holds.',
    fix: 'Give one of organisation, project, or noun with object or prefix; none of them for the whole cluster.',
  },
  'binding.roleAbsent': {
    category: 'absent',
    summary: 'There is no such role.',
    fix: 'List the roles with `ultracloud iam roles`.',
  },
  'binding.subjectAbsent': {
    category: 'absent',
    summary: 'There is nobody of this name.',
    fix: 'Create the user, group or service account first, or correct the name.',
  },
  'binding.tooMany': {
    category: 'exhausted',
    summary: 'So many bindings cannot be kept for one subject, or at one place.',
    fix: 'Bind a group in place of its members, or a role with more permissions.',
  },
} as const;

type Code = keyof typeof rejections;
type Checked = Either<Rejection<Code>, undefined>;

const fine: Checked = right(undefined);

export const bindingOf = (words: Words): Aggregate<Binding, BindingCommand, BindingEvent, Code> => ({
  kind: bindingKind,
  summary: 'A role for somebody, somewhere.',
  commands: [createBinding, deleteBinding, endBinding],
  events: { 'binding.created': createBinding.body, 'binding.deleted': object({}) },
  rejections,
  indexes: {
    [bindingsBySubject]: (state) => [state.subject],
    [bindingsByRole]: (state) => [state.role],
    [bindingsByPlace]: (state) => [placeKey(placeOf(state, words))],
    [administrators]: administratorKeys,
  },
  due: (state) => state.expiresAt,
  onDue: 'binding.end',

  owners(id, facts, body) {
    const binding = facts.get(bindingKind, id)?.state ?? (body as Binding | undefined);
    if (binding === undefined) return [];
    const { at, objects } = placeOf(binding, words);
    if (objects !== undefined) {
      const owners = words.ownersOf(objects.noun, objects.from, facts);
      return binding.object === undefined ? owners : [...owners, `${objects.noun}/${objects.from}`];
    }
    if (at === 'cluster') return [];
    return at.startsWith('project/') ? projectOwners(at.slice('project/'.length), facts) : [at];
  },

  decide(state, command, facts, moment) {
    if (command.kind === 'binding.end') {
      return state === undefined ? accept() : accept({ kind: 'binding.deleted', body: {} });
    }
    if (command.kind === 'binding.delete') {
      if (state === undefined) return reject('binding.absent');
      if (administratorKeys(state).length > 0 && isLastAdministrator(facts, state.subject.slice('user/'.length))) {
        return reject('binding.lastAdministrator');
      }
      const lifted = state.effect === 'deny' ? withinCeiling(facts, words, moment, command.id, state) : fine;
      return isLeft(lifted) ? lifted : accept({ kind: 'binding.deleted', body: {} });
    }
    if (state !== undefined) return same(state, command.body) ? accept() : reject('binding.exists');
    const { body } = command;
    const checks = [
      () => clearPlace(body, words),
      () => holdsSometime(body, moment),
      () => present(body, facts),
      () => ownRole(body, facts, words),
      () => fewEnough(body, facts, words),
      () => (body.effect === 'deny' ? fine : withinCeiling(facts, words, moment, command.id, body)),
    ];
    for (const check of checks) {
      const checked = check();
      if (isLeft(checked)) return checked;
    }
    return accept({ kind: 'binding.created', body });
  },

  evolve: (_state, event) => (event.kind === 'binding.created' ? event.body : undefined),
});

const withinCeiling = (facts: Facts, words: Words, moment: Moment, id: string, binding: Binding): Checked => {
  const rule = ruleOf(facts, words, id, binding);
  return rule === undefined ? fine : ceilingOf(facts, words, moment).rule(rule);
};

const clearPlace = ({ organisation, project, noun, object: one, prefix }: Binding, { bytesIds }: Words): Checked => {
  const given = [organisation, project, noun].filter((place) => place !== undefined).length;
  const objects = [one, prefix].filter((part) => part !== undefined).length;
  if (given > 1 || objects !== (noun === undefined ? 0 : 1)) return left({ code: 'binding.placeUnclear' });
  return noun !== undefined && bytesIds(noun) === undefined
    ? left({ code: 'binding.placeUnclear', detail: { noun } })
    : fine;
};

const holdsSometime = ({ notBefore, expiresAt, networks = [] }: Binding, { now }: Moment): Checked => {
  if (expiresAt !== undefined && (expiresAt <= now || (notBefore !== undefined && expiresAt <= notBefore))) {
    return left({ code: 'binding.ended' });
  }
  const network = networks.find((written) => networkOf(written) === undefined);
  return network === undefined ? fine : left({ code: 'binding.networkInvalid', detail: { network } });
};

const present = ({ subject, role, organisation, project }: Binding, facts: Facts): Checked => {
  if (organisation !== undefined && facts.get(organisationKind, organisation) === undefined) {
    return left({ code: 'organisation.absent', detail: { organisation } });
  }
  if (project !== undefined && facts.get(projectKind, project) === undefined) {
    return left({ code: 'project.absent', detail: { project } });
  }
  if (!Object.hasOwn(builtinRoles, role) && facts.get(roleKind, role) === undefined) {
    return left({ code: 'binding.roleAbsent', detail: { role } });
  }
  const [noun] = nounAndId(subject);
  // Hosts are known by their certificates, which may come later.
  const isKnown = subject === everyone || noun === 'host' || named(facts, subject) !== undefined;
  return isKnown ? fine : left({ code: 'binding.subjectAbsent', detail: { subject } });
};

/** Who may change a role of an organisation must not reach beyond it. */
const ownRole = (binding: Binding, facts: Facts, words: Words): Checked => {
  const organisation = ownerIn(binding.role);
  if (organisation === undefined) return fine;
  const { at, objects } = placeOf(binding, words);
  const owners =
    objects !== undefined
      ? words.ownersOf(objects.noun, objects.from, facts)
      : at.startsWith('project/')
        ? projectOwners(at.slice('project/'.length), facts)
        : [at];
  return owners.includes(`organisation/${organisation}`)
    ? fine
    : left({ code: 'binding.foreignRole', detail: { role: binding.role } });
};

const fewEnough = (binding: Binding, facts: Facts, words: Words): Checked => {
  if (facts.count(bindingsBySubject, binding.subject) >= maxBindingsPerSubject) {
    return left({ code: 'binding.tooMany', detail: { maxBindingsPerSubject } });
  }
  const place = placeKey(placeOf(binding, words));
  return place !== 'cluster' && facts.count(bindingsByPlace, place) >= maxBindingsPerPlace
    ? left({ code: 'binding.tooMany', detail: { maxBindingsPerPlace } })
    : fine;
};
