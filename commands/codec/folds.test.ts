import { right } from 'fp-ts/lib/Either';
import { describe as describeFields } from '#commands/codec/describe';
import { jsonSchema } from '#commands/codec/json-schema';
import { list, map, object, oneOf, optional } from '#commands/codec/object';
import { boolean, bytes, bytesId, choice, id, integer, json, text, time } from '#commands/codec/scalar';
import { suggest } from '#commands/codec/suggest';
import { bodyFromFlags, flagsOf, parseFlag } from '#commands/codec/usage';

const Key = bytesId('key', { maxBytes: 1024 });
const Body = object({
  memoryBytes: integer('memory', { summary: 'Guest memory.', unit: 'bytes', min: 1, max: 2 ** 40 }),
  value: bytes('value', { summary: 'The value.', maxBytes: 6 }),
  subnet: optional(id('subnet')),
  power: optional(choice('power', { summary: 'Power.', values: ['on', 'off'] })),
  ttlMs: optional(integer('time to live', { summary: 'How long.', unit: 'ms' })),
  autoStart: optional(boolean('auto start', { summary: 'With the host.' })),
  due: optional(time('due', { summary: 'When.' })),
  labels: optional(map(text('label', { summary: 'A label.' }), { summary: 'Labels.', maxEntries: 4 })),
  keys: optional(list(Key, { summary: 'Keys.', maxItems: 4 })),
  document: optional(json('document', { summary: 'A document.', maxBytes: 1000 })),
  operations: optional(
    list(oneOf({ put: object({ key: Key }), get: object({ key: Key }) }), { summary: 'Operations.', maxItems: 4 }),
  ),
});

test('flags follow the contract', () => {
  const usage = flagsOf(Body).map((flag) => {
    const marks = `${flag.required ? '' : '?'}${flag.repeatable ? '*' : ''}`;
    return `--${flag.name} ${flag.metavar} ${marks}`.replace(/ +/g, ' ').trim();
  });
  expect(usage).toEqual([
    '--memory-bytes <bytes>',
    '--value <text>',
    '--value-base64 <base64> ?',
    '--subnet <subnet> ?',
    '--power <on|off> ?',
    '--ttl-ms <ms> ?',
    '--auto-start ?',
    '--due <time> ?',
    '--labels <key>=<value> ?*',
    '--keys <key> ?*',
    '--document <json> ?',
    '--operations <json> ?*',
  ]);
});

test('a body is put together from flags', () => {
  const given = new Map([
    ['memoryBytes', ['4GiB']],
    ['valueBase64', ['/w==']],
    ['ttlMs', ['1.5m']],
    ['autoStart', ['true']],
    ['due', ['1700000000000']],
    ['labels', ['a=b', 'c=d=e']],
    ['keys', ['x', 'y']],
    ['document', ['{"a":1}']],
    ['operations', ['{"get":{"key":"x"}}']],
  ]);
  expect(bodyFromFlags(Body, given)).toEqual(
    right({
      memoryBytes: 4 * 2 ** 30,
      valueBase64: '/w==',
      ttlMs: 90_000,
      autoStart: true,
      due: 1_700_000_000_000,
      labels: { a: 'b', c: 'd=e' },
      keys: [{ text: 'x' }, { text: 'y' }],
      document: { a: 1 },
      operations: [{ get: { key: 'x' } }],
    }),
  );
});

test('every flag that is wrong is told by its name', () => {
  const given = new Map([
    ['memoryBytes', ['4XiB']],
    ['autoStart', ['yes']],
    ['subnet', ['a', 'b']],
    ['labels', ['=x']],
    ['document', ['{']],
  ]);
  expect(bodyFromFlags(Body, given)).toMatchObject({
    left: [
      {
        path: '--memory-bytes',
        got: 'the text "4XiB"',
        hint: 'a number may end in B, KiB, MiB, GiB, TiB, KB, MB, GB, TB',
      },
      { path: '--subnet', expected: 'one value' },
      { path: '--auto-start' },
      { path: '--labels', expected: 'key=value' },
      { path: '--document' },
    ],
  });
  expect(parseFlag(Body.shape.props['ttlMs'] as typeof Key, '0.5ms')).toHaveProperty('left');
});

test('labels given on a command line cannot reach a prototype', () => {
  const form = bodyFromFlags(Body, new Map([['labels', ['__proto__=x']]]));
  expect(Object.keys((form as unknown as { right: { labels: object } }).right.labels)).toEqual(['__proto__']);
});

test('a page lists every field, however deep', () => {
  expect(describeFields(Body)).toBe(`| field | type | presence | meaning |
| --- | --- | --- | --- |
| \`memoryBytes\` | an integer from 1 to 1099511627776 (bytes) | required | Guest memory. |
| \`value\` | at most 6 bytes; text, or base64 as \`valueBase64\` | required | The value. |
| \`subnet\` | text \`[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\` | optional | The id of a subnet, chosen by the caller. |
| \`power\` | \`on\`, \`off\` | optional | Power. |
| \`ttlMs\` | an integer from 0 (ms) | optional | How long. |
| \`autoStart\` | true or false | optional | With the host. |
| \`due\` | RFC 3339 time | optional | When. |
| \`labels\` | an object of at most 4 entries | optional | Labels. |
| \`keys\` | a list of at most 4 items | optional | Keys. |
| \`document\` | a JSON document of at most 1,000 bytes | optional | A document. |
| \`operations\` | a list of at most 4 items | optional | Operations. |
| \`operations[].put\` | an object with the fields key | one of |  |
| \`operations[].put.key\` | 1 to 1,024 bytes; text, or base64 as \`keyBase64\` | required | The key, as bytes. |
| \`operations[].get\` | an object with the fields key | one of |  |
| \`operations[].get.key\` | 1 to 1,024 bytes; text, or base64 as \`keyBase64\` | required | The key, as bytes. |
`);
  expect(describeFields(object({}))).toBe('No fields.\n');
});

test('a schema says that bytes come in one of two fields', () => {
  const value = bytes('value', { summary: 'The value.', maxBytes: 6 });
  expect(jsonSchema(object({ value, old: optional(value) }).shape)).toEqual({
    type: 'object',
    properties: {
      value: {
        title: 'value',
        description: 'The value.',
        type: 'string',
        maxLength: 6,
        $comment: 'value: at most 6 bytes of UTF-8',
      },
      valueBase64: {
        title: 'value',
        description: 'The value.',
        type: 'string',
        contentEncoding: 'base64',
        pattern: expect.any(String),
        maxLength: 8,
        $comment: 'value: at most 6 bytes',
      },
      old: expect.objectContaining({ type: 'string' }),
      oldBase64: expect.objectContaining({ contentEncoding: 'base64' }),
    },
    allOf: [
      { oneOf: [{ required: ['value'] }, { required: ['valueBase64'] }] },
      { not: { required: ['old', 'oldBase64'] } },
    ],
    additionalProperties: false,
  });
});

test('a schema is JSON for every shape', () => {
  const schema = jsonSchema(Body.shape);
  expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  expect(schema['required']).toEqual(['memoryBytes']);
});

test('a suggestion is the nearest name, if one is near', () => {
  const names = ['cpuCount', 'memoryBytes', 'subnet', 'id'];
  expect(suggest('cpu_count', names)).toBe('cpuCount');
  expect(suggest('memroyBytes', names)).toBe('memoryBytes');
  expect(suggest('subnets', names)).toBe('subnet');
  expect(suggest('ip', names)).toBeUndefined();
  expect(suggest('colour', names)).toBeUndefined();
  expect(suggest('x'.repeat(100_000), names)).toBeUndefined();
});
