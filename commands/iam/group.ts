import { list, object, optional } from '#commands/codec/object';
import { integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Description, GroupId, Member, OrganisationId } from '#commands/iam/name';
import { view } from '#commands/view';

/** All of them stand in the group's state, so that there must not be many. */
export const maxMembers = 1_000;

export const createGroup = command('group', 'create', {
  summary: 'Create a group in an organisation: what is granted to it is granted to its members.',
  id: GroupId,
  body: { description: optional(Description) },
  examples: [{ title: 'A group.', id: 'acme/developers', body: { description: 'Who builds the shop' } }],
});

export const addMember = command('group', 'add', {
  summary: 'Add a member. Whoever adds must be allowed everything that the group is.',
  id: GroupId,
  body: { member: Member },
  cli: { positional: ['member'] },
  examples: [{ title: 'Alice joins.', id: 'acme/developers', body: { member: 'user/alice' } }],
});

export const removeMember = command('group', 'remove', {
  summary: 'Remove a member, from this position on.',
  id: GroupId,
  body: { member: Member },
  cli: { positional: ['member'] },
  examples: [{ title: 'Alice leaves.', id: 'acme/developers', body: { member: 'user/alice' } }],
});

export const deleteGroup = command('group', 'delete', {
  summary: 'Delete a group, with what was granted to it.',
  id: GroupId,
  body: {},
});

export const GroupCreated = object({ organisation: OrganisationId, description: optional(Description) });

export type GroupCommand = CommandOf<typeof createGroup | typeof addMember | typeof removeMember | typeof deleteGroup>;

export const groups = view('group', {
  summary: 'Groups with their members.',
  id: GroupId,
  row: object({
    id: GroupId,
    description: optional(Description),
    members: list(Member, { summary: 'Its members, in order.', maxItems: maxMembers }),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'GROUP', path: 'id' },
    { title: 'MEMBERS', path: 'members' },
    { title: 'DESCRIPTION', path: 'description', wide: true },
  ],
});
