import { Full, Overloaded, Unknown } from '#log/engine';
import type { Identity } from '#gateways/identity';
import { failed, type OidcRoute } from '#gateways/oidc/ask';
import { discoveryRoutes } from '#gateways/oidc/discovery';
import { signInPages } from '#gateways/oidc/sign-in-pages';
import { tokenRoutes } from '#gateways/oidc/token-endpoint';

/** OpenID Connect and OAuth 2: what clients of this issuer, and the browsers of people, ask for. */
export const oidcRoutes = (identity: Identity): readonly OidcRoute[] =>
  [...discoveryRoutes(identity), ...tokenRoutes(identity), ...signInPages(identity)].map((route) => ({
    ...route,
    handle: async (ask) => {
      try {
        return await route.handle(ask);
      } catch (error) {
        if (!(error instanceof Full || error instanceof Overloaded || error instanceof Unknown)) throw error;
        return failed(503, 'temporarily_unavailable', 'Nothing can be recorded at the moment.', { 'retry-after': '1' });
      }
    },
  }));
