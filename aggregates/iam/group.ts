import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  addMember,
  createGroup,
  deleteGroup,
  GroupCreated,
  maxMembers,
  removeMember,
  type GroupCommand,
} from '#commands/iam/group';
import { organisationIn } from '#commands/iam/name';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { ceilingOf, escalation } from '#aggregates/iam/ceiling';
import { contents, organisationAbsent, organisationKind } from '#aggregates/iam/organisation';
import { ownedByOrganisation } from '#aggregates/iam/owners';
import { groupsByMember, maxGroupsPerMember } from '#aggregates/iam/standing';
import type { Words } from '#aggregates/iam/words';
import { named, nounAndId } from '#aggregates/named';

export interface Group {
  readonly organisation: string;
  readonly description?: string;
  /** In order. */
  readonly members: readonly string[];
}

export const groupKind = kind<Group>('group');

type Membership = TypeOf<typeof addMember.body>;

export type GroupEvent =
  | { readonly kind: 'group.created'; readonly body: TypeOf<typeof GroupCreated> }
  | { readonly kind: 'group.joined'; readonly body: Membership }
  | { readonly kind: 'group.left'; readonly body: Membership }
  | { readonly kind: 'group.deleted'; readonly body: Readonly<Record<string, never>> };

const rejections = {
  ...escalation,
  ...organisationAbsent,
  'group.absent': {
    category: 'absent',
    summary: 'There is no such group.',
    fix: 'Create the group first, or correct its id.',
  },
  'group.exists': {
    category: 'conflict',
    summary: 'A group of this id exists with another description.',
    fix: 'Choose another id.',
  },
  'group.full': {
    category: 'exhausted',
    summary: 'The group has as many members as a group may have, or the member is in as many groups as it may be.',
    fix: 'Remove a member first, or make another group.',
  },
  'member.absent': {
    category: 'absent',
    summary: 'There is no such user or service account.',
    fix: 'Create it first, or correct the name.',
  },
} as const;

export const groupOf = (words: Words): Aggregate<Group, GroupCommand, GroupEvent, keyof typeof rejections> => ({
  kind: groupKind,
  summary: 'Users, service accounts and hosts to which roles are granted together.',
  commands: [createGroup, addMember, removeMember, deleteGroup],
  events: {
    'group.created': GroupCreated,
    'group.joined': addMember.body,
    'group.left': addMember.body,
    'group.deleted': object({}),
  },
  rejections,
  indexes: {
    [groupsByMember]: (state) => state.members,
    [contents.groups]: (state) => [state.organisation],
  },
  owners: ownedByOrganisation,

  decide(state, command, facts, moment) {
    if (command.kind === 'group.create') {
      if (state !== undefined) {
        return state.description === command.body.description ? accept() : reject('group.exists');
      }
      const organisation = organisationIn(command.id);
      if (facts.get(organisationKind, organisation) === undefined)
        return reject('organisation.absent', { organisation });
      return accept({ kind: 'group.created', body: { organisation, ...command.body } });
    }
    if (state === undefined) return reject('group.absent');
    switch (command.kind) {
      case 'group.add': {
        const { member } = command.body;
        if (state.members.includes(member)) return accept();
        if (isMissing(facts, member)) return reject('member.absent', { member });
        if (state.members.length >= maxMembers) return reject('group.full', { maxMembers });
        if (facts.count(groupsByMember, member) >= maxGroupsPerMember) {
          return reject('group.full', { maxGroupsPerMember });
        }
        const held = ceilingOf(facts, words, moment).group(command.id);
        return isLeft(held) ? held : accept({ kind: 'group.joined', body: command.body });
      }
      case 'group.remove':
        return state.members.includes(command.body.member)
          ? accept({ kind: 'group.left', body: command.body })
          : accept();
      case 'group.delete':
        return accept({ kind: 'group.deleted', body: {} });
    }
  },

  evolve(state, event) {
    if (event.kind === 'group.created') {
      const { organisation, ...about } = event.body;
      return { organisation, ...about, members: [] };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'group.joined':
        return { ...state, members: [...state.members, event.body.member].sort() };
      case 'group.left':
        return { ...state, members: state.members.filter((member) => member !== event.body.member) };
      case 'group.deleted':
        return undefined;
    }
  },
});

/** Hosts are known by their certificates, which may come later. */
const isMissing = (facts: Facts, member: string): boolean => {
  const [noun] = nounAndId(member);
  return noun !== 'host' && named(facts, member) === undefined;
};
