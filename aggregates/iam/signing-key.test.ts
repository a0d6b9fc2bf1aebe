import type { Id } from '#commands/codec/scalar';
import { signingKey, type SigningKeyEvent } from '#aggregates/iam/signing-key';
import { decisions } from '#harness/decisions';

const id = 'cluster' as Id<'signing-key'>;
const material = (digit: string) => ({
  keyId: digit.repeat(32),
  publicKey: digit.repeat(43),
  sealedKey: `sealed:v1:${digit.repeat(16)}:${digit.repeat(16)}:${digit.repeat(30)}`,
});
const add = (digit: string) => ({ kind: 'signing-key.add' as const, id, body: material(digit) });
const added = (digit: string): SigningKeyEvent => ({ kind: 'signing-key.added', body: material(digit) });
const rotate = { kind: 'signing-key.rotate' as const, id, body: {} };
const requested: SigningKeyEvent = { kind: 'signing-key.rotationRequested', body: {} };
const retire = (digit: string) => ({ kind: 'signing-key.retire' as const, id, body: { keyId: digit.repeat(32) } });
const drop = { kind: 'signing-key.drop' as const, id, body: {} };
const dropped = (...digits: readonly string[]): SigningKeyEvent => ({
  kind: 'signing-key.dropped',
  body: { keyIds: digits.map((digit) => digit.repeat(32)) },
});
const five = ['a', 'b', 'c', 'd', 'e'].map(added);

decisions(signingKey, [
  ['signs with the first key', [], add('a'), [added('a')]],
  ['takes the same key again as done', [added('a')], add('a'), []],
  ['refuses another that nobody asked for', [added('a')], add('b'), 'signing-key.settled'],
  ['asks for a new key', [added('a')], rotate, [requested]],
  ['asks only once', [added('a'), requested], rotate, []],
  ['signs with the new key', [added('a'), requested], add('b'), [added('b')]],
  ['refuses to rotate what is not there', [], rotate, 'signing-key.absent'],
  ['refuses more keys than may be', five, rotate, 'signing-key.crowded'],
  ['retires a former key', [added('a'), requested, added('b')], retire('a'), [dropped('a')]],
  ['refuses to retire what signs', [added('a'), requested, added('b')], retire('b'), 'signing-key.current'],
  ['refuses to retire what is not there', [added('a')], retire('c'), 'signing-key.absent'],
  [
    'keeps a former key until its tokens have ended',
    [added('a'), requested, added('b')],
    drop,
    [],
    { moment: { now: 899_999 } },
  ],
  ['drops it then', [added('a'), requested, added('b')], drop, [dropped('a')], { moment: { now: 900_000 } }],
  ['never drops what signs', [added('a')], drop, []],
]);
