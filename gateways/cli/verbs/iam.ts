import { exitCodes } from '#gateways/cli/exit-code';
import { at, isObject, listAt, numberAt, textAt } from '#gateways/cli/json';
import { outcomeBlock } from '#gateways/cli/outcome-text';
import { whyLines } from '#gateways/cli/rules-text';
import type { Argument, Call, Flag, Verb } from '#gateways/cli/verb';
import { tryPolicy } from '#gateways/cli/verbs/iam-try';
import { visible } from '#gateways/cli/visible';

const resource: Argument = {
  name: 'resource',
  summary: 'What is asked of: cluster, or <noun>/<id> such as project/shop or key/app/a.',
  required: true,
  ref: true,
};

/** Whoever runs the command. */
const oneself = 'me';

const address: Flag = {
  name: 'address',
  metavar: '<address>',
  summary: 'Ask as if it came from this IP address, for bindings that hold for some networks only.',
};

/** The questions of who may do what; `permissions` are offered as words. */
export const iamVerbs = (permissions: readonly string[]): readonly Verb[] => {
  const permission: Argument = {
    name: 'permission',
    summary: 'A permission such as key.put; `ultracloud iam permissions` lists them.',
    required: true,
    values: permissions,
  };
  return [can(permission), whoCan(permission), whyDenied, tryPolicy, listPermissions, listRoles];
};

