import { isRight } from 'fp-ts/lib/Either';
import { key } from '#aggregates/chainfire/key';
import { factsHolding, held } from '#harness/facts';
import { keyView } from '#projections/chainfire/key';

const ids = ['a', 'ab', 'ab\0', 'ab\xff', 'ac', '\xff', '\xff\xff'];
const facts = factsHolding(ids.map((id) => held(key, id, { value: Buffer.from(id, 'latin1') })));

const selected = (prefix: string | undefined): readonly string[] => {
  const page = keyView.select?.(prefix === undefined ? {} : { prefix }, facts, { limit: 10 });
  return page !== undefined && isRight(page) ? page.right.facts.map(({ id }) => id) : ['refused'];
};

test('keys are selected by the bytes that they start with', () => {
  expect(selected(undefined)).toEqual(ids);
  expect(selected('ab')).toEqual(['ab', 'ab\0', 'ab\xff']);
  expect(selected('\xff')).toEqual(['\xff', '\xff\xff']);
  expect(selected('b')).toEqual([]);
});

test('what is selected can be watched', () => {
  expect(keyView.range?.({})).toEqual({ from: '' });
  expect(keyView.range?.({ prefix: 'ab' })).toEqual({ from: 'ab', to: 'ac' });
  expect(keyView.range?.({ prefix: '\xff' })).toEqual({ from: '\xff' });
});
