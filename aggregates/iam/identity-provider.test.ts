import type { Id } from '#commands/codec/scalar';
import { bindingOf } from '#aggregates/iam/binding';
import { identityProviderOf, type IdentityProviderEvent } from '#aggregates/iam/identity-provider';
import { organisation } from '#aggregates/iam/organisation';
import { decisions } from '#harness/decisions';
import { userOf } from '#aggregates/iam/user';
import { held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const identityProvider = identityProviderOf(fewWords);
const id = 'company' as Id<'identity-provider'>;
const body = {
  ...{ issuer: 'https://id.example.org', clientId: 'ultracloud', userBy: 'email' as const },
  organisation: 'acme' as Id<'organisation'>,
};
const ask = (verb: 'create' | 'update', more: object = {}) => ({
  kind: `identity-provider.${verb}` as const,
  id,
  body: { ...body, ...more },
});
const created: IdentityProviderEvent = { kind: 'identity-provider.created', body };
const updated = (more: object): IdentityProviderEvent => ({
  kind: 'identity-provider.updated',
  body: { ...body, ...more },
});
const secret = 'sealed:v1:aaaaaaaaaaaaaaaa:aaaaaaaaaaaaaaaa:aaaaaaaaaaaaaaaaaaaaaaaaa';
const setSecret = { kind: 'identity-provider.setSecret' as const, id, body: { secret } };
const secretSet: IdentityProviderEvent = { kind: 'identity-provider.secretSet', body: { secret } };
const remove = { kind: 'identity-provider.delete' as const, id, body: {} };
const deleted: IdentityProviderEvent = { kind: 'identity-provider.deleted', body: {} };
const acme = { facts: [held(organisation, 'acme', {})], moment: { principal: 'admin' } };
const asOwner = (place: object) => ({
  facts: [
    ...acme.facts,
    held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false }),
    held(bindingOf(fewWords), 'owner', { subject: 'user/alice', role: 'owner', ...place }),
  ],
  moment: { principal: 'user/alice' },
});
const admin = { moment: { principal: 'admin' } };
const groups = { developers: 'acme/developers' as Id<'group'> };

decisions(identityProvider, [
  ['creates one', [], ask('create'), [created], acme],
  ['creates one only once', [created], ask('create'), [], acme],
  ['refuses another of the same id', [created], ask('create', { clientId: 'other' }), 'identity-provider.exists', acme],
  ['takes a create again when the secret is there', [created, secretSet], ask('create'), [], acme],
  ['refuses one of no organisation', [], ask('create'), 'organisation.absent', admin],
  ['creates one for an owner of the cluster', [], ask('create'), [created], asOwner({})],
  [
    'refuses an owner of the organisation, who would become others by it',
    [],
    ask('create'),
    'iam.escalation',
    asOwner({ organisation: 'acme' }),
  ],
  [
    'refuses to create users nowhere',
    [],
    ask('create', { organisation: undefined, createUsers: true }),
    'identity-provider.unclear',
    admin,
  ],
  ['refuses groups without their claim', [], ask('create', { groups }), 'identity-provider.unclear', acme],
  ['changes one', [created], ask('update', { createUsers: true }), [updated({ createUsers: true })], acme],
  ['changes nothing to the same', [created, secretSet], ask('update'), [], acme],
  ['refuses to change what is not there', [], ask('update'), 'identity-provider.absent', acme],
  ['sets the secret', [created], setSecret, [secretSet], admin],
  ['sets it only once', [created, secretSet], setSecret, [], admin],
  ['keeps the secret with another mapping', [created, secretSet, updated({ userBy: 'name' })], setSecret, [], admin],
  [
    'forgets the secret with another issuer',
    [created, secretSet, updated({ issuer: 'https://evil.example.org' })],
    setSecret,
    [secretSet],
    admin,
  ],
  ['deletes one', [created], remove, [deleted]],
  ['refuses to delete what is not there', [created, deleted], remove, 'identity-provider.absent'],
]);
