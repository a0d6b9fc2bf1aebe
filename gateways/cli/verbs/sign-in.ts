import { uuidv7 } from 'uuidv7';
import { showDecided, submit } from '#gateways/cli/decided';
import { exitCodes } from '#gateways/cli/exit-code';
import { textAt } from '#gateways/cli/json';
import { newSecretGiven, passwordFile, secretGiven } from '#gateways/cli/secret';
import type { Argument, Call, Flag, Verb } from '#gateways/cli/verb';

/** What is needed to log in: passwords, one-time codes, keys, codes of devices, and secrets of other issuers. */

const user: Argument = { name: 'user', summary: 'The name of the user.', required: true, noun: 'user' };
const code: Argument = { name: 'code', summary: 'What the authenticator app shows.', required: true };

const send = async (call: Call, verb: string, body: unknown): Promise<number> => {
  const id = call.words.argument('user') ?? '';
  const decided = await submit(call, `/v1/authenticators/${encodeURIComponent(id)}/${verb}`, body);
  return showDecided(call, decided, { noun: 'authenticator', id });
};

const setPassword: Verb = {
  words: ['authenticator', 'set-password'],
  summary: 'Give a user a password; all its sessions end.',
  arguments: [user],
  flags: [passwordFile],
  examples: [{ title: 'From a file.', line: 'ultracloud authenticator set-password alice --password-file ./password' }],
  run: async (call) => {
    const { session, words } = call;
    const name = words.argument('user') ?? '';
    const password = await newSecretGiven(session.terminal, words.text('password-file'), `New password of ${name}: `);
    return send(call, 'setPassword', { password });
  },
};

const oldPasswordFile: Flag = {
  name: 'old-password-file',
  metavar: '<file>',
  summary: 'The file whose first line is the password until now. Asked for unless given.',
};

const changePassword: Verb = {
  words: ['authenticator', 'change-password'],
  summary: 'Change your password, showing the old one; your other sessions end.',
  arguments: [user],
  flags: [oldPasswordFile, passwordFile],
  examples: [{ title: 'Asked for both.', line: 'ultracloud authenticator change-password alice' }],
  run: async (call) => {
    const { session, words } = call;
    const { terminal } = session;
    const oldPassword = await secretGiven(terminal, words.text('old-password-file'), 'Password until now: ');
    const password = await newSecretGiven(terminal, words.text('password-file'), 'New password: ');
    return send(call, 'changePassword', { oldPassword, password });
  },
};

const enrolTotp: Verb = {
  words: ['authenticator', 'enrol-totp'],
  summary: 'Begin to use one-time codes: shows the secret for your authenticator app, once.',
  arguments: [user],
  flags: [],
  examples: [{ title: 'A second factor.', line: 'ultracloud authenticator enrol-totp alice' }],
  run: (call) => send(call, 'enrolTotp', {}),
};

const withCode = (verb: 'confirmTotp' | 'removeTotp', word: string, summary: string): Verb => ({
  words: ['authenticator', word],
  summary,
  arguments: [user, code],
  flags: [],
  examples: [{ title: 'With the code of now.', line: `ultracloud authenticator ${word} alice 123456` }],
  run: (call) => send(call, verb, { code: call.words.argument('code') ?? '' }),
});

const createKey: Verb = {
  words: ['access-key', 'create'],
  summary: 'Give a service account a key. It is shown now and never again.',
  arguments: [
    {
      name: 'service-account',
      summary: 'The service account, as in shop/ci.',
      required: true,
      noun: 'service-account',
    },
  ],
  flags: [
    { name: 'description', metavar: '<text>', summary: 'What it is for.' },
    { name: 'expires-at', metavar: '<time>', summary: 'When it ends, as in 2027-01-31T12:00:00Z.' },
  ],
  examples: [{ title: 'For the build.', line: 'ultracloud access-key create shop/ci --description "Build server"' }],
  run: async (call) => {
    const { session, words } = call;
    const client = await session.client();
    const body = {
      serviceAccount: words.argument('service-account'),
      description: words.text('description'),
      expiresAt: words.text('expires-at'),
    };
    const headers = { 'idempotency-key': uuidv7() };
    const { json } = await client.ask({ method: 'POST', path: '/v1/access-keys', body, headers });
    const key = textAt(json, 'key') ?? '';
    session.show({
      json,
      table: () => session.fields({ id: textAt(json, 'id'), key }),
      names: () => [key],
    });
    session.note('Keep it now: only its digest is kept on the server. A program sends it as its token.');
    return exitCodes.done;
  },
};

const setSecret: Verb = {
  words: ['identity-provider', 'set-secret'],
  summary: 'Give the secret that the other issuer knows this cluster by; it is kept sealed.',
  arguments: [
    {
      name: 'identity-provider',
      summary: 'The id of the identity provider.',
      required: true,
      noun: 'identity-provider',
    },
  ],
  flags: [
    {
      name: 'secret-file',
      metavar: '<file>',
      summary: 'The file whose first line is the secret; - reads standard input. Asked for unless given.',
    },
  ],
  examples: [{ title: 'From a file.', line: 'ultracloud identity-provider set-secret company --secret-file ./secret' }],
  run: async (call) => {
    const { session, words } = call;
    const id = words.argument('identity-provider') ?? '';
    const secret = await newSecretGiven(session.terminal, words.text('secret-file'), `Secret of ${id}: `);
    const decided = await submit(call, `/v1/identity-providers/${encodeURIComponent(id)}/setSecret`, { secret });
    return showDecided(call, decided, { noun: 'identity-provider', id });
  },
};

const settle = (verb: 'approve' | 'deny', summary: string): Verb => ({
  words: ['device', verb],
  summary,
  arguments: [{ name: 'code', summary: 'The code that the device shows.', required: true }],
  flags: [],
  examples: [{ title: 'The code that is shown there.', line: `ultracloud device ${verb} BCDF-GHJK` }],
  run: async ({ session, words }) => {
    const client = await session.client();
    const body = { userCode: words.argument('code') ?? '' };
    const { json } = await client.ask({ method: 'POST', path: `/v1/device-logins/${verb}`, body });
    const done = verb === 'approve' ? 'acts as you from now on' : 'was refused';
    session.show({ json, table: () => `${textAt(json, 'client') ?? 'It'} ${done}.` });
    return exitCodes.done;
  },
});

export const signInVerbs: readonly Verb[] = [
  setPassword,
  changePassword,
  enrolTotp,
  withCode('confirmTotp', 'confirm-totp', 'Ask for one-time codes at every login from now on.'),
  withCode('removeTotp', 'remove-totp', 'Ask for one-time codes no longer.'),
  createKey,
  setSecret,
  settle('approve', 'Let the device that shows a code act as you.'),
  settle('deny', 'Refuse the device that shows a code.'),
];
