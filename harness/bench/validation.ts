import { isLeft } from 'fp-ts/lib/Either';
import type { AnyCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { object, optional } from '#commands/codec/object';
import { boolean, bytes, choice, id, integer, text } from '#commands/codec/scalar';

export interface ValidationRow {
  readonly name: string;
  readonly unit: 'us';
  /** The median of the runs. */
  readonly ours: number;
  readonly runs: readonly number[];
}

const putBody = object({
  value: bytes('value', { summary: 'The value.', maxBytes: 1_572_864 }),
  lease: optional(id('lease')),
});

const kinds = [
  text('text', { summary: 'Text.', maxLength: 200 }),
  integer('count', { summary: 'A count.', unit: 'count' }),
  boolean('flag', { summary: 'A flag.' }),
  choice('state', { summary: 'A state.', values: ['on', 'off', 'paused'] }),
  id('vm'),
];

const values = ['some text of usual length', 12_345, true, 'off', 'vm-7k3'];

const names = Array.from({ length: 20 }, (_, at) => `field${String.fromCharCode(97 + at)}`);

const document = object(Object.fromEntries(names.map((name, at) => [name, kinds[at % 5] as AnyCodec])));

/** Time to decode one parsed input. A parser's share is not in it. */
export const benchValidation = async (runCount = 5): Promise<readonly ValidationRow[]> => {
  const put = JSON.stringify({ value: 'x'.repeat(300) });
  const fields = JSON.stringify(Object.fromEntries(names.map((name, at) => [name, values[at % 5]])));
  return [
    measure('decode a key.put body of 300 bytes', runCount, putBody, put),
    measure('decode a document of 20 fields', runCount, document, fields),
  ];
};

const measure = (name: string, runCount: number, codec: AnyCodec, source: string): ValidationRow => {
  // Distinct objects, so that the engine cannot take one answer for all.
  const inputs = Array.from({ length: 64 }, (): unknown => JSON.parse(source));
  decodeAll(codec, inputs, 1_000);
  const runs = Array.from({ length: runCount }, () => decodeAll(codec, inputs, 3_000));
  const ours = runs.toSorted((a, b) => a - b)[Math.floor(runCount / 2)] ?? NaN;
  return { name, unit: 'us', ours, runs };
};

/** In microseconds for one input. */
const decodeAll = (codec: AnyCodec, inputs: readonly unknown[], rounds: number): number => {
  const started = performance.now();
  for (let round = 0; round < rounds; round++) {
    for (const input of inputs) if (isLeft(decode(codec, input))) throw new Error('the input is refused');
  }
  return ((performance.now() - started) * 1_000) / (rounds * inputs.length);
};
