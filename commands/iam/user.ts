import { map, object, optional } from '#commands/codec/object';
import { boolean, integer, text } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { DisplayName, Issuer, OrganisationId, UserId } from '#commands/iam/name';
import { view } from '#commands/view';

const about = {
  displayName: optional(DisplayName),
  email: optional(
    text('email address', {
      summary: 'Where the user can be written to; other issuers name a user by it.',
      pattern: '[^\\s@]{1,64}@[^\\s@]{1,190}',
      maxLength: 255,
      example: 'alice@example.org',
    }),
  ),
};

export const createUser = command('user', 'create', {
  summary: 'Create a user in an organisation, who may do nothing until a binding grants it.',
  id: UserId,
  body: { organisation: OrganisationId, ...about },
  examples: [{ title: 'A user.', id: 'alice', body: { organisation: 'acme', displayName: 'Alice' } }],
});

export const updateUser = command('user', 'update', {
  summary: 'Change what a user is called and where to write to; what is left out stays.',
  id: UserId,
  body: about,
  examples: [{ title: 'An address.', id: 'alice', body: { email: 'alice@example.org' } }],
});

export const disableUser = command('user', 'disable', {
  summary: 'Refuse everything that a user asks for, from this position on.',
  id: UserId,
  body: {},
});

export const enableUser = command('user', 'enable', {
  summary: 'Let a disabled user do what was granted.',
  id: UserId,
  body: {},
});

const Subject = text('subject', {
  summary: 'What an issuer calls somebody for ever, whatever becomes of their name or address.',
  pattern: '[ -~]+',
  minLength: 1,
  maxLength: 255,
  example: '248289761001',
});

/** Issuers that one user may be linked with. */
export const maxLinks = 20;

export const linkUser = command('user', 'link', {
  summary: 'Keep who a user is at another issuer, once it was found by the name or address that the issuer gave.',
  internal: true,
  id: UserId,
  body: { issuer: Issuer, subject: Subject },
  examples: [{ title: 'A first login.', id: 'alice', body: { issuer: 'https://id.example.org', subject: '42' } }],
});

export const unlinkUser = command('user', 'unlink', {
  summary: 'Forget who a user is at another issuer: whoever has its name or address there is linked at the next login.',
  id: UserId,
  body: { issuer: Issuer },
  examples: [{ title: 'A new account there.', id: 'alice', body: { issuer: 'https://id.example.org' } }],
});

export const deleteUser = command('user', 'delete', {
  summary: 'Delete a user, with what was granted to it.',
  id: UserId,
  body: {},
});

export const UserUpdated = object(about);

export type UserCommand = CommandOf<
  | typeof createUser
  | typeof updateUser
  | typeof disableUser
  | typeof enableUser
  | typeof linkUser
  | typeof unlinkUser
  | typeof deleteUser
>;

export const users = view('user', {
  summary: 'Users, each of one organisation.',
  id: UserId,
  row: object({
    id: UserId,
    organisation: OrganisationId,
    ...about,
    outside: optional(
      map(Subject, {
        summary: 'Who it is at other issuers that it has logged in with.',
        key: Issuer,
        maxEntries: maxLinks,
      }),
    ),
    disabled: boolean('disabled', { summary: 'Whether everything is refused that the user asks for.' }),
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'USER', path: 'id' },
    { title: 'ORGANISATION', path: 'organisation' },
    { title: 'NAME', path: 'displayName' },
    { title: 'EMAIL', path: 'email', wide: true },
    { title: 'DISABLED', path: 'disabled' },
  ],
});
