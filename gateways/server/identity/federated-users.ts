import { left, right, type Either } from 'fp-ts/lib/Either';
import type { JWTPayload } from 'jose';
import type { IdentityProvider } from '#aggregates/iam/identity-provider';
import { groupsByMember } from '#aggregates/iam/standing';
import { userKind } from '#aggregates/iam/user';
import type { Engine } from '#log/engine';
import type { LoginFault } from '#gateways/identity';
import { bySystem } from '#gateways/server/by-system';

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const maxFound = 100;

/** The user whom the claims of an issuer stand for, created and in its groups where the provider says so. */
export const federatedUser = async (
  engine: Engine,
  provider: IdentityProvider,
  claims: JWTPayload,
): Promise<Either<LoginFault, string>> => {
  const { userBy, userClaim, organisation, createUsers } = provider;
  const named = claims[userClaim ?? (userBy === 'email' ? 'email' : 'preferred_username')];
  if (typeof named !== 'string' || named.length > 255) return left('wrong');
  // An address that nobody has verified is what anybody may have typed.
  if (userBy === 'email' && claims['email_verified'] !== true) return left('wrong');
  const [known, other] = userBy === 'email' ? usersAt(engine, named) : [named];
  // Two users of one address: nobody says which is meant.
  if (other !== undefined) return left('wrong');
  const held = known === undefined || !label.test(known) ? undefined : engine.facts.get(userKind, known)?.state;
  if (known !== undefined && held !== undefined) {
    const isIts = organisation === undefined || held.organisation === organisation;
    if (!isIts || held.disabled) return left('wrong');
    await keepGroups(engine, provider, known, claims);
    return right(known);
  }
  if (createUsers !== true || organisation === undefined) return left('wrong');
  const name = (userBy === 'email' ? (named.split('@')[0] ?? '') : named).toLowerCase().replaceAll(/[._]/g, '-');
  if (!label.test(name)) return left('wrong');
  const { name: displayName } = claims;
  const body = {
    organisation,
    ...(userBy === 'email' ? { email: named } : {}),
    ...(typeof displayName === 'string' && displayName.length <= 200 ? { displayName } : {}),
  };
  // Somebody else of this name is there: refused.
  if (engine.facts.get(userKind, name) !== undefined) return left('wrong');
  const { result } = await engine.submit({ ...bySystem, kind: 'user.create', id: name, body });
  if (result.status !== 'accepted') return left('wrong');
  await keepGroups(engine, provider, name, claims);
  return right(name);
};

const usersAt = ({ facts }: Pick<Engine, 'facts'>, address: string): readonly string[] => {
  const key = address.toLowerCase();
  return facts.index('user.by-email', { from: key, to: `${key}\0`, limit: 2 }).map(({ id }) => id);
};

/** Joins the groups that the claims name, and leaves those of the provider that they do not. */
const keepGroups = async (
  engine: Engine,
  { groups = {}, groupsClaim }: IdentityProvider,
  user: string,
  claims: JWTPayload,
): Promise<void> => {
  if (groupsClaim === undefined) return;
  const listed = claims[groupsClaim];
  const values = Array.isArray(listed) ? listed : [listed];
  const member = `user/${user}`;
  const wanted = new Set(Object.entries(groups).flatMap(([value, group]) => (values.includes(value) ? [group] : [])));
  const range = { from: member, to: `${member}\0`, limit: maxFound };
  const joined = new Set(engine.facts.index(groupsByMember, range).map(({ id }) => id));
  for (const group of new Set(Object.values(groups))) {
    if (wanted.has(group) === joined.has(group)) continue;
    const kind = wanted.has(group) ? 'group.add' : 'group.remove';
    await engine.submit({ ...bySystem, kind, id: group, body: { member } });
  }
};
