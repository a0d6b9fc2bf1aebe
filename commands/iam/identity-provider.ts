import { boolean, choice, id, integer, text } from '#commands/codec/scalar';
import { map, object, optional } from '#commands/codec/object';
import { command, type CommandOf } from '#commands/command';
import { Sealed } from '#commands/iam/material';
import { DisplayName, GroupId, Issuer, OrganisationId } from '#commands/iam/name';
import { view } from '#commands/view';

const ProviderId = id('identity-provider', {
  summary: 'What the provider is called in addresses.',
  example: 'company',
});

const claim = (name: string, summary: string) =>
  text(name, { summary, pattern: '[A-Za-z0-9_.:/-]+', minLength: 1, maxLength: 200, example: 'email' });

/** What maps whoever another issuer names to a user of ours. */
const fields = {
  issuer: Issuer,
  clientId: text('client id', {
    summary: 'What we are called there.',
    pattern: '[!-~]+',
    minLength: 1,
    maxLength: 255,
    example: 'ultracloud',
  }),
  displayName: optional(DisplayName),
  scopes: optional(
    text('scopes', {
      summary: 'What is asked for; `openid profile email` unless given.',
      pattern: '[!-~]+(?: [!-~]+)*',
      maxLength: 200,
      example: 'openid email groups',
    }),
  ),
  userBy: choice('user by', {
    summary: 'Whether the claim names a user by its verified address or by its name here.',
    values: ['email', 'name'],
  }),
  userClaim: optional(
    claim('user claim', 'The claim that names the user; `email` or `preferred_username` unless given.'),
  ),
  organisation: optional(OrganisationId),
  createUsers: optional(
    boolean('create users', { summary: 'Whether a user that is not there is created in the organisation.' }),
  ),
  groupsClaim: optional(claim('groups claim', 'The claim that lists groups.')),
  groups: optional(
    map(GroupId, {
      summary: 'The group of ours for each value of that claim; whoever logs in joins and leaves them by it.',
      maxEntries: 50,
    }),
  ),
};

export const createProvider = command('identity-provider', 'create', {
  summary: 'Let users of another issuer log in, as its claims say.',
  id: ProviderId,
  body: fields,
  examples: [
    {
      title: 'By address, users of one organisation only.',
      id: 'company',
      body: {
        issuer: 'https://id.example.org',
        clientId: 'ultracloud',
        userBy: 'email',
        organisation: 'acme',
      },
    },
  ],
});

export const updateProvider = command('identity-provider', 'update', {
  summary: 'Change what is said of an issuer, all at once. Its secret stays while its issuer and client id do.',
  id: ProviderId,
  body: fields,
  examples: [
    {
      title: 'Create users that are not there.',
      id: 'company',
      body: {
        issuer: 'https://id.example.org',
        clientId: 'ultracloud',
        userBy: 'email',
        organisation: 'acme',
        createUsers: true,
      },
    },
  ],
});

export const setProviderSecret = command('identity-provider', 'setSecret', {
  summary: 'Set what we show to another issuer. It is kept sealed.',
  id: ProviderId,
  stamped: true,
  permission: 'identity-provider.update',
  body: { secret: Sealed },
  examples: [
    {
      title: 'What the gateway has sealed.',
      id: 'company',
      body: { secret: 'sealed:v1:5f2d1c9a7b3e4860:bm9uY2Vub25jZW5v:Y2lwaGVydGV4dGFuZHRhZ29mMTY' },
    },
  ],
});

export const deleteProvider = command('identity-provider', 'delete', {
  summary: 'Let users of another issuer log in no longer. Sessions that they have stay.',
  id: ProviderId,
  body: {},
});

export type ProviderCommand = CommandOf<
  typeof createProvider | typeof updateProvider | typeof setProviderSecret | typeof deleteProvider
>;

export const providers = view('identity-provider', {
  summary: 'Issuers whose users may log in; never a secret.',
  id: ProviderId,
  row: object({
    id: ProviderId,
    ...fields,
    secret: boolean('secret', { summary: 'Whether one is set.' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'PROVIDER', path: 'id' },
    { title: 'ISSUER', path: 'issuer' },
    { title: 'USERS BY', path: 'userBy' },
    { title: 'ORGANISATION', path: 'organisation' },
    { title: 'CREATES', path: 'createUsers', wide: true },
  ],
});
