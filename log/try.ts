import type { AnyCommand } from '#commands/command';
import type { Facts } from '#aggregates/facts';
import { askedOf, askedOfRange, authorityOf, systemPrincipal, type Asked, type Authority } from '#log/authority';
import { decideEntry, genesis, type Head } from '#log/decide';
import { guarded } from '#log/defect';
import type { Entry, Submission } from '#log/entry';
import { factsOf } from '#log/facts';
import { indexKey, integerKey } from '#log/key';
import { decodeOutcome, type Outcome } from '#log/outcome';
import { Overlay } from '#log/overlay';
import { factsAt, rowsAt, type Kept, type OnRead } from '#log/past';
import type { Rows } from '#log/rows';
import { Transaction } from '#log/transaction';
import type { Vocabulary } from '#log/vocabulary';

/** What a trial is made on: an engine, or something of its kind. */
export interface TrialGround {
  readonly vocabulary: Vocabulary;
  readonly rows: Rows;
  readonly head: Head;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** That of identities unless given. One that keeps answers must not be that of the log. */
  readonly authority?: Authority;
}

/**
 * Decides commands one after another as if they followed position `at` (the newest unless given), and records nothing.
 * Each sees what the ones before it did. Request ids are not looked at: a trial is never the repetition of anything.
 * Who may do what is asked of the present. In the past the clock stands at the time of that position, the feature level
 * is the present one, and an index costs a scan of its noun; `onRead` is told of every noun whose past was read.
 */
export const tryOut = (
  ground: TrialGround,
  submissions: readonly Submission[],
  options: { readonly at?: number; readonly onRead?: OnRead } = {},
): readonly Outcome[] => {
  const { vocabulary, rows: present } = ground;
  const at = options.at ?? ground.head.position;
  const past = at < ground.head.position;
  const rows = new Overlay(past ? pastRows(present, at, vocabulary, options.onRead) : present);
  return decided(ground, rows, submissions, at);
};

/** What the present would be after some commands. */
export interface Supposed {
  readonly outcomes: readonly Outcome[];
  /** They follow the rows that they were made from, until the commands would come to something else on those. */
  readonly facts: Facts;
}

/** As `tryOut` on the newest position, with the facts that would follow. */
export const suppose = (ground: TrialGround, submissions: readonly Submission[]): Supposed => {
  const rows = new Overlay(ground.rows);
  return { outcomes: decided(ground, rows, submissions, ground.head.position), facts: factsOf(rows) };
};

/**
 * Everything that a command asks for when it is decided on the present, all of which it gets; for one that runs others.
 */
export const askedBy = ({ vocabulary, rows, head, now }: TrialGround, command: AnyCommand): readonly Asked[] => {
  const asked: Asked[] = [];
  const seeing: Authority = {
    command: (one, facts) => {
      const found = askedOf(vocabulary, one, facts);
      if (found !== undefined) asked.push(found);
      return undefined;
    },
    objects: (permission, range, facts) => {
      asked.push(askedOfRange(vocabulary, permission, range, facts));
      return undefined;
    },
  };
  const who = { principal: systemPrincipal, credential: '', address: '' };
  const moment = { position: head.position + 1, now, level: head.level, ...who };
  const work = new Transaction(vocabulary, new Overlay(rows), moment, seeing);
  guarded(() => work.runEntry(command));
  return asked;
};

const decided = (
  ground: TrialGround,
  rows: Overlay,
  submissions: readonly Submission[],
  at: number,
): readonly Outcome[] => {
  const { vocabulary, rows: present } = ground;
  const past = at < ground.head.position;
  const asked = ground.authority ?? authorityOf(vocabulary);
  const authority = past ? atPresent(asked, ground) : asked;
  let head: Head = past
    ? { ...genesis, position: at, nowMs: timeOf(present, at), level: ground.head.level }
    : ground.head;
  const appendedAtMs = past ? head.nowMs : ground.now;
  const outcomes: Outcome[] = [];
  for (const { requestId: _never, ...submission } of submissions) {
    const entry: Entry = { ...submission, stampedAtMs: appendedAtMs, submission: '' };
    const from = { position: head.position + 1, appendedAtMs, bytes: nothing };
    const made = decideEntry(vocabulary, authority, rows, head, entry, from);
    head = made.head;
    outcomes.push(made.outcome);
  }
  return outcomes;
};

const nothing = Buffer.alloc(0);

/** Who may do what is asked of the present, whatever is tried on: a grant of the past opens nothing. */
const atPresent = (authority: Authority, { rows, head, now }: TrialGround): Authority => {
  const facts = factsOf(rows);
  const position = head.position + 1;
  return {
    command: (command, _past, moment) => authority.command(command, facts, { ...moment, position, now }),
    objects: (permission, range, _past, moment) =>
      authority.objects(permission, range, facts, { ...moment, position, now }),
  };
};

/** The time of the newest outcome up to a position; 0 when none is kept. */
const timeOf = (rows: Rows, position: number): number => {
  const range = { from: integerKey(0), to: integerKey(position + 1), reverse: true };
  for (const [, bytes] of rows.range('outcome', range)) return decodeOutcome(position, bytes as Buffer).nowMs;
  return 0;
};

/** States as they were, with the index rows and counts that follow from them. */
const pastRows = (rows: Rows, at: number, kept: Kept, onRead: OnRead | undefined): Rows => {
  const states = rowsAt(rows, at, onRead);
  const facts = factsAt(rows, at, kept, onRead);
  const made = new Map<string, readonly string[]>();
  const listed = (name: string): readonly string[] => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const keys = facts.index(name, { from: '', limit: Infinity }).map(({ key, id }) => indexKey(name, key, id));
    made.set(name, keys);
    return keys;
  };
  return {
    get: (table, key) => {
      const name = key.slice(0, key.indexOf('\0'));
      if (table === 'index') return listed(name).includes(key) ? true : undefined;
      if (table !== 'count') return states.get(table, key);
      const under = key.slice(name.length + 1);
      if (kept.sums.has(name)) return facts.sum(name, under) || undefined;
      const start = indexKey(name, under, '');
      return listed(name).filter((row) => row.startsWith(start)).length || undefined;
    },
    range: (table, range) => {
      if (table !== 'index') return states.range(table, range);
      const name = range.from.slice(0, range.from.indexOf('\0'));
      const inside = listed(name).filter((key) => key >= range.from && key < range.to);
      return (range.reverse === true ? inside.reverse() : inside).map((key) => [key, true] as const);
    },
  };
};
