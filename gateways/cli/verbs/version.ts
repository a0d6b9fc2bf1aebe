import { exitCodes } from '#gateways/cli/exit-code';
import { Failure } from '#gateways/cli/failure';
import { textAt } from '#gateways/cli/json';
import type { Session } from '#gateways/cli/session';
import type { Verb } from '#gateways/cli/verb';

export const version: Verb = {
  words: ['version'],
  summary: 'Print the version of this program, and of the server if one answers.',
  arguments: [],
  flags: [],
  examples: [{ title: 'Both.', line: 'ultracloud version' }],
  run: async ({ session }) => {
    const server = await serverVersion(session);
    const json = { client: session.version, node: process.versions.node, ...(server === undefined ? {} : { server }) };
    session.show({ json, table: () => session.fields(json) });
    return exitCodes.done;
  },
};

const ANSWER_MS = 2_000;

/** Undefined when no server is known or none answers: that is no reason not to tell one's own version. */
const serverVersion = async (session: Session): Promise<string | undefined> => {
  try {
    const client = await session.client({ timeoutMs: ANSWER_MS });
    const { json } = await client.ask({ method: 'GET', path: '/version' });
    return textAt(json, 'version');
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
};
