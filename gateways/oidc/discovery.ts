import type { Identity } from '#gateways/identity';
import { oidcRoute, published, type OidcRoute } from '#gateways/oidc/ask';
import { supportedScopes } from '#gateways/oidc/client';

export const paths = {
  authorize: '/oauth2/authorize',
  token: '/oauth2/token',
  device: '/oauth2/device',
  deviceAuthorization: '/oauth2/device_authorization',
  federate: '/oauth2/federate',
  callback: '/oauth2/callback',
  userInfo: '/oauth2/userinfo',
  revoke: '/oauth2/revoke',
  introspect: '/oauth2/introspect',
  keys: '/oauth2/jwks',
} as const;

export const grantTypes = {
  code: 'authorization_code',
  refresh: 'refresh_token',
  client: 'client_credentials',
  device: 'urn:ietf:params:oauth:grant-type:device_code',
} as const;

const confidential = ['client_secret_basic', 'client_secret_post'];

/** What a client needs to know, at the place where it looks for it. */
export const discoveryRoutes = (identity: Identity): readonly OidcRoute[] => {
  const document = (): unknown => {
    const { issuer } = identity;
    return {
      issuer,
      authorization_endpoint: `${issuer}${paths.authorize}`,
      token_endpoint: `${issuer}${paths.token}`,
      device_authorization_endpoint: `${issuer}${paths.deviceAuthorization}`,
      userinfo_endpoint: `${issuer}${paths.userInfo}`,
      revocation_endpoint: `${issuer}${paths.revoke}`,
      introspection_endpoint: `${issuer}${paths.introspect}`,
      jwks_uri: `${issuer}${paths.keys}`,
      scopes_supported: supportedScopes,
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: Object.values(grantTypes),
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['EdDSA'],
      token_endpoint_auth_methods_supported: ['none', ...confidential],
      revocation_endpoint_auth_methods_supported: ['none', ...confidential],
      introspection_endpoint_auth_methods_supported: confidential,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      claims_supported: [
        'iss',
        'sub',
        'aud',
        'iat',
        'exp',
        'auth_time',
        'nonce',
        'name',
        'preferred_username',
        'email',
      ],
    };
  };
  return [
    oidcRoute('GET', '/.well-known/openid-configuration', () => published(document())),
    oidcRoute('GET', '/.well-known/oauth-authorization-server', () => published(document())),
    oidcRoute('GET', paths.keys, async () => {
      await identity.ensureSigningKey();
      return published({ keys: identity.publicKeys() });
    }),
  ];
};
