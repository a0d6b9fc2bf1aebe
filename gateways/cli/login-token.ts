import { Failure } from '#gateways/cli/failure';
import { readLogin, withLogins, writeLogin, type KeptLogin } from '#gateways/cli/login-file';
import type { Post } from '#gateways/cli/exchange';
import { renewed, type Reached } from '#gateways/cli/oauth';

/** An access token that ends sooner than this is renewed before it is shown. */
const shortMs = 30_000;

/**
 * The access token of a login, renewed when it ends soon or when `shown` was refused; undefined when there is none any
 * more. What another run has renewed meanwhile is taken as it is.
 */
export const accessToken = async (
  post: Post,
  target: Reached,
  { path, context }: KeptLogin,
  refused?: string,
): Promise<string | undefined> => {
  const usable = (): string | undefined => {
    const login = readLogin(path, context);
    if (login === undefined || login.endpoint !== target.endpoint.origin) return undefined;
    const isGood = login.accessToken !== refused && login.expiresMs - Date.now() > shortMs;
    return isGood ? login.accessToken : undefined;
  };
  const known = usable();
  if (known !== undefined) return known;
  return withLogins(path, async () => {
    const meanwhile = usable();
    if (meanwhile !== undefined) return meanwhile;
    const login = readLogin(path, context);
    if (login === undefined || login.endpoint !== target.endpoint.origin) return undefined;
    try {
      const fresh = await renewed(post, target, login);
      writeLogin(path, context, fresh);
      return fresh.accessToken;
    } catch (error) {
      // Only a server that answered says that the session is over.
      if (error instanceof Failure && error.report.category === 'forbidden') writeLogin(path, context, undefined);
      throw error;
    }
  });
};
