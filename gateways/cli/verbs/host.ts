import { resolve } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { exitCodes } from '#gateways/cli/exit-code';
import { Failure, usage } from '#gateways/cli/failure';
import { textAt } from '#gateways/cli/json';
import type { Verb } from '#gateways/cli/verb';

const invite: Verb = {
  words: ['host', 'invite'],
  summary: 'Ask a machine in. The token is shown now and never again, and can be taken once.',
  arguments: [{ name: 'host', summary: 'The name of the host.', required: true, noun: 'host' }],
  flags: [{ name: 'lifetime', metavar: '<time>', summary: 'How long it can be taken, such as 10m; 1h unless given.' }],
  examples: [{ title: 'For an hour.', line: 'ultracloud host invite node1' }],
  run: async ({ session, words }) => {
    const client = await session.client();
    const lifetimeMs = words.duration('lifetime');
    const body = lifetimeMs === undefined ? {} : { lifetimeSeconds: Math.floor(lifetimeMs / 1_000) };
    const path = `/v1/hosts/${encodeURIComponent(words.argument('host') ?? '')}/invite`;
    const { json } = await client.ask({ method: 'POST', path, body, headers: { 'idempotency-key': uuidv7() } });
    const token = textAt(json, 'token') ?? '';
    session.show({ json, table: () => token, names: () => [token] });
    session.note('On the machine: ultracloud host run --data DIR --endpoint URL --invitation FILE, with it in FILE.');
    return exitCodes.done;
  },
};

const run: Verb = {
  words: ['host', 'run'],
  summary: 'Make this machine a host of a cluster, and keep it one: it comes, reports what it has and is heard of.',
  about:
    'Runs until SIGTERM or SIGINT. The first time it takes an invitation; afterwards --data is enough. The key never ' +
    'leaves the directory, and the certificate renews itself. The server must be started with --tls.',
  arguments: [],
  flags: [
    {
      name: 'invitation',
      metavar: '<file>',
      summary: 'The file with the token of `host invite`; - reads standard input.',
    },
  ],
  examples: [
    {
      title: 'The first time.',
      line: 'ultracloud host run --data /var/lib/ultracloud-host --endpoint https://cloud.lab:7070 --invitation token',
    },
    { title: 'From then on.', line: 'ultracloud host run --data /var/lib/ultracloud-host' },
  ],
  run: async ({ session, words }) => {
    const directory = words.text('data');
    if (directory === undefined || directory === '') {
      throw usage('--data: expected the directory of the host, got nothing.', 'Give --data DIR; it is made if needed.');
    }
    const [endpoint, invitation] = [words.text('endpoint'), words.text('invitation')];
    const { runHost } = await session.host();
    const ended = runHost({
      directory: resolve(directory),
      version: session.version,
      say: (line) => session.terminal.stderr.write(`${line}\n`),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(invitation === undefined ? {} : { invitation }),
    });
    await ended.catch((error: unknown) => {
      const isRefused = error instanceof Error && error.name === 'Refused';
      throw isRefused ? new Failure({ code: 'host.refused', message: error.message }, exitCodes.denied) : error;
    });
    return exitCodes.done;
  },
};

export const hostVerbs: readonly Verb[] = [invite, run];
