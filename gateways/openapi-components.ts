import type { AnyCodec, Json, Props } from '#commands/codec/codec';
import { jsonSchema } from '#commands/codec/json-schema';
import { categories } from '#commands/rejection';
import { gatewayRefusals } from '#gateways/gateway-refusals';
import { commandParameters, listParameters } from '#gateways/query-parameters';

/** A part of the document. */
export type Document = { readonly [key: string]: Json };

/** Parameters that many operations take stand in the document once, under names of their own. */
const shared: ReadonlyMap<AnyCodec, string> = new Map<AnyCodec, string>([
  ...Object.entries(listParameters).map(([name, codec]): [AnyCodec, string] => [codec, name]),
  [commandParameters.dryRun, 'dryRun'],
  [commandParameters.expect, 'expect'],
  [commandParameters.at, 'tryAt'],
]);

export const parametersOf = (props: Props): readonly Document[] =>
  Object.entries(props).map(([name, codec]) => {
    const known = shared.get(codec);
    return known === undefined ? queryParameter(name, codec) : { $ref: `#/components/parameters/${known}` };
  });

const queryParameter = (name: string, { shape }: AnyCodec): Document => {
  const described = 'summary' in shape ? shape.summary : '';
  const schema = shape.kind === 'bytes' ? { type: 'string', description: 'Percent-encoded bytes.' } : jsonSchema(shape);
  return { name, in: 'query', description: described, schema };
};

const sharedParameters: Document = Object.fromEntries(
  [...shared].map(([codec, name]) => [name, queryParameter(name === 'tryAt' ? 'at' : name, codec)]),
);

const positionHeader: Document = {
  description: 'The position that the answer is true of.',
  schema: { type: 'integer', minimum: 0 },
};

const idempotencyKey: Document = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'Makes a repetition answer what was recorded. A UUIDv7 is exactly-once for ever, any other key for 24 hours.',
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
};

const expectHeader: Document = {
  name: 'X-UltraCloud-Expect',
  in: 'header',
  description: 'The same as the query parameter `expect`.',
  schema: { type: 'string', pattern: '^(?:version:)?[0-9]{1,16}$' },
};

const eventSchema: Document = {
  type: 'object',
  description: 'What happened to one object, which `id`, or for bytes a name of their own such as `key`, says.',
  properties: { kind: { type: 'string' }, id: { type: 'string' }, body: { type: 'object' } },
  required: ['kind', 'body'],
};

const problemSchema: Document = {
  type: 'object',
  properties: Object.fromEntries(['path', 'expected', 'got', 'hint'].map((name) => [name, { type: 'string' }])),
  required: ['path', 'expected', 'got'],
};

const refusalSchema: Document = {
  type: 'object',
  properties: {
    code: { type: 'string' },
    category: { enum: Object.keys(categories) },
    message: { type: 'string' },
    fix: { type: 'string' },
    position: { type: 'integer', description: 'Where the refusal was recorded.' },
    detail: { type: 'object' },
    problems: { type: 'array', items: { $ref: '#/components/schemas/Problem' } },
    oldestPosition: { type: 'integer', description: 'With 410: the oldest position that can be read.' },
  },
  required: ['code', 'category', 'message', 'fix'],
};

/** By a short name: the statuses that stand for it, and what they say. */
const refusals = {
  malformed: { '400': gatewayRefusals['request.malformed'].message },
  unauthenticated: {
    '401': gatewayRefusals['request.unauthenticated'].message,
    '429': gatewayRefusals['rate.exceeded'].message,
  },
  absent: { '404': 'There is no such object.' },
  forbidden: { '403': 'Refused: not allowed.' },
  gone: { '410': gatewayRefusals['history.gone'].message },
  rejected: {
    '403': 'Refused: not allowed.',
    '404': 'Refused: something that it needs does not exist.',
    '409': 'Refused: it contradicts the present state, or the idempotency key was used for another request.',
    '507': 'Refused: a limit is reached.',
  },
  tooLarge: { '413': gatewayRefusals['body.tooLarge'].message },
  unknown: {
    '503': gatewayRefusals['node.overloaded'].message,
    '504': gatewayRefusals['outcome.unknown'].message,
  },
} as const;

export const refused = (...names: readonly (keyof typeof refusals)[]): Document =>
  Object.fromEntries(
    names
      .flatMap((name) => Object.keys(refusals[name]))
      .map((status) => [status, { $ref: `#/components/responses/${status}` }]),
  );

const refusalResponses: Document = Object.fromEntries(
  Object.entries({
    ...refusals.malformed,
    ...refusals.unauthenticated,
    ...refusals.rejected,
    ...refusals.forbidden,
    ...refusals.absent,
    ...refusals.gone,
    ...refusals.tooLarge,
    ...refusals.unknown,
  }).map(([status, description]) => [
    status,
    { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } } },
  ]),
);

/** What the operations refer to. */
export const openApiComponents: Document = {
  securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
  headers: { Position: positionHeader },
  parameters: { IdempotencyKey: idempotencyKey, Expect: expectHeader, ...sharedParameters },
  schemas: { Event: eventSchema, Refusal: refusalSchema, Problem: problemSchema },
  responses: refusalResponses,
};
