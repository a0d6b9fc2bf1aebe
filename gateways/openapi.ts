import type { AnyCodec, Json, Props } from '#commands/codec/codec';
import { jsonSchema, type JsonSchema } from '#commands/codec/json-schema';
import { list, object } from '#commands/codec/object';
import type { AnyCommandSpec } from '#commands/command';
import type { AnyView } from '#projections/view';
import type { Component } from '#log/component';
import { fixedRoutes } from '#gateways/fixed-routes';
import { openApiComponents, parametersOf, refused, type Document } from '#gateways/openapi-components';
import { commandParameters, listParameters, maxLimit, oneParameters } from '#gateways/query-parameters';

/** The OpenAPI 3.1 document of the catalogue: equal components give equal text. */
export const openApi = (components: readonly Component[], version: string): Document => {
  const operations = [
    ...components.flatMap((component) => [
      ...commandsOf(component).map((spec) => commandOperation(component, spec)),
      ...component.views.flatMap((view) => [listOperation(component, view), oneOperation(component, view)]),
    ]),
    ...fixedRoutes.map(fixedOperation),
  ];
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, path, operation } of operations) (paths[path] ??= {})[method] = operation;
  return {
    openapi: '3.1.0',
    info: {
      title: 'UltraCloud',
      version,
      summary: 'A private cloud as one event-sourced system.',
      description: about,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: [
      ...components.map(({ name, summary }) => ({ name, description: summary })),
      { name: 'sign-in', description: 'Logging in, and what is needed for it.' },
      { name: 'rights', description: 'Who may do what, and why.' },
      { name: 'trials', description: 'What would happen.' },
      { name: 'networks', description: 'What networks let through, and why not.' },
      { name: 'history', description: 'What happened, and why.' },
      { name: 'operation', description: 'Running a node.' },
      { name: 'health', description: 'Whether a node works; needs no token.' },
    ],
    paths,
    components: openApiComponents,
  };
};

const about =
  'Every mutation is a command: it is decided at one position of the log, and what came of it is recorded, refused ' +
  'or not. Bytes are written as text where they are UTF-8 and as base64 under a second name otherwise (`key` or ' +
  '`keyBase64`). Ids in paths are percent-encoded, slashes included. For one consistent list over several pages, ' +
  'give the position of the first page as `at` with the others.';

/** Commands that a caller may send as they are, aggregates first, in the order of the catalogue. */
export const commandsOf = ({ aggregates, procedures }: Component): readonly AnyCommandSpec[] =>
  [...aggregates.flatMap(({ commands }) => commands), ...procedures.map(({ command }) => command)].filter(
    (spec) => !spec.internal && !spec.stamped,
  );

interface Operation {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly operation: Document;
}

const commandOperation = (component: Component, spec: AnyCommandSpec): Operation => {
  const examples = spec.examples.map(({ title, body }) => [title, { value: body as Json }] as const); // JSON forms.
  const reply = spec.reply?.shape.kind === 'object' ? spec.reply.shape.props : {};
  return {
    method: 'post',
    path: spec.route,
    operation: {
      operationId: spec.kind,
      tags: [component.name],
      summary: spec.summary,
      ...(spec.permission === undefined ? {} : { 'x-permission': spec.permission }),
      parameters: [
        ...(spec.id === undefined ? [] : [idParameter(spec.id)]),
        ...parametersOf(commandParameters),
        { $ref: '#/components/parameters/IdempotencyKey' },
        { $ref: '#/components/parameters/Expect' },
      ],
      requestBody: {
        required: required(spec),
        content: {
          'application/json': {
            schema: jsonSchema(spec.body.shape),
            ...(examples.length === 0 ? {} : { examples: Object.fromEntries(examples) }),
          },
        },
      },
      responses: {
        '200': ok('Accepted, durable and applied; or, with `dryRun`, what would be.', acceptedSchema(reply)),
        ...refused('malformed', 'unauthenticated', 'gone', 'rejected', 'tooLarge', 'unknown'),
      },
    },
  };
};

const required = ({ body }: AnyCommandSpec): boolean =>
  Object.keys(body.shape.props).some((name) => !body.shape.optional.includes(name));

