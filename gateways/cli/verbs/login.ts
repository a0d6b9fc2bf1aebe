import { contextPath, readContexts, writeContexts } from '#gateways/cli/context-file';
import { exitCodes } from '#gateways/cli/exit-code';
import { usage } from '#gateways/cli/failure';
import { loginPath, withLogins, writeLogin, type Login } from '#gateways/cli/login-file';
import { deviceLogin, passwordLogin } from '#gateways/cli/oauth';
import { passwordFile, secretGiven, typed } from '#gateways/cli/secret';
import type { Target } from '#gateways/cli/target';
import type { Call, Verb } from '#gateways/cli/verb';

export const login: Verb = {
  words: ['login'],
  summary: 'Log in, so that commands are sent as you from now on.',
  about:
    'With a name it asks for the password. Without one it shows a code, which you agree to in a browser, or with ' +
    '`ultracloud device approve` where you are logged in already. The login is kept for a context, in a file that ' +
    'only you can read, and renewed as it ends.',
  arguments: [{ name: 'user', summary: 'Your name, to log in with a password.', required: false, noun: 'user' }],
  flags: [
    passwordFile,
    { name: 'code', metavar: '<code>', summary: 'What your authenticator app shows, where it is asked for.' },
    { name: 'as', metavar: '<context>', summary: 'The context to make for a new endpoint; default unless given.' },
  ],
  examples: [
    { title: 'With a code, agreed to elsewhere.', line: 'ultracloud login --endpoint https://lab:7070 --as lab' },
    { title: 'With a password.', line: 'ultracloud login alice --context lab' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const target = await session.target();
    const context = await contextFor(call, target);
    const user = words.argument('user');
    const found = user === undefined ? await withDevice(call) : await withPassword(call, user);
    const path = loginPath(session.terminal);
    await withLogins(path, () => Promise.resolve(writeLogin(path, context, found)));
    await keepContext(call, target, context);
    const { principal, endpoint } = found;
    session.show({
      json: { principal, context, endpoint },
      table: () => `Logged in to ${endpoint} as ${principal}. The login is kept for the context ${context}.`,
      names: () => [principal],
    });
    const before = ['ULTRACLOUD_DATA', 'ULTRACLOUD_ENDPOINT', 'ULTRACLOUD_TOKEN'].find(
      (name) => (session.terminal.environment[name] ?? '') !== '',
    );
    if (before !== undefined)
      session.note(`${before} is set and counts first: give --context ${context}, or unset it.`);
    return exitCodes.done;
  },
};

/** The context that the endpoint was found in or is saved as, or a new one. */
const contextFor = async ({ session, words }: Call, target: Target): Promise<string> => {
  const wanted = words.text('as');
  if (target.context !== undefined && (wanted === undefined || wanted === target.context)) return target.context;
  const { contexts } = await readContexts(contextPath(session.terminal));
  const isHere = (name: string): boolean => {
    const saved = contexts[name]?.endpoint;
    return saved !== undefined && URL.canParse(saved) && new URL(saved).origin === target.endpoint.origin;
  };
  const name = wanted ?? Object.keys(contexts).find(isHere) ?? 'default';
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    throw usage(`--as: expected letters, digits, dots, dashes and underscores, got ${JSON.stringify(name)}.`);
  }
  if (Object.hasOwn(contexts, name) && !isHere(name)) {
    throw usage(`The context ${name} is of another endpoint.`, 'Choose another name with --as.');
  }
  return name;
};

/** A new context is the one in use from now on. */
const keepContext = async ({ session, words }: Call, target: Target, name: string): Promise<void> => {
  if (target.context === name) return;
  const path = contextPath(session.terminal);
  const file = await readContexts(path);
  const { endpoint } = target;
  const caCert = words.text('ca-cert');
  const context = {
    endpoint: `${endpoint.origin}${endpoint.pathname.replace(/\/$/, '')}`,
    ...(caCert === undefined ? {} : { caCert }),
  };
  await writeContexts(path, { current: name, contexts: { ...file.contexts, [name]: context } });
};

const withDevice = async ({ session }: Call): Promise<Login> => {
  const { post, target } = await session.client();
  return deviceLogin(
    post,
    target,
    ({ userCode, uri, expiresSeconds }) => {
      const minutes = Math.round(expiresSeconds / 60);
      session.terminal.stderr.write(
        `Open ${uri}\nand agree to the code ${userCode}, or run this where you are logged in:\n` +
          `  ultracloud device approve ${userCode}\nWaiting for up to ${minutes} minutes; Ctrl-C ends it.\n`,
      );
    },
    session.terminal.interrupted(),
  );
};

const withPassword = async ({ session, words }: Call, user: string): Promise<Login> => {
  const { terminal } = session;
  const { post, target } = await session.client();
  const password = await secretGiven(terminal, words.text('password-file'), `Password of ${user}: `);
  const code = words.text('code');
  const found = await passwordLogin(post, target, { user, password, ...(code === undefined ? {} : { code }) });
  if (found !== undefined) return found;
  if (terminal.stdin.isTTY !== true) throw usage('A one-time code is needed.', 'Give it with --code.');
  const shown = await typed(terminal, 'One-time code: ', true);
  const second = await passwordLogin(post, target, { user, password, code: shown.trim() });
  if (second === undefined) throw usage('A one-time code is needed.', 'Give it with --code.');
  return second;
};
