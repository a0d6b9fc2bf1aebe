import { isLeft } from 'fp-ts/lib/Either';
import type { Grant, Identity, LoginFault, Tokens } from '#gateways/identity';
import { addressOf, failed, field, fieldsOf, json, oidcRoute } from '#gateways/oidc/ask';
import type { Fields, OidcAnswer, OidcAsk, OidcRoute } from '#gateways/oidc/ask';
import { isPublicClient, scopeOf, shownClient, type ShownClient } from '#gateways/oidc/client';
import { grantTypes, paths } from '#gateways/oidc/discovery';

/** Tokens for what a client shows, what a token is worth, and the end of it. */
export const tokenRoutes = (identity: Identity): readonly OidcRoute[] => [
  oidcRoute('POST', paths.token, (ask) =>
    withClient(ask, async (fields, shown) => {
      const grant = grantOf(fields, shown);
      if ('status' in grant) return grant;
      const found = await identity.exchange(grant, addressOf(ask));
      return isLeft(found) ? faultOf(found.left, grant, shown) : tokensOf(found.right);
    }),
  ),
  oidcRoute('POST', paths.deviceAuthorization, (ask) =>
    withClient(ask, async (fields, shown) => {
      if (shown === 'none' || !isPublicClient(shown.client)) return invalidClient(shown);
      const found = await identity.startDevice(shown.client, scopeOf(field(fields, 'scope')), addressOf(ask));
      if (isLeft(found)) return busy();
      const { deviceCode, userCode, expiresSeconds, intervalSeconds } = found.right;
      const uri = `${identity.issuer}${paths.device}`;
      return json(200, {
        device_code: deviceCode,
        user_code: userCode,
        verification_uri: uri,
        verification_uri_complete: `${uri}?user_code=${userCode}`,
        expires_in: expiresSeconds,
        interval: intervalSeconds,
      });
    }),
  ),
  oidcRoute('POST', paths.revoke, (ask) =>
    withClient(ask, async (fields) => {
      const token = field(fields, 'token');
      if (token === undefined) return failed(400, 'invalid_request', 'There is no token.');
      await identity.revoke(token);
      // Nobody learns whether it was one (RFC 7009 2.2).
      return json(200, {});
    }),
  ),
  oidcRoute('POST', paths.introspect, (ask) =>
    withClient(ask, async (fields, shown) => {
      if (shown === 'none' || shown.secret === undefined) return invalidClient(shown);
      const grant = { kind: 'access-key', serviceAccount: shown.client, key: shown.secret } as const;
      const known = await identity.exchange(grant, addressOf(ask));
      if (isLeft(known)) return faultOf(known.left, grant, shown);
      const found = identity.introspect(field(fields, 'token') ?? '');
      if (found === undefined) return json(200, { active: false });
      const { principal, client, scope, issued, expires } = found;
      return json(200, {
        active: true,
        iss: identity.issuer,
        sub: principal,
        token_type: 'Bearer',
        ...(client === undefined ? {} : { client_id: client }),
        ...(scope === undefined ? {} : { scope }),
        ...(issued === undefined ? {} : { iat: issued }),
        ...(expires === undefined ? {} : { exp: expires }),
      });
    }),
  ),
  ...(['GET', 'POST'] as const).map((method) =>
    oidcRoute(method, paths.userInfo, ({ headers }) => userInfo(identity, headers.authorization)),
  ),
];

const withClient = async (
  ask: OidcAsk,
  handle: (fields: Fields, shown: ShownClient | 'none') => Promise<OidcAnswer>,
): Promise<OidcAnswer> => {
  const fields = fieldsOf(ask.body);
  if (fields === undefined) return failed(400, 'invalid_request', 'A field comes more than once.');
  const shown = shownClient(ask.headers, fields);
  if (shown === undefined) return failed(400, 'invalid_request', 'The client shows who it is in no way, or in two.');
  return handle(fields, shown);
};

