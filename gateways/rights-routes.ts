import type { Props } from '#commands/codec/codec';
import { object, optional } from '#commands/codec/object';
import { bytesId, integer, json, text } from '#commands/codec/scalar';
import { BatchCommands } from '#commands/cluster/batch';
import { route, type FixedRoute } from '#gateways/fixed-route';

/** What is asked of who may do what, and how it is answered. */

const permission = text('permission', {
  summary: 'A permission, as `/v1/iam/permissions` lists it.',
  maxLength: 128,
  example: 'key.put',
});

const resource = bytesId('resource', {
  summary: '`cluster`, or an object as `noun/id`, as in `project/shop` or `key/app/a`.',
  maxBytes: 2_200,
});

export const canParameters = {
  principal: optional(
    text('principal', {
      summary: 'Who; whoever asks unless given.',
      maxLength: 300,
      example: 'user/alice',
    }),
  ),
  permission,
  resource,
  address: optional(
    text('address', {
      summary: 'An IP address, for bindings that hold for some networks only; that of the request unless given.',
      maxLength: 45,
      example: '192.0.2.7',
    }),
  ),
} as const satisfies Props;

export const whoCanParameters = { permission, resource } as const satisfies Props;

export const whyDeniedParameters = {
  principal: optional(
    text('principal', {
      summary: 'Whose request it was, when it is named by its idempotency key; whoever asks unless given.',
      maxLength: 300,
      example: 'user/alice',
    }),
  ),
} as const satisfies Props;

/** Changes that one answer lists. */
const maxChangesListed = 1_000;

export const PolicyTrial = object({
  commands: BatchCommands,
  since: json('since', {
    summary: 'The first position, or a time, from which on recorded requests are judged again.',
    maxBytes: 64,
    maxDepth: 1,
  }),
  limit: optional(
    integer('limit', {
      summary: 'Changes in one answer at most; 100 unless given.',
      unit: 'count',
      min: 1,
      max: maxChangesListed,
    }),
  ),
});

const CONSIDERED =
  '`considered` has each rule that was looked at: whether its role `permits` it, whether it `covers` the resource, ' +
  'and the condition that is `unmet`.';

export const rightsRoutes: readonly FixedRoute[] = [
  route('GET', '/v1/whoami', 'whoami', {
    tag: 'rights',
    summary: 'Who the caller is to this cluster, what it showed, and what it was granted.',
    answer: '`principal`, `credential`, `address` and `grants`.',
  }),
  route('GET', '/v1/iam/can', 'iam.can', {
    tag: 'rights',
    summary:
      'Whether somebody may do something, and because of which rule. Of oneself everybody may ask; of others ' +
      '`binding.read` on the resource is needed.',
    parameters: canParameters,
    answer: `\`allowed\`, \`reason\`, and the \`binding\` that decides. ${CONSIDERED} \`enough\` says what would be.`,
  }),
  route('GET', '/v1/iam/who-can', 'iam.whoCan', {
    tag: 'rights',
    summary: 'Everybody who may do something to a resource. Needs `binding.read` on it.',
    parameters: whoCanParameters,
    answer: '`allowed` and `denied`, each with its binding, role and group; `more` when there are others.',
  }),
  route('GET', '/v1/iam/why-denied/{request}', 'iam.whyDenied', {
    tag: 'rights',
    summary:
      'Why a recorded request was refused, judged on what was true before it. Of own requests everybody may ask; of ' +
      'others `log.read` is needed.',
    pathParts: { request: 'A position, or the idempotency key of a request.' },
    parameters: whyDeniedParameters,
    answer: `The request, the \`permission\` and \`resource\` that it asked for, and why not. ${CONSIDERED}`,
  }),
  route('POST', '/v1/iam/try', 'iam.try', {
    permission: 'log.read',
    tag: 'rights',
    summary: 'Judge recorded requests again as if some commands had changed who may do what; nothing is recorded.',
    body: PolicyTrial,
    answer:
      '`items` with each request whose answer changes, the counts `judged`, `lost`, `gained` and `unjudged`, and ' +
      '`next`, the position to go on from as `since`, unless it came to the end.',
  }),
  route('GET', '/v1/iam/permissions', 'iam.permissions', {
    tag: 'rights',
    summary: 'Every permission that there is, with what asks for it.',
    answer: '`items`.',
  }),
  route('GET', '/v1/iam/roles', 'iam.roles', {
    tag: 'rights',
    summary: 'The roles that are built in, and those that were made and the caller may see.',
    answer: '`items`; `more` when there are others.',
  }),
];
