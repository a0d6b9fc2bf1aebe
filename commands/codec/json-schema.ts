import { expectation } from '#commands/codec/expectation';
import type { BytesShape, Json, ObjectShape, OneOfShape, Props, Shape, TextShape } from '#commands/codec/codec';
import { lastInstant } from '#commands/codec/instant';

export type JsonSchema = { readonly [keyword: string]: Json };

/** JSON Schema 2020-12 of the JSON form, for OpenAPI 3.1. Units are told as `x-unit`. */
export const jsonSchema = (shape: Shape): JsonSchema => {
  switch (shape.kind) {
    case 'text':
      return { title: shape.name, ...summary(shape), ...textSchema(shape), ...examples(shape.example) };
    case 'integer': {
      const { name, unit, min, max } = shape;
      return { title: name, ...summary(shape), type: 'integer', minimum: min, maximum: max, 'x-unit': unit };
    }
    case 'boolean':
      return { title: shape.name, ...summary(shape), type: 'boolean' };
    case 'choice':
      return { title: shape.name, ...summary(shape), type: 'string', enum: [...shape.values] };
    case 'list': {
      const { item, minItems, maxItems } = shape;
      return { ...summary(shape), type: 'array', items: jsonSchema(item.shape), minItems, maxItems };
    }
    case 'map':
      return {
        ...summary(shape),
        type: 'object',
        propertyNames: textSchema(shape.key.shape),
        additionalProperties: jsonSchema(shape.value.shape),
        maxProperties: shape.maxEntries,
      };
    case 'object':
      return objectSchema(shape);
    case 'oneOf':
      return oneOfSchema(shape);
    case 'bytes':
      return oneOfSchema({ kind: 'oneOf', summary: shape.summary, props: { text: { shape } } }, 'base64');
    case 'time':
      return {
        title: shape.name,
        ...summary(shape),
        anyOf: [
          { type: 'string', format: 'date-time' },
          { type: 'integer', minimum: 0, maximum: lastInstant, 'x-unit': 'ms' },
        ],
        examples: ['2026-01-31T12:00:00Z'],
      };
    case 'json':
      return { title: shape.name, description: `${shape.summary} ${capital(expectation(shape))}.`.trim() };
  }
};

const summary = (shape: { readonly summary: string }): JsonSchema =>
  shape.summary === '' ? {} : { description: shape.summary };

const examples = (example: string | undefined): JsonSchema => (example === undefined ? {} : { examples: [example] });

const textSchema = ({ pattern, minLength, maxLength }: TextShape): JsonSchema => ({
  type: 'string',
  ...(minLength === 0 ? {} : { minLength }),
  maxLength,
  ...(pattern === undefined ? {} : { pattern: `^(?:${pattern})$` }),
});

/** The properties as they are written: two for bytes. */
const properties = (props: Props, base64Name: (name: string) => string): JsonSchema =>
  Object.fromEntries(
    Object.entries(props).flatMap(([name, { shape }]): (readonly [string, JsonSchema])[] => {
      if (shape.kind !== 'bytes') return [[name, jsonSchema(shape)]];
      return [
        [name, bytesAsTextSchema(shape)],
        [base64Name(name), bytesAsBase64Schema(shape)],
      ];
    }),
  );

/** Lengths of text count characters, of one to four bytes each, so the bounds are as near as a schema can say. */
const bytesAsTextSchema = (shape: BytesShape): JsonSchema => ({
  title: shape.name,
  ...summary(shape),
  type: 'string',
  ...(shape.minBytes === 0 ? {} : { minLength: Math.ceil(shape.minBytes / 4) }),
  maxLength: shape.maxBytes,
  $comment: `${expectation(shape)} of UTF-8`,
});

const bytesAsBase64Schema = (shape: BytesShape): JsonSchema => ({
  title: shape.name,
  ...summary(shape),
  type: 'string',
  contentEncoding: 'base64',
  pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$',
  ...(shape.minBytes === 0 ? {} : { minLength: 4 * Math.ceil(shape.minBytes / 3) }),
  maxLength: 4 * Math.ceil(shape.maxBytes / 3),
  $comment: expectation(shape),
});

const objectSchema = (shape: ObjectShape): JsonSchema => {
  const { props, optional } = shape;
  const names = Object.keys(props);
  const isBytes = (name: string): boolean => props[name]?.shape.kind === 'bytes';
  const required = names.filter((name) => !optional.includes(name) && !isBytes(name));
  const pairs = names.filter(isBytes).map((name): JsonSchema => {
    const [asText, asBase64] = [{ required: [name] }, { required: [`${name}Base64`] }];
    if (!optional.includes(name)) return { oneOf: [asText, asBase64] };
    return { not: { required: [name, `${name}Base64`] } };
  });
  return {
    ...summary(shape),
    type: 'object',
    properties: properties(props, (name) => `${name}Base64`),
    ...(required.length === 0 ? {} : { required }),
    ...(pairs.length === 0 ? {} : { allOf: pairs }),
    additionalProperties: false,
  };
};

const oneOfSchema = (shape: OneOfShape, base64Name?: string): JsonSchema => ({
  ...summary(shape),
  type: 'object',
  properties: properties(shape.props, (name) => base64Name ?? `${name}Base64`),
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
});

const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);
