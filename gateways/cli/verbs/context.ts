import { resolve } from 'node:path';
import {
  type Context,
  contextPath,
  type Contexts,
  isExposed,
  readContexts,
  writeContexts,
} from '#gateways/cli/context-file';
import { loginPath, readLogin, withLogins, writeLogin } from '#gateways/cli/login-file';
import { exitCodes } from '#gateways/cli/exit-code';
import { Failure, meantInstead, usage } from '#gateways/cli/failure';
import { readSource } from '#gateways/cli/document-file';
import type { Argument, Call, Verb } from '#gateways/cli/verb';

const name: Argument = { name: 'name', summary: 'The name of a context.', required: true, context: true };

const open = async ({ session }: Call): Promise<{ readonly path: string; readonly file: Contexts }> => {
  const path = contextPath(session.terminal);
  const file = await readContexts(path);
  if (isExposed(path)) session.warn(`${path} can be read by others. Close it with: chmod 600 ${path}`);
  return { path, file };
};

const list: Verb = {
  words: ['context', 'list'],
  summary: 'List the saved endpoints; * marks the one in use.',
  arguments: [],
  flags: [],
  examples: [{ title: 'Which are there?', line: 'ultracloud context list' }],
  run: async (call) => {
    const { session } = call;
    const { file } = await open(call);
    const all = Object.entries(file.contexts);
    const logins = loginPath(session.terminal);
    const loginOf = (each: string): string | undefined => readLogin(logins, each)?.principal;
    session.show({
      json: {
        current: file.current,
        contexts: all.map(([each, context]) => {
          const login = loginOf(each);
          return { name: each, ...withoutToken(context), ...(login === undefined ? {} : { login }) };
        }),
      },
      table: () =>
        all.length === 0
          ? 'No context yet. Save one: ultracloud context set NAME --endpoint URL --token-file FILE'
          : session.table(
              [{ title: '' }, { title: 'NAME' }, { title: 'ENDPOINT' }, { title: 'TOKEN' }],
              all.map(([each, context]) => [
                each === file.current ? '*' : '',
                each,
                context.endpoint ?? `data directory ${context.data ?? ''}`,
                withoutToken(context).token ??
                  context.tokenFile ??
                  loginOf(each) ??
                  (context.data === undefined ? 'none' : 'admin.token'),
              ]),
            ),
      names: () => all.map(([each]) => each),
    });
    return exitCodes.done;
  },
};

const use: Verb = {
  words: ['context', 'use'],
  summary: 'Use a saved endpoint from now on.',
  arguments: [name],
  flags: [],
  examples: [{ title: 'Talk to the laboratory.', line: 'ultracloud context use lab' }],
  run: async (call) => {
    const { path, file } = await open(call);
    const wanted = existing(call, file);
    await writeContexts(path, { ...file, current: wanted });
    call.session.note(`Using ${wanted}.`);
    return exitCodes.done;
  },
};

const set: Verb = {
  words: ['context', 'set'],
  summary: 'Save an endpoint under a name. The first one is used at once.',
  about:
    'Takes --endpoint, --token, --token-file, --data and --ca-cert; --token - reads the token from standard input.',
  arguments: [name],
  flags: [],
  examples: [
    {
      title: 'A server elsewhere.',
      line: 'ultracloud context set lab --endpoint https://lab:7070 --token-file ~/lab.token',
    },
    { title: 'A server on this machine.', line: 'ultracloud context set here --data ./data' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const { path, file } = await open(call);
    const wanted = words.argument('name') ?? '';
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(wanted)) {
      throw usage(`NAME: expected letters, digits, dots, dashes and underscores, got ${JSON.stringify(wanted)}.`);
    }
    const given = await contextGiven(call);
    if (Object.keys(given).length === 0)
      throw usage('Give --endpoint or --data, with --token, --token-file or --ca-cert.');
    const context = { ...(Object.hasOwn(file.contexts, wanted) ? file.contexts[wanted] : {}), ...given };
    if (context.endpoint === undefined && context.data === undefined) throw usage('Give --endpoint or --data.');
    await writeContexts(path, {
      current: file.current ?? wanted,
      contexts: { ...file.contexts, [wanted]: context },
    });
    session.note(`Saved ${wanted}${file.current === undefined ? ', and using it' : ''}.`);
    return exitCodes.done;
  },
};

/** Paths are saved whole, since the file is read from any directory. */
const contextGiven = async ({ session, words }: Call): Promise<Context> => {
  const token = words.text('token');
  const path = (flag: string): string | undefined => {
    const given = words.text(flag);
    return given === undefined ? undefined : resolve(given);
  };
  const given = {
    endpoint: words.text('endpoint'),
    token: token === '-' ? (await readSource(session.terminal, '-')).toString('utf8').trim() : token,
    tokenFile: path('token-file'),
    data: path('data'),
    caCert: path('ca-cert'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
};

const remove: Verb = {
  words: ['context', 'delete'],
  summary: 'Forget a saved endpoint.',
  arguments: [name],
  flags: [],
  examples: [{ title: 'Forget it.', line: 'ultracloud context delete lab' }],
  run: async (call) => {
    const { path, file } = await open(call);
    const wanted = existing(call, file);
    const contexts = Object.fromEntries(Object.entries(file.contexts).filter(([each]) => each !== wanted));
    const current = file.current === wanted ? undefined : file.current;
    await writeContexts(path, { ...(current === undefined ? {} : { current }), contexts });
    const logins = loginPath(call.session.terminal);
    if (readLogin(logins, wanted) !== undefined) {
      await withLogins(logins, () => Promise.resolve(writeLogin(logins, wanted, undefined)));
      call.session.note('Its login is forgotten too; the session goes on at the server until it ends by itself.');
    }
    call.session.note(`Forgot ${wanted}.${file.current === wanted ? ' No context is in use now.' : ''}`);
    return exitCodes.done;
  },
};

const show: Verb = {
  words: ['context', 'show'],
  summary: 'Show which server requests go to, and why.',
  arguments: [],
  flags: [],
  examples: [{ title: 'Where would a command go?', line: 'ultracloud context show' }],
  run: async ({ session }) => {
    const target = await session.target();
    const json = {
      endpoint: target.endpoint.origin,
      from: target.from,
      token: target.token === undefined ? 'none' : 'set',
      ...(target.login === undefined
        ? {}
        : { login: readLogin(target.login.path, target.login.context)?.principal ?? 'none' }),
      ...(target.data === undefined ? {} : { data: target.data }),
    };
    session.show({ json, table: () => session.fields(json) });
    return exitCodes.done;
  },
};

const withoutToken = (context: Context): Context =>
  context.token === undefined ? context : { ...context, token: '(set)' };

const existing = ({ words }: Call, file: Contexts): string => {
  const wanted = words.argument('name') ?? '';
  if (Object.hasOwn(file.contexts, wanted)) return wanted;
  const names = Object.keys(file.contexts);
  throw new Failure(
    {
      code: 'context.absent',
      category: 'absent',
      message: `There is no context ${JSON.stringify(wanted)}.`,
      fix:
        meantInstead(wanted, names) ?? (names.length === 0 ? 'None is saved yet.' : `There are ${names.join(', ')}.`),
    },
    exitCodes.absent,
  );
};

export const contextVerbs: readonly Verb[] = [list, use, set, remove, show];
