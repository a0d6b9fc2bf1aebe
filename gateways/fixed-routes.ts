import { object, optional } from '#commands/codec/object';
import { integer, json, text } from '#commands/codec/scalar';
import { BatchCommands } from '#commands/cluster/batch';
import { route, type FixedRoute } from '#gateways/fixed-route';
import { hostRoutes } from '#gateways/host-routes';
import { networkRoutes } from '#gateways/network-parameters';
import { billParameters, logParameters, timelineParameters, watchParameters } from '#gateways/query-parameters';
import { rightsRoutes } from '#gateways/rights-routes';
import { signInRoutes } from '#gateways/sign-in-routes';
import { signingRoutes } from '#gateways/signing-routes';

export const Trial = object({
  commands: BatchCommands,
  at: optional(json('moment', { summary: 'A past position or time to try them at.', maxBytes: 64, maxDepth: 1 })),
});

export const NewBackup = object({
  name: optional(
    text('backup name', {
      summary: 'Chosen by the caller; made from the time unless given.',
      pattern: '[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}',
      maxLength: 100,
      example: 'before-upgrade',
    }),
  ),
});

export const Truncation = object({
  before: integer('position', { summary: 'The oldest position that is to be kept.', unit: 'position', min: 1 }),
});

export const KeyringRotation = object({
  subject: optional(
    text('subject', {
      summary: 'Whose key is made anew; the cluster key unless given.',
      maxLength: 255,
      example: 'user/alice',
    }),
  ),
});

export const Nothing = object({});

const noun = 'The noun of an object, as in `key`.';
const id = 'The id of the object, percent-encoded.';

const READINESS =
  '`status`, and `components` with theirs: the log, apply, writes, and each component. That is `ok`, ' +
  '`alarmed` while an alarm stands of it (it takes work all the same), or `failed`.';

const TIMELINE =
  '`items` from the oldest on, `cursor` unless they end the list, and `oldestPosition` where changes before it were ' +
  'compacted and are left out.';

