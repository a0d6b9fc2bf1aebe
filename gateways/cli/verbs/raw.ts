import { exitCodes } from '#gateways/cli/exit-code';
import { usage } from '#gateways/cli/failure';
import { refusal } from '#gateways/cli/client';
import { readSource } from '#gateways/cli/document-file';
import type { Call, Verb } from '#gateways/cli/verb';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;

export const raw: Verb = {
  words: ['raw'],
  summary: 'Send any request to the HTTP API and print the answer as it comes.',
  arguments: [
    { name: 'method', summary: 'GET, POST …', required: true, values: methods },
    { name: 'path', summary: 'The path with its query, percent-encoded.', required: true },
  ],
  flags: [
    {
      name: 'body',
      short: 'd',
      metavar: '<json>',
      summary: 'What is sent; @FILE reads a file, - reads standard input.',
    },
    { name: 'header', short: 'H', metavar: '<name: value>', summary: 'A header of the request.', repeatable: true },
    { name: 'include', short: 'i', summary: 'Print the status and the headers too.' },
  ],
  examples: [
    { title: 'The OpenAPI document.', line: 'ultracloud raw GET /openapi.json' },
    { title: 'A command.', line: `ultracloud raw POST /v1/keys/config%2Fcolor/put -d '{"value":"blue"}'` },
  ],
  run: async (call) => {
    const { session, words } = call;
    const method = (words.argument('method') ?? '').toUpperCase();
    if (!methods.some((known) => known === method)) {
      throw usage(`METHOD: expected one of ${methods.join(', ')}, got ${JSON.stringify(words.argument('method'))}.`);
    }
    const path = words.argument('path') ?? '';
    if (!/^\/[!-~]*$/.test(path)) {
      throw usage('PATH: expected a path that starts with a slash, other bytes percent-encoded.');
    }
    const client = await session.client();
    const body = await bodyGiven(call);
    const headers = Object.fromEntries(words.all('header').map(headerOf));
    const signal = session.terminal.interrupted();
    const answer = await client.send({ method, path, headers, signal, ...(body === undefined ? {} : { body }) });
    if (words.on('include')) {
      session.line(`HTTP ${answer.status}`);
      for (const [name, value] of Object.entries(answer.headers)) session.line(`${name}: ${String(value)}`);
      session.line('');
    }
    if (answer.status >= 400) throw refusal(client.target, answer);
    session.terminal.stdout.write(answer.text);
    if (session.terminal.stdout.isTTY && !answer.text.endsWith('\n')) session.line('');
    return exitCodes.done;
  },
};

const bodyGiven = async ({ session, words }: Call): Promise<Buffer | undefined> => {
  const given = words.text('body');
  if (given === undefined) return undefined;
  if (given === '-' || given.startsWith('@')) return readSource(session.terminal, given.replace(/^@/, ''));
  return Buffer.from(given, 'utf8');
};

const headerOf = (line: string): readonly [string, string] => {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*([ -~]*)$/.exec(line);
  if (match === null) throw usage(`--header: expected "name: value", got ${JSON.stringify(line)}.`);
  return [(match[1] ?? '').toLowerCase(), match[2] ?? ''];
};