const acceptedSchema = (reply: Props): JsonSchema => {
  const own = {
    position: { type: 'integer', minimum: 0, description: 'Where it was decided; of a trial, what it was tried on.' },
    outcome: { const: 'accepted' },
    dryRun: { const: true, description: 'Nothing was recorded.' },
    events: { type: 'array', items: { $ref: '#/components/schemas/Event' } },
  };
  if (Object.keys(reply).length === 0)
    return { type: 'object', properties: own, required: ['position', 'outcome', 'events'] };
  const replied = jsonSchema(object(reply).shape);
  return {
    type: 'object',
    properties: { ...own, ...(replied['properties'] as Document) }, // Schemas of objects have properties.
    required: ['position', 'outcome', 'events'],
  };
};

const listOperation = (component: Component, { spec }: AnyView): Operation => ({
  method: 'get',
  path: spec.route,
  operation: {
    operationId: `${spec.noun}.list`,
    tags: [component.name],
    summary: spec.summary,
    'x-permission': spec.permission,
    parameters: [...parametersOf(spec.filters), ...parametersOf(listParameters)],
    responses: {
      '200': {
        ...ok('A page; without `cursor` it is the last one. With `watch`, a stream of changes.', pageSchema(spec.row)),
        content: {
          'application/json': { schema: pageSchema(spec.row) },
          'application/x-ndjson': { schema: { type: 'string', description: watchLines } },
        },
      },
      ...refused('malformed', 'unauthenticated', 'forbidden', 'gone', 'unknown'),
    },
  },
});

const watchLines =
  '`{"position", "events"}` for all changes of a position, `{"bookmark"}` for the position up to which everything ' +
  'was sent, `{"closed": true, "lastPosition"}` when the stream ends: go on with `watch` from there. With a `code` ' +
  'it ended since the right to it, or the credential, has.';

const pageSchema = (row: AnyCodec): JsonSchema => ({
  type: 'object',
  properties: {
    ...(jsonSchema(object({ items: list(row, { summary: '', maxItems: maxLimit }) }).shape)['properties'] as Document),
    cursor: { type: 'string', description: 'Give it back to go on.' },
  },
  required: ['items'],
});

const oneOperation = (component: Component, { spec }: AnyView): Operation => ({
  method: 'get',
  path: `${spec.route}/{id}`,
  operation: {
    operationId: `${spec.noun}.get`,
    tags: [component.name],
    summary: `One ${spec.noun}.`,
    'x-permission': spec.permission,
    parameters: [idParameter(spec.id), ...parametersOf(oneParameters)],
    responses: {
      '200': ok(`The ${spec.noun}.`, jsonSchema(spec.row.shape)),
      ...refused('malformed', 'unauthenticated', 'forbidden', 'absent', 'gone', 'unknown'),
    },
  },
});

const fixedOperation = (route: (typeof fixedRoutes)[number]): Operation => ({
  method: route.method === 'GET' ? 'get' : 'post',
  path: route.path,
  operation: {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    ...(route.open ? { security: [] } : {}),
    parameters: [
      ...Object.entries(route.pathParts).map(([name, description]) => pathParameter(name, description)),
      ...parametersOf(route.parameters),
    ],
    ...(route.body === undefined
      ? {}
      : { requestBody: { content: { 'application/json': { schema: jsonSchema(route.body.shape) } } } }),
    responses: {
      '200': {
        description: route.answer,
        headers: { 'X-UltraCloud-Position': { $ref: '#/components/headers/Position' } },
        content: { [route.type]: {} },
      },
      ...(route.open ? refused('malformed') : refused('malformed', 'unauthenticated', 'forbidden', 'unknown')),
    },
  },
});

const idParameter = (codec: AnyCodec): Document => {
  const { shape } = codec;
  const described = 'summary' in shape ? shape.summary : '';
  if (shape.kind !== 'bytes') return { ...pathParameter('id', described), schema: jsonSchema(shape) };
  return pathParameter('id', `${described} Percent-encoded: ${shape.minBytes} to ${shape.maxBytes} bytes.`);
};

const pathParameter = (name: string, description: string): Document => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
});

const ok = (description: string, schema: JsonSchema): Document => ({
  description,
  headers: { 'X-UltraCloud-Position': { $ref: '#/components/headers/Position' } },
  content: { 'application/json': { schema } },
});