const grantOf = (fields: Fields, shown: ShownClient | 'none'): Grant | OidcAnswer => {
  const needed = (name: string): string => field(fields, name) ?? '';
  const type = field(fields, 'grant_type');
  if (type === grantTypes.client) {
    if (shown === 'none' || shown.secret === undefined) return invalidClient(shown);
    return { kind: 'access-key', serviceAccount: shown.client, key: shown.secret };
  }
  if (shown !== 'none' && (!isPublicClient(shown.client) || shown.secret !== undefined)) return invalidClient(shown);
  if (type === grantTypes.refresh) {
    const client = shown === 'none' ? undefined : shown.client;
    return { kind: 'refresh', token: needed('refresh_token'), client };
  }
  if (type !== grantTypes.device && type !== grantTypes.code) {
    return failed(400, 'unsupported_grant_type', 'The grant type is none of those that discovery lists.');
  }
  if (shown === 'none') return invalidClient(shown);
  const { client } = shown;
  if (type === grantTypes.device) return { kind: 'device', deviceCode: needed('device_code'), client };
  return {
    kind: 'code',
    client,
    code: needed('code'),
    verifier: needed('code_verifier'),
    redirectUri: needed('redirect_uri'),
  };
};

const tokensOf = ({ accessToken, expiresSeconds, refreshToken, idToken, scope }: Tokens): OidcAnswer =>
  json(200, {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresSeconds,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(idToken === undefined ? {} : { id_token: idToken }),
    scope,
  });

const invalidClient = (shown: ShownClient | 'none'): OidcAnswer => {
  const basic = shown !== 'none' && shown.basic;
  const description = 'There is no such client, or its secret is wrong.';
  return failed(401, 'invalid_client', description, basic ? { 'www-authenticate': 'Basic realm="ultracloud"' } : {});
};

const busy = (): OidcAnswer => failed(429, 'temporarily_unavailable', 'Too many try at once.', { 'retry-after': '5' });

const faultOf = (fault: LoginFault, grant: Grant, shown: ShownClient | 'none'): OidcAnswer => {
  switch (fault) {
    case 'pending':
      return failed(400, 'authorization_pending', 'Nobody has approved it yet.');
    case 'slowDown':
      return failed(400, 'slow_down', 'Ask less often.');
    case 'denied':
      return failed(400, 'access_denied', 'It was refused.');
    case 'expired':
      return failed(400, 'expired_token', 'The code is too old.');
    case 'busy':
      return busy();
    case 'unavailable':
      return failed(503, 'temporarily_unavailable', 'The keyring is not available.', { 'retry-after': '60' });
    case 'wrong':
    case 'codeNeeded':
      return grant.kind === 'access-key'
        ? invalidClient(shown)
        : failed(400, 'invalid_grant', 'What is shown was never given out, is over, was used, or is for another.');
  }
};

const userInfo = (identity: Identity, authorization: string | undefined): OidcAnswer => {
  const realm = 'Bearer realm="ultracloud"';
  const token = /^Bearer +([!-~]{1,4096})$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return json(401, {}, { 'www-authenticate': realm });
  const found = identity.introspect(token);
  const info = found === undefined ? undefined : identity.userInfo(found.principal);
  if (found === undefined || info === undefined) {
    const error = 'error="invalid_token"';
    return failed(401, 'invalid_token', 'The token is not valid.', { 'www-authenticate': `${realm}, ${error}` });
  }
  const scope = (found.scope ?? '').split(' ');
  const { sub, name, email, preferredUsername } = info;
  const profile = scope.includes('profile');
  return json(200, {
    sub,
    ...(profile && name !== undefined ? { name } : {}),
    ...(profile && preferredUsername !== undefined ? { preferred_username: preferredUsername } : {}),
    ...(scope.includes('email') && email !== undefined ? { email } : {}),
  });
};
