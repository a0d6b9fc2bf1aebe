import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import type { Instant } from '#commands/codec/scalar';
import { cancelSweep, startSweep, stepSweep, SweepPassed, type SweepCommand } from '#commands/chainfire/sweep';
import type { Aggregate } from '#aggregates/aggregate';
import { keyKind, type Key } from '#aggregates/chainfire/key';
import { accept, impossible, reject, type Decision } from '#aggregates/decision';
import { kind, prefixEnd, type Fact, type Facts } from '#aggregates/facts';
import type { Reaction } from '#aggregates/procedure';
import { nextTurn } from '#aggregates/series';

/** A deletion of many keys, in parts. Its result is that of one deletion at the start, with what came later kept. */
export interface Sweep {
  readonly prefix: string;
  readonly phase: 'running' | 'finished' | 'cancelled';
  /** The last key that was passed; empty before the first. */
  readonly cursor: string;
  readonly passed: number;
  readonly deleted: number;
  readonly startPosition: number;
  readonly startedMs: number;
  readonly dueAt: Instant;
}

export const sweepKind = kind<Sweep>('sweep');

type Nothing = Readonly<Record<string, never>>;
type Passed = TypeOf<typeof SweepPassed>;

export type SweepEvent =
  | { readonly kind: 'sweep.started'; readonly body: { readonly prefix: string } }
  | { readonly kind: 'sweep.passed'; readonly body: Passed }
  | { readonly kind: 'sweep.finished'; readonly body: Nothing }
  | { readonly kind: 'sweep.cancelled'; readonly body: Nothing }
  | { readonly kind: 'sweep.forgotten'; readonly body: Nothing };

/** Keys of one part: about 20 ms of work, so that other commands wait for no longer. */
const keysPerPart = 1_000;

/** Of the values of one part; a part is read three times, and several sweeps may share a position. */
const bytesPerPart = 4 * 2 ** 20;

const rememberedMs = 24 * 3_600_000;

const rejections = {
  'sweep.exists': {
    category: 'conflict',
    summary: 'A sweep with this id runs, or ran not long ago, with another prefix.',
    fix: 'Choose another id.',
  },
  'sweep.absent': {
    category: 'absent',
    summary: 'There is no such sweep.',
    fix: 'List the sweeps to see what there is; what ended more than a day ago is in the timeline.',
  },
} as const;

export const sweep: Aggregate<Sweep, SweepCommand, SweepEvent, keyof typeof rejections> = {
  kind: sweepKind,
  summary: 'A deletion of many keys, in parts.',
  commands: [startSweep, cancelSweep, stepSweep],
  events: {
    'sweep.started': startSweep.body,
    'sweep.passed': SweepPassed,
    'sweep.finished': object({}),
    'sweep.cancelled': object({}),
    'sweep.forgotten': object({}),
  },
  rejections,
  due: ({ dueAt }) => dueAt,
  onDue: 'sweep.step',

  decide(state, command, facts, moment) {
    switch (command.kind) {
      case 'sweep.start':
        if (state === undefined) return accept({ kind: 'sweep.started', body: command.body });
        return state.prefix === command.body.prefix ? accept() : reject('sweep.exists', { phase: state.phase });
      case 'sweep.cancel':
        if (state === undefined) return reject('sweep.absent');
        return state.phase === 'running' ? accept({ kind: 'sweep.cancelled', body: {} }) : accept();
      case 'sweep.step':
        if (state === undefined || state.dueAt > moment.now) return accept();
        return state.phase === 'running' ? pass(state, facts) : accept({ kind: 'sweep.forgotten', body: {} });
    }
  },

  evolve(state, event, moment) {
    if (event.kind === 'sweep.started') {
      return {
        prefix: event.body.prefix,
        phase: 'running',
        cursor: '',
        passed: 0,
        deleted: 0,
        startPosition: moment.position,
        startedMs: moment.now,
        dueAt: moment.now,
      };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'sweep.passed': {
        const { upTo, passed, deleted } = event.body;
        const dueAt = nextTurn(state.dueAt, moment);
        return { ...state, cursor: upTo, passed: state.passed + passed, deleted: state.deleted + deleted, dueAt };
      }
      case 'sweep.finished':
        return { ...state, phase: 'finished', dueAt: moment.now + rememberedMs };
      case 'sweep.cancelled':
        return { ...state, phase: 'cancelled', dueAt: moment.now + rememberedMs };
      case 'sweep.forgotten':
        return undefined;
    }
  },
};

const pass = (state: Sweep, facts: Facts): Decision<SweepEvent, never> => {
  const found = part(facts, state, state.cursor, keysPerPart);
  const last = found.at(-1);
  const finished: SweepEvent = { kind: 'sweep.finished', body: {} };
  if (last === undefined) return accept(finished);
  const deleted = found.filter((key) => isOlder(key, state)).length;
  const passed: SweepEvent = {
    kind: 'sweep.passed',
    body: { after: state.cursor, upTo: last.id, passed: found.length, deleted },
  };
  const isLast = part(facts, state, last.id, 1).length === 0;
  return isLast ? accept<SweepEvent>(passed, finished) : accept(passed);
};

const part = (facts: Facts, { prefix }: Sweep, after: string, limit: number): readonly Fact<Key>[] => {
  const to = prefixEnd(prefix);
  const range = { from: after === '' ? prefix : `${after}\0`, limit, maxBytes: bytesPerPart };
  return facts.range(keyKind, to === undefined ? range : { ...range, to });
};

const isOlder = ({ modPosition }: Fact<Key>, { startPosition }: Sweep): boolean => modPosition < startPosition;

/** The keys of a part are deleted at the position that it is passed at. */
export const sweeping: readonly Reaction[] = [
  {
    on: 'sweep.passed',
    react(event, facts) {
      const { after, passed } = event.body as Passed; // An event of a kind has the body of that kind.
      const state = facts.get(sweepKind, event.id)?.state;
      if (state === undefined) return [];
      return part(facts, state, after, passed)
        .filter((key) => isOlder(key, state))
        .map(({ id }) => ({ kind: 'key.delete', id, body: {} }));
    },
  },
];
