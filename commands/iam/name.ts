import { id, text, type Id } from '#commands/codec/scalar';
import { label, ownerIn } from '#commands/tenant';

export const OrganisationId = id('organisation', { example: 'acme' });

export const UserId = id('user', { summary: 'The name that a user logs in with.', example: 'alice' });

export const GroupId = id('group', {
  summary: 'The organisation and the name of a group, as in `acme/developers`.',
  pattern: `${label}/${label}`,
  maxLength: 127,
  example: 'acme/developers',
});

export const ServiceAccountId = id('service-account', {
  summary: 'The project and the name of a service account, as in `shop/ci`.',
  pattern: `${label}/${label}`,
  maxLength: 127,
  example: 'shop/ci',
});

export const RoleId = id('role', {
  summary: 'The name of a role; one of an organisation begins with it, as in `acme/deployer`.',
  pattern: `(?:${label}/)?${label}`,
  maxLength: 127,
  example: 'acme/deployer',
});

export const BindingId = id('binding', { example: 'shop-developers' });

/** Whoever a request can come from, beside `admin` (who shows the break-glass token) and `system` (the process). */
const principal = `user/${label}|service-account/${label}/${label}|host/${label}(?:\\.${label})*`;

export const Member = text('member', {
  summary: 'A user, service account or host, as in `user/alice`.',
  pattern: principal,
  maxLength: 300,
  example: 'user/alice',
});

export const Subject = text('subject', {
  summary: 'Who is meant: a user, group, service account or host, as in `group/acme/developers`, or `everyone`.',
  pattern: `${principal}|group/${label}/${label}|everyone`,
  maxLength: 300,
  example: 'user/alice',
});

export const PermissionPattern = text('permission', {
  summary: 'A permission as in `key.put`; `key.*` for all of a noun, `*.read` for one of every noun, `*` for all.',
  pattern: '\\*|[a-z][A-Za-z-]*\\.(?:\\*|[a-z][A-Za-z]*)|\\*\\.[a-z][A-Za-z]*',
  maxLength: 128,
  example: 'key.read',
});

export const DisplayName = text('display name', {
  summary: 'What people call it.',
  maxLength: 200,
  example: 'The shop',
});

export const Description = text('description', { summary: 'What it is for.', maxLength: 1_000 });

export const Issuer = text('issuer', {
  summary: 'The URL that its tokens name; what it publishes is read below it.',
  pattern: 'https?://[^\\s?#]+[^\\s?#/]',
  maxLength: 500,
  example: 'https://id.example.org',
});

/** The organisation that an id begins with. */
export const organisationIn = (name: string): Id<'organisation'> =>
  // What is before the slash is of the pattern of an organisation.
  (ownerIn(name) ?? '') as Id<'organisation'>;
