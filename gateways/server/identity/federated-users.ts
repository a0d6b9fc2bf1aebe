import { left, right, type Either } from 'fp-ts/lib/Either';
import type { JWTPayload } from 'jose';
import type { IdentityProvider } from '#aggregates/iam/identity-provider';
import { groupsByMember } from '#aggregates/iam/standing';
import { outsideKey, userKind, usersByEmail, usersByOutside } from '#aggregates/iam/user';
import type { Engine } from '#log/engine';
import type { LoginFault } from '#gateways/identity';
import { bySystem } from '#gateways/server/by-system';

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const subjectForm = /^[ -~]{1,255}$/;
const maxFound = 100;

/** Who somebody is at an issuer: what it never gives to anybody else, unlike a name or an address. */
interface Link {
  readonly issuer: string;
  readonly subject: string;
}

/**
 * The user whom the claims of an issuer stand for, created and in its groups where the provider says so. By its name or
 * address a user is found once; from then on it is known by its subject, so that whoever comes by the name later is not
 * let in. Throws what an operator has to see to.
 */
export const federatedUser = async (
  engine: Engine,
  provider: IdentityProvider,
  claims: JWTPayload,
): Promise<Either<LoginFault, string>> => {
  const { sub: subject = '' } = claims;
  if (!subjectForm.test(subject)) return left('wrong');
  const link = { issuer: provider.issuer, subject };
  const [linked] = idsAt(engine, usersByOutside, outsideKey(link.issuer, subject));
  const user = linked ?? (await newlyLinked(engine, provider, claims, link));
  if (user === undefined || !mayLogIn(engine, provider, user)) return left('wrong');
  await keepGroups(engine, provider, user, claims);
  return right(user);
};

const idsAt = ({ facts }: Pick<Engine, 'facts'>, index: string, key: string): readonly string[] =>
  facts.index(index, { from: key, to: `${key}\0`, limit: 2 }).map(({ id }) => id);

const mayLogIn = ({ facts }: Pick<Engine, 'facts'>, { organisation }: IdentityProvider, user: string): boolean => {
  const held = facts.get(userKind, user)?.state;
  return held?.disabled === false && (organisation === undefined || held.organisation === organisation);
};

/** The user whom a name or an address stands for, which its issuer is linked with from now on. */
const newlyLinked = async (
  engine: Engine,
  provider: IdentityProvider,
  claims: JWTPayload,
  link: Link,
): Promise<string | undefined> => {
  const { userBy, userClaim } = provider;
  const named = claims[userClaim ?? (userBy === 'email' ? 'email' : 'preferred_username')];
  if (typeof named !== 'string' || named.length > 255) return undefined;
  // An address that nobody has verified is what anybody may have typed.
  if (userBy === 'email' && claims['email_verified'] !== true) return undefined;
  const [user, other] = userBy === 'email' ? idsAt(engine, usersByEmail, named.toLowerCase()) : [named];
  // Two users of one address: nobody says which is meant.
  if (other !== undefined) return undefined;
  const isThere = user !== undefined && label.test(user) && engine.facts.get(userKind, user) !== undefined;
  if (!isThere) return created(engine, provider, claims, named, link);
  if (!mayLogIn(engine, provider, user)) return undefined;
  const { result } = await engine.submit({ ...bySystem, kind: 'user.link', id: user, body: link });
  if (result.status === 'rejected') throw new Error(`user/${user} is not let in. ${result.message} ${result.fix}`);
  return user;
};

const created = async (
  engine: Engine,
  { userBy, organisation, createUsers }: IdentityProvider,
  claims: JWTPayload,
  named: string,
  link: Link,
): Promise<string | undefined> => {
  if (createUsers !== true || organisation === undefined) return undefined;
  const user = (userBy === 'email' ? (named.split('@')[0] ?? '') : named).toLowerCase().replaceAll(/[._]/g, '-');
  if (!label.test(user)) return undefined;
  // Two people of an issuer may come to one name: the second is refused.
  if (engine.facts.get(userKind, user) !== undefined) {
    throw new Error(`user/${user} exists, and is not known to be who is called ${named.slice(0, 100)} there.`);
  }
  const { name: displayName } = claims;
  const body = {
    organisation,
    ...(userBy === 'email' ? { email: named } : {}),
    ...(typeof displayName === 'string' && displayName.length <= 200 ? { displayName } : {}),
  };
  const commands = [
    { command: 'user.create', id: user, body },
    { command: 'user.link', id: user, body: link },
  ];
  const { result } = await engine.submit({ ...bySystem, kind: 'batch.apply', id: '', body: { commands } });
  return result.status === 'accepted' ? user : undefined;
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
