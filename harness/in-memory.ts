import { isLeft, right, type Either } from 'fp-ts/lib/Either';
import type { AnyCommand } from '#commands/command';
import type { Rejection } from '#commands/rejection';
import type { Happened, Moment } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { noRows } from '#harness/facts';
import type { Component } from '#log/component';
import { everything } from '#log/authority';
import { guarded } from '#log/defect';
import { factsOf } from '#log/facts';
import { Overlay } from '#log/overlay';
import type { Rows } from '#log/rows';
import { Transaction } from '#log/transaction';
import { vocabularyOf, type Vocabulary } from '#log/vocabulary';

export interface Performed {
  readonly events: readonly Happened[];
  readonly reply: unknown;
}

/** Components at work without a log: each command is decided at the next position, all of it or nothing. */
export interface InMemory {
  readonly vocabulary: Vocabulary;
  readonly rows: Rows;
  readonly facts: Facts;
  readonly position: number;
  run(command: AnyCommand, nowMs?: number): Either<Rejection, Performed>;
}

/** Everything is allowed; the time stands where the last command left it. */
export const inMemory = (components: readonly Component[]): InMemory => {
  const vocabulary = vocabularyOf(components);
  const rows = new Overlay(noRows);
  const last = { position: 0, now: 0 };
  return {
    vocabulary,
    rows,
    facts: factsOf(rows),
    get position() {
      return last.position;
    },
    run: (command, nowMs = last.now) => {
      last.position++;
      last.now = Math.max(last.now, nowMs);
      const moment: Moment = { ...last, level: 1, principal: 'tester', credential: 'test', address: '' };
      rows.mark();
      const work = new Transaction(vocabulary, rows, moment, everything);
      const reply = guarded(() => work.runEntry(command));
      if (isLeft(reply)) rows.undo();
      rows.keep();
      return isLeft(reply) ? reply : right({ events: work.events, reply: reply.right });
    },
  };
};
