import { exitCodes } from '#gateways/cli/exit-code';
import { Failure } from '#gateways/cli/failure';
import { readLogin, withLogins, writeLogin } from '#gateways/cli/login-file';
import { revoke } from '#gateways/cli/oauth';
import type { Verb } from '#gateways/cli/verb';

export const logout: Verb = {
  words: ['logout'],
  summary: 'End your session on the server, and forget it here.',
  arguments: [],
  flags: [],
  examples: [{ title: 'Leave.', line: 'ultracloud logout' }],
  run: async ({ session }) => {
    const { post, target } = await session.client();
    const { login: kept } = target;
    const known = kept === undefined ? undefined : readLogin(kept.path, kept.context);
    if (kept === undefined || known === undefined) {
      session.note('Nobody is logged in here.');
      return exitCodes.done;
    }
    let isEnded = true;
    await withLogins(kept.path, async () => {
      try {
        await revoke(post, target, known);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        isEnded = false;
        session.warn(`The session could not be ended on the server: ${error.report.message}`);
      }
      writeLogin(kept.path, kept.context, undefined);
    });
    session.show({
      json: { principal: known.principal, context: kept.context, ended: isEnded },
      table: () => `Logged out ${known.principal} of ${known.endpoint}.`,
      names: () => [known.principal],
    });
    return isEnded ? exitCodes.done : exitCodes.failed;
  },
};