/** Operations beside the ones that the catalogue gives, in the order of the reference. */
export const fixedRoutes: readonly FixedRoute[] = [
  route('POST', '/v1/whatif', 'whatif', {
    tag: 'trials',
    summary: 'Try commands one after another on the present or a past position; nothing is recorded.',
    body: Trial,
    answer: '`position` and `outcomes`, one for each command.',
  }),
  route('GET', '/v1/projects/{id}/bill', 'project.bill', {
    permission: 'bill.read',
    tag: 'operation',
    summary: 'What a project used in a time and what it came to, in micro-credits, by object and meter.',
    pathParts: { id: 'The project.' },
    parameters: billParameters,
    answer:
      '`lines`, `totalMicroCredits`, what of it is `runningMicroCredits` and not taken yet, and the `priceLists` ' +
      'that it was computed by. The price list of `prices` needs `price-list.read`.',
  }),
  ...signInRoutes,
  ...hostRoutes,
  ...rightsRoutes,
  ...networkRoutes,
  route('GET', '/v1/timeline/{noun}/{id}', 'timeline', {
    tag: 'history',
    summary: 'Every change of an object and every refusal, with who, when, through which gateway and by which command.',
    pathParts: { noun, id },
    parameters: timelineParameters,
    answer: TIMELINE,
  }),
  route('GET', '/v1/timeline/{noun}', 'timeline.noun', {
    tag: 'history',
    summary: 'The refusals of commands that are about no single object of the noun.',
    pathParts: { noun },
    parameters: timelineParameters,
    answer: TIMELINE,
  }),
  route('GET', '/v1/why/{noun}/{id}', 'why', {
    tag: 'history',
    summary: 'Why an object is as it is: its state, the outcome that made it so and the last refusals.',
    pathParts: { noun, id },
    answer: '`exists`, `state`, `because` and `refusals`, the newest first.',
  }),
  route('GET', '/v1/why/{noun}', 'why.noun', {
    tag: 'history',
    summary: 'The last refusals of commands that are about no single object of the noun.',
    pathParts: { noun },
    answer: '`refusals`, the newest first.',
  }),
  route('GET', '/v1/watch', 'watch', {
    tag: 'history',
    summary: 'Stream the changes of several nouns or prefixes of ids, in one order, after the position `watch`.',
    parameters: watchParameters,
    answer: 'The lines of a watch: `position` and `events` of any of them, `bookmark`, `closed`.',
    type: 'application/x-ndjson',
  }),
  route('GET', '/v1/log', 'log', {
    permission: 'log.read',
    tag: 'history',
    summary: 'Recorded outcomes in order, accepted or not.',
    parameters: logParameters,
    answer: '`items`, and `next` unless the newest is among them; with `follow` one outcome a line.',
  }),
  route('GET', '/v1/log/{position}', 'log.position', {
    permission: 'log.read',
    tag: 'history',
    summary: 'What was recorded at one position.',
    pathParts: { position: 'The position.' },
    answer: 'The outcome.',
  }),
  route('POST', '/v1/leases/{id}/renew', 'lease.renew', {
    permission: 'lease.renew',
    tag: 'operation',
    summary: 'Start the time of a lease again. Renewals are kept in memory and do not enter the log.',
    pathParts: { id: 'The number of the lease.' },
    body: Nothing,
    answer: '`id` and `ttlSeconds`.',
  }),
  route('GET', '/v1/status', 'status', {
    permission: 'node.read',
    tag: 'operation',
    summary: 'How far this node is, and what it is made of.',
    answer: 'Position, hash, feature level, version, backlog, log bounds and components.',
  }),
  route('GET', '/v1/log-bounds', 'log.bounds', {
    permission: 'log.read',
    tag: 'operation',
    summary: 'Which entries the log keeps.',
    answer: '`first` and `end`.',
  }),
  route('POST', '/v1/log-truncate', 'log.truncate', {
    permission: 'log.truncate',
    tag: 'operation',
    summary: 'Drop entries that a snapshot covers. Outcomes and past states stay.',
    body: Truncation,
    answer: '`first`, the oldest entry that is kept, and the `snapshot` that stands for the others.',
  }),
  route('POST', '/v1/log-verify', 'log.verify', {
    permission: 'log.verify',
    tag: 'operation',
    summary:
      'Decide the history again, from the oldest snapshot that is kept on, and compare it with what is recorded.',
    body: Nothing,
    answer: '`from`, `to`, `entries`, `hash`, and the first `difference` if there is one.',
  }),
  route('POST', '/v1/backups', 'backup.create', {
    permission: 'backup.create',
    tag: 'operation',
    summary: 'Write and check a backup while commands go on.',
    body: NewBackup,
    answer: 'The backup.',
  }),
  route('GET', '/v1/backups', 'backup.list', {
    permission: 'backup.read',
    tag: 'operation',
    summary: 'The backups of this node.',
    answer: '`items`.',
  }),
  ...signingRoutes,
  route('GET', '/v1/keyring', 'keyring', {
    permission: 'keyring.read',
    tag: 'operation',
    summary: 'How the keyring of this node stands. No key is in the answer.',
    answer:
      '`available`; then the cluster key by its id, the `generation` and how many keys there are, or the `reason`.',
  }),
  route('POST', '/v1/keyring-rotate', 'keyring.rotate', {
    permission: 'keyring.rotate',
    tag: 'operation',
    summary: 'Wrap all keys by a new cluster key and destroy the old one; or give a subject a new key.',
    body: KeyringRotation,
    answer: 'How the keyring stands; or `subject` and the id of its new `key`.',
  }),
  route('GET', '/metrics', 'metrics', {
    permission: 'node.read',
    tag: 'operation',
    summary: 'Figures for Prometheus.',
    answer: 'The text format of Prometheus.',
    type: 'text/plain',
  }),
  route('GET', '/openapi.json', 'openapi', { tag: 'operation', summary: 'This document.', answer: 'OpenAPI 3.1.' }),
  route('GET', '/docs', 'docs', {
    tag: 'operation',
    summary: 'A page to browse this document and to call what it describes.',
    answer: 'HTML.',
    type: 'text/html',
    open: true,
  }),
  route('GET', '/version', 'version', {
    tag: 'health',
    summary: 'The release that answers.',
    answer: '`version` and `name`.',
    open: true,
  }),
  ...(
    [
      ['/health', 'Whether the process answers.'],
      ['/healthz', 'Whether the process answers.'],
      ['/livez', 'Whether the process answers; if not, restart it.'],
      ['/readyz', 'Whether the node and every component take work; 503 if one does not.'],
    ] as const
  ).map(([path, summary]) =>
    route('GET', path, path.slice(1), {
      tag: 'health',
      summary,
      answer: path === '/readyz' ? READINESS : '`status`.',
      open: true,
    }),
  ),
];
