import type { Id } from '#commands/codec/scalar';
import { secretKey, type SecretKeyEvent } from '#aggregates/iam/secret-key';
import { decisions } from '#harness/decisions';

const id = 'user/alice' as Id<'secret-key'>;
const key = (number: number): string => String(number).padStart(16, '0');
const add = (number: number) => ({ kind: 'secret-key.add' as const, id, body: { key: key(number) } });
const forget = (...keys: readonly number[]) => ({
  kind: 'secret-key.forget' as const,
  id,
  body: keys.length === 0 ? {} : { keys: keys.map(key) },
});
const added = (number: number): SecretKeyEvent => ({ kind: 'secret-key.added', body: { key: key(number) } });
const forgotten = (...keys: readonly number[]): SecretKeyEvent => ({
  kind: 'secret-key.forgotten',
  body: { keys: keys.map(key) },
});
const thousand = Array.from({ length: 1_000 }, (_, number) => added(number));

decisions(secretKey, [
  ['adds the first key of a subject', [], add(1), [added(1)]],
  ['adds one more', [added(1)], add(2), [added(2)]],
  ['takes the same key again as done', [added(1)], add(1), []],
  ['takes a key that was forgotten as known, and does not bring it back', [added(1), forgotten(1)], add(1), []],
  ['adds a new key to a subject that was forgotten', [added(1), forgotten(1)], add(2), [added(2)]],
  ['refuses more keys than a subject may have', thousand, add(1_000), 'secret-key.tooMany'],
  ['forgets all keys of a subject', [added(1), added(2)], forget(), [forgotten(1, 2)]],
  ['forgets those that are named', [added(1), added(2)], forget(1), [forgotten(1)]],
  ['forgets what is left', [added(1), added(2), forgotten(1)], forget(), [forgotten(2)]],
  ['has nothing left to forget', [added(1), forgotten(1)], forget(), []],
  ['takes a forgotten key that is named as done', [added(1), forgotten(1)], forget(1), []],
  ['refuses to forget a subject without keys', [], forget(), 'secret-key.absent'],
  ['refuses to forget a key of another subject, and forgets none', [added(1)], forget(1, 9), 'secret-key.absent'],
]);
