import { createHash, timingSafeEqual } from 'node:crypto';
import type { Authorise } from '#log/transaction';
import type { Principal } from '#gateways/node';
import type { Vocabulary } from '#log/vocabulary';

/** Commands that follow from time and liveness are sent by the process itself. */
export const systemPrincipal = 'system';

export const administrator: Principal = { name: 'admin', credential: 'admin.token' };

/**
 * Until identities have a component of their own there is one administrator, who may do everything but what only the
 * system does. It is asked inside the decision, so that a finer policy takes its place without another change.
 */
export const administratorOnly =
  (vocabulary: Vocabulary): Authorise =>
  (command, _facts, moment) => {
    const internal = vocabulary.commands.get(command.kind)?.internal ?? false;
    const allowed = moment.principal === systemPrincipal || (moment.principal === administrator.name && !internal);
    return allowed ? undefined : { code: 'request.forbidden', detail: { permission: command.kind } };
  };

/** Compares digests, so that neither the length nor the start of the token shows in the time it takes. */
export const tokenCheck = (token: string): ((shown: string) => Principal | undefined) => {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  const expected = digest(token);
  return (shown) => (timingSafeEqual(digest(shown), expected) ? administrator : undefined);
};
