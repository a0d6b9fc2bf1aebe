import { left, right, type Either } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import type { Rejection } from '#commands/rejection';
import type { Happened } from '#aggregates/decision';
import type { Work } from '#aggregates/procedure';
import { batch } from '#aggregates/cluster/batch';

const moment = { position: 7, now: 0, level: 1, principal: 'admin', credential: 'test', address: '' };

/** Work that refuses commands on `locked` and knows the order in which it was asked. */
const workOf = (ran: AnyCommand[]): Work => ({
  run: (command): Either<Rejection, readonly Happened[]> => {
    ran.push(command);
    return command.id === 'locked' ? left({ code: 'thing.locked', detail: { by: 'ada' } }) : right([]);
  },
  forbidden: () => undefined,
  follow: () => right([]),
  fireDue: () => ({ fired: 0, quarantined: [] }),
  rearm: () => undefined,
  get: () => undefined,
  range: () => [],
  index: () => [],
  count: () => 0,
  sum: () => 0,
});

const perform = (...commands: readonly { command: string; id?: string; body?: null }[]) => {
  const ran: AnyCommand[] = [];
  const done = batch.perform({ kind: 'batch.apply', id: '', body: { commands } }, workOf(ran), moment);
  return { done, ran: ran.map(({ kind, id }) => `${kind} ${id}`.trim()) };
};

test('batch.apply runs its commands in order', () => {
  expect(perform({ command: 'key.put', id: 'a' }, { command: 'key.delete', id: 'b' }, { command: 'key.txn' })).toEqual({
    done: right(undefined),
    ran: ['key.put a', 'key.delete b', 'key.txn'],
  });
});

test('the first refusal ends a batch.apply and names the command', () => {
  expect(
    perform({ command: 'key.put', id: 'a' }, { command: 'key.put', id: 'locked' }, { command: 'key.txn' }),
  ).toEqual({
    done: left({ code: 'thing.locked', detail: { by: 'ada', commandIndex: 1 } }),
    ran: ['key.put a', 'key.put locked'],
  });
});