/** An id that is no text is written as `base64:…`; it goes over the wire as its bytes. */
const encodedWord = (word: string): { readonly encoded: string } => {
  const [, start, base64] = /^([^/]*\/)base64:(.*)$/.exec(word) ?? [];
  if (start === undefined || base64 === undefined) return { encoded: encodeURIComponent(word) };
  const bytes = [...Buffer.from(base64, 'base64')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`);
  return { encoded: `${encodeURIComponent(start)}${bytes.join('')}` };
};

const can = (permission: Argument): Verb => ({
  words: ['iam', 'can'],
  summary: 'Say whether somebody may do something, and which rule decides.',
  about: `Exit code 0 when it may, 6 when it may not. ${oneself} stands for whoever asks.`,
  arguments: [
    {
      name: 'principal',
      summary: `Who: ${oneself}, user/alice, service-account/shop/ci or host/node1.`,
      required: true,
      ref: true,
    },
    permission,
    resource,
  ],
  flags: [address],
  examples: [
    { title: 'May I?', line: 'ultracloud iam can me key.put key/app/a' },
    { title: 'May Alice?', line: 'ultracloud iam can user/alice project.update project/shop' },
  ],
  run: async ({ session, words }) => {
    const client = await session.client();
    const principal = words.argument('principal');
    const query = {
      principal: principal === oneself ? undefined : principal,
      permission: words.argument('permission'),
      resource: encodedWord(words.argument('resource') ?? ''),
      address: words.text('address'),
    };
    const { json } = await client.ask({ method: 'GET', path: '/v1/iam/can', query });
    const allowed = at(json, 'allowed') === true;
    session.show({
      json,
      table: () => [session.style.bold(allowed ? 'yes' : 'no'), ...whyLines(session, json)].join('\n'),
      names: () => [allowed ? 'yes' : 'no'],
    });
    return allowed ? exitCodes.done : exitCodes.denied;
  },
});

const whoCan = (permission: Argument): Verb => ({
  words: ['iam', 'who-can'],
  summary: 'List everybody who may do something, by which binding and through which group.',
  about: 'Whoever shows admin.token may do everything beside them.',
  arguments: [permission, resource],
  flags: [],
  examples: [{ title: 'Who may change the project?', line: 'ultracloud iam who-can project.update project/shop' }],
  run: async ({ session, words }) => {
    const client = await session.client();
    const query = {
      permission: words.argument('permission'),
      resource: encodedWord(words.argument('resource') ?? ''),
    };
    const { json } = await client.ask({ method: 'GET', path: '/v1/iam/who-can', query });
    const allowed = listAt(json, 'allowed');
    const denied = listAt(json, 'denied');
    const table = (holders: readonly unknown[]): string =>
      session.table(
        [
          { title: 'WHO' },
          { title: 'BINDING' },
          { title: 'ROLE' },
          { title: 'WHERE' },
          { title: 'THROUGH' },
          { title: 'IF' },
        ],
        holders.map((holder) => [
          field(holder, 'principal'),
          at(holder, 'own') === true ? '(itself)' : field(holder, 'binding'),
          field(holder, 'role'),
          field(holder, 'place'),
          field(holder, 'subject') === field(holder, 'principal') ? '' : field(holder, 'subject'),
          field(holder, 'unmet'),
        ]),
      );
    session.show({
      json,
      table: () =>
        [
          allowed.length === 0 ? 'Nobody may.' : table(allowed),
          ...(denied.length === 0 ? [] : ['', 'Denied to:', table(denied)]),
        ].join('\n'),
      names: () => [...new Set(allowed.map((holder) => field(holder, 'principal')))],
    });
    if (at(json, 'more') === true) session.note('There are more than are listed.');
    return exitCodes.done;
  },
});

const field = (row: unknown, path: string): string => visible(textAt(row, path) ?? '');

const whyDenied: Verb = {
  words: ['iam', 'why-denied'],
  summary: 'Explain why a recorded request was refused: each rule considered, and what would be enough.',
  about:
    'It is judged on what was true before the request, as it was sent. Refused reads are not recorded; `iam can` ' +
    'answers for them.',
  arguments: [
    { name: 'request', summary: 'The position that the refusal named, or the idempotency key.', required: true },
  ],
  flags: [
    {
      name: 'principal',
      metavar: '<principal>',
      summary: 'Whose request it was, when it is named by its idempotency key; yours unless given.',
      ref: true,
    },
  ],
  examples: [{ title: 'Why not?', line: 'ultracloud iam why-denied 1234' }],
  run: async ({ session, words }) => {
    const client = await session.client();
    const request = encodeURIComponent(words.argument('request') ?? '');
    const query = { principal: words.text('principal') };
    const { json } = await client.ask({ method: 'GET', path: `/v1/iam/why-denied/${request}`, query });
    session.show({ json, table: () => deniedText(session, json), names: () => [String(numberAt(json, 'position'))] });
    return exitCodes.done;
  },
};

const deniedText = (session: Call['session'], json: unknown): string => {
  const position = numberAt(json, 'position') ?? '?';
  if (at(json, 'denied') === true) {
    const asked = [field(json, 'permission'), 'on', field(json, 'resource')];
    return [outcomeBlock(session, json), '', `It needed ${asked.join(' ')}.`, ...whyLines(session, json)].join('\n');
  }
  if (textAt(json, 'outcome') !== 'rejected') return `The request at position ${position} was not refused.`;
  return [outcomeBlock(session, json), '', 'It was refused for another reason than who may do what.'].join('\n');
};

const listPermissions: Verb = {
  words: ['iam', 'permissions'],
  summary: 'List every permission, by noun, with what asks for it.',
  arguments: [{ name: 'noun', summary: 'Those of one noun only.', required: false }],
  flags: [],
  examples: [{ title: 'What can be granted on keys?', line: 'ultracloud iam permissions key' }],
  run: async ({ session, words }) => {
    const client = await session.client();
    const noun = words.argument('noun');
    const { json } = await client.ask({ method: 'GET', path: '/v1/iam/permissions' });
    const items = listAt(json, 'items').filter((item) => noun === undefined || textAt(item, 'noun') === noun);
    session.show({
      json: { items },
      table: () =>
        session.table(
          [{ title: 'PERMISSION' }, { title: 'FOR' }],
          items.map((item) => [field(item, 'permission'), field(item, 'summary')]),
        ),
      names: () => items.map((item) => field(item, 'permission')),
    });
    return exitCodes.done;
  },
};

const listRoles: Verb = {
  words: ['iam', 'roles'],
  summary: 'List the roles that are built in and those that were made, with what they permit.',
  arguments: [],
  flags: [],
  examples: [{ title: 'Which roles are there?', line: 'ultracloud iam roles' }],
  run: async ({ session }) => {
    const client = await session.client();
    const { json } = await client.ask({ method: 'GET', path: '/v1/iam/roles' });
    const items = listAt(json, 'items').filter(isObject);
    session.show({
      json,
      table: () =>
        session.table(
          [{ title: 'ROLE' }, { title: 'BUILT IN' }, { title: 'PERMITS' }, { title: 'FOR' }],
          items.map((item) => [
            field(item, 'id'),
            item['builtin'] === true ? 'yes' : '',
            permitsText(item),
            field(item, 'description'),
          ]),
        ),
      names: () => items.map((item) => field(item, 'id')),
    });
    if (at(json, 'more') === true) session.note('There are more: `ultracloud role list` lists those that were made.');
    return exitCodes.done;
  },
};

const permitsText = (role: unknown): string => {
  const except = listAt(role, 'except').length;
  const permitted = listAt(role, 'permissions').map(String).join(', ');
  return visible(except === 0 ? permitted : `${permitted} but ${except}`);
};
