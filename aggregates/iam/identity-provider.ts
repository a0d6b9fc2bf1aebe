import { isLeft } from 'fp-ts/lib/Either';
import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  createProvider,
  deleteProvider,
  setProviderSecret,
  updateProvider,
  type ProviderCommand,
} from '#commands/iam/identity-provider';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind } from '#aggregates/facts';
import { ceilingOf, escalation } from '#aggregates/iam/ceiling';
import { organisationAbsent, organisationKind } from '#aggregates/iam/organisation';
import { permitsOf } from '#aggregates/iam/permits';
import { same } from '#aggregates/same';
import type { Words } from '#aggregates/iam/words';

type Written = TypeOf<typeof createProvider.body>;

export interface IdentityProvider extends Written {
  /** What we show there, sealed. */
  readonly secret?: string;
}

export const identityProviderKind = kind<IdentityProvider>('identity-provider');

export type IdentityProviderEvent =
  | { readonly kind: 'identity-provider.created'; readonly body: Written }
  | { readonly kind: 'identity-provider.updated'; readonly body: Written }
  | { readonly kind: 'identity-provider.secretSet'; readonly body: TypeOf<typeof setProviderSecret.body> }
  | { readonly kind: 'identity-provider.deleted'; readonly body: Readonly<Record<string, never>> };

const rejections = {
  ...escalation,
  ...organisationAbsent,
  'identity-provider.absent': {
    category: 'absent',
    summary: 'There is no such identity provider.',
    fix: 'List the identity providers to see what there is.',
  },
  'identity-provider.exists': {
    category: 'conflict',
    summary: 'An identity provider of this id exists and says something else.',
    fix: 'Choose another id, or update it.',
  },
  'identity-provider.unclear': {
    category: 'invalid',
    summary: 'Users are created in an organisation, and groups are found by a claim; one of the two is missing.',
    fix: 'Give organisation with createUsers, and groupsClaim with groups.',
  },
} as const;

/** Whoever says what an issuer's claims mean can be any user, and so must hold all that anybody can hold. */
const everything = permitsOf(['*']);
const everywhere = { owners: [] };

export const identityProviderOf = (
  words: Words,
): Aggregate<IdentityProvider, ProviderCommand, IdentityProviderEvent, keyof typeof rejections> => ({
  kind: identityProviderKind,
  summary: 'Another issuer whose users may log in.',
  commands: [createProvider, updateProvider, setProviderSecret, deleteProvider],
  events: {
    'identity-provider.created': createProvider.body,
    'identity-provider.updated': updateProvider.body,
    'identity-provider.secretSet': setProviderSecret.body,
    'identity-provider.deleted': object({}),
  },
  rejections,

  decide(state, command, facts, moment) {
    const { secret, ...written } = state ?? {};
    if (command.kind === 'identity-provider.create') {
      if (state !== undefined) return same(written, command.body) ? accept() : reject('identity-provider.exists');
    } else if (state === undefined) return reject('identity-provider.absent');
    if (command.kind === 'identity-provider.delete') return accept({ kind: 'identity-provider.deleted', body: {} });
    const held = ceilingOf(facts, words, moment).permitted(everything, everywhere);
    if (isLeft(held)) return held;
    if (command.kind === 'identity-provider.setSecret') {
      return secret === command.body.secret
        ? accept()
        : accept({ kind: 'identity-provider.secretSet', body: command.body });
    }
    const { body } = command;
    const { organisation } = body;
    if (organisation !== undefined && facts.get(organisationKind, organisation) === undefined) {
      return reject('organisation.absent', { organisation });
    }
    const isWhole =
      (body.createUsers !== true || organisation !== undefined) &&
      (body.groups === undefined) === (body.groupsClaim === undefined);
    if (!isWhole) return reject('identity-provider.unclear');
    if (command.kind === 'identity-provider.create') return accept({ kind: 'identity-provider.created', body });
    return same(written, body) ? accept() : accept({ kind: 'identity-provider.updated', body });
  },

  evolve(state, event) {
    if (event.kind === 'identity-provider.created') return event.body;
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'identity-provider.updated': {
        const { issuer, clientId, secret } = state;
        // A secret is for whom it was made: another issuer must not be shown it.
        const isSame = event.body.issuer === issuer && event.body.clientId === clientId;
        return isSame && secret !== undefined ? { ...event.body, secret } : event.body;
      }
      case 'identity-provider.secretSet':
        return { ...state, secret: event.body.secret };
      case 'identity-provider.deleted':
        return undefined;
    }
  },
});
