import { exitCodes } from '#gateways/cli/exit-code';
import type { Answer } from '#gateways/cli/exchange';
import { isObject, listAt, textAt } from '#gateways/cli/json';
import type { Call, Verb } from '#gateways/cli/verb';
import { waitFor } from '#gateways/cli/waiting';

export const status: Verb = {
  words: ['status'],
  summary: 'Show how the node is: version, position, health of its parts.',
  arguments: [],
  flags: [{ name: 'wait', summary: 'Wait until it is ready, up to --timeout (exit code 8).' }],
  examples: [
    { title: 'Is it there?', line: 'ultracloud status' },
    {
      title: 'In a script that has just started a node.',
      line: 'ultracloud status --data ./data --wait --timeout 10s',
    },
  ],
  run: async (call) => {
    const { session, words } = call;
    const { json } = await (words.on('wait') ? waitFor(call, 'the server to be ready', () => ready(call)) : ask(call));
    session.show({ json, table: () => session.fields(brief(json)) });
    return exitCodes.done;
  },
};

/** Components by name, and how they are when that is not well; each notice on a line of its own, at the end. */
const brief = (json: unknown): unknown => {
  if (!isObject(json)) return json;
  const names = listAt(json, 'components').map((component) => {
    const [name = '?', health = 'ok'] = [textAt(component, 'name'), textAt(component, 'status')];
    return health === 'ok' ? name : `${name} (${health})`;
  });
  const { notices, ...rest } = json;
  const told = listAt(json, 'notices').map((notice, index) => [`notice ${index + 1}`, notice]);
  return { ...rest, components: names.join(', '), ...Object.fromEntries(told) };
};

/** The target is looked up each time: a server that is starting has not written its endpoints yet. */
const ready = async (call: Call): Promise<Answer> => {
  const client = await call.session.freshClient();
  await client.ask({ method: 'GET', path: '/readyz' });
  return client.ask({ method: 'GET', path: '/v1/status' });
};

const ask = async ({ session }: Call): Promise<Answer> =>
  (await session.client()).ask({ method: 'GET', path: '/v1/status' });
