import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitCodes } from '#gateways/cli/exit-code';
import { usage } from '#gateways/cli/failure';
import type { Verb } from '#gateways/cli/verb';

const wrongFlag = /^--[a-z-]+: /;

export const init: Verb = {
  words: ['init'],
  summary: 'Make a data directory: the first organisation, project and administrator, and the cluster’s authority.',
  about:
    'The first `serve` on an empty directory does the same with the names `default`, `default` and `admin`. ' +
    'The administrator logs in with the password; the token in admin.token is for emergencies, and each use of it is ' +
    'recorded.',
  arguments: [],
  flags: [
    { name: 'organisation', metavar: '<name>', summary: 'The first organisation; `default` unless given.' },
    { name: 'project', metavar: '<name>', summary: 'Its first project; `default` unless given.' },
    { name: 'administrator', metavar: '<name>', summary: 'The user who owns the cluster; `admin` unless given.' },
    {
      name: 'password-file',
      metavar: '<file>',
      summary: 'A file with the administrator’s password in its first line; - reads standard input.',
    },
  ],
  examples: [
    {
      title: 'With names of your own.',
      line: 'ultracloud init --data ./data --organisation acme --project shop --administrator alice --password-file pw',
    },
  ],
  run: async ({ session, words }) => {
    const given = words.text('data') ?? session.terminal.environment['ULTRACLOUD_DATA'];
    if (given === undefined || given === '') throw usage('--data: expected the directory to make, got nothing.');
    const data = resolve(given);
    const chosen = Object.fromEntries(
      ['organisation', 'project', 'administrator'].flatMap((name) => {
        const value = words.text(name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const file = words.text('password-file');
    const password = file === undefined ? undefined : firstLine(file);
    const server = await session.server();
    const made = await session
      .during(
        'making the directory',
        server.initialise({
          data,
          version: session.version,
          ...chosen,
          ...(password === undefined ? {} : { password }),
        }),
      )
      .catch((error: unknown) => {
        throw error instanceof Error && wrongFlag.test(error.message) ? usage(error.message) : error;
      });
    session.show({ json: made, table: () => session.fields(made), names: () => [made.directory] });
    session.note(`Start it: ultracloud serve --data ${given}`);
    const [does, next] = made.canLogIn ? ['Log in', 'login'] : ['Set a password', 'authenticator set-password'];
    session.note(`${does}: ultracloud --data ${given} ${next} ${made.administrator}`);
    return exitCodes.done;
  },
};

const firstLine = (file: string): string => {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').split('\n')[0] ?? '';
  } catch (error) {
    throw usage(`--password-file: ${file} cannot be read (${String((error as { code?: unknown }).code)}).`);
  }
};
