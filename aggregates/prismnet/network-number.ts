import type { TypeOf } from '#commands/codec/codec';
import {
  NetworkNumberReleased,
  NetworkNumberTaken,
  releaseNetworkNumber,
  takeNetworkNumber,
  type NetworkNumberCommand,
} from '#commands/prismnet/network-number';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import { orderedKey } from '#aggregates/ordered-key';
import { numbersSpent, quarantineMs, vpcKind } from '#aggregates/prismnet/network';

export interface NetworkNumber {
  readonly number: number;
  /** Whose it is; absent: nobody's, from `until` on to be given again. */
  readonly vpc?: string;
  readonly until: number;
}

const networkNumberKind = kind<NetworkNumber>('network-number');

export type NetworkNumberEvent =
  | { readonly kind: 'network-number.taken'; readonly body: TypeOf<typeof NetworkNumberTaken> }
  | { readonly kind: 'network-number.released'; readonly body: TypeOf<typeof NetworkNumberReleased> };

const last = 2 ** 24 - 1;

/** Numbers that were ever given, from 1 on without a gap. */
const given = 'network-number.given';
/** Those of nobody, by the end of their quarantine. */
const free = 'network-number.free';

/** Those that rested longest come first, then new ones; undefined when all are given. */
export const nextNumber = (facts: Facts, now: number): number | undefined => {
  const [rested] = facts.index(free, { from: '', to: orderedKey(now + 1), limit: 1 });
  if (rested !== undefined) return Number(rested.id);
  const next = facts.sum(given, '') + 1;
  return next > last ? undefined : next;
};

export const numberId = (number: number): string => String(number).padStart(8, '0');

const rejections = {
  ...numbersSpent,
  'network-number.unheld': {
    category: 'conflict',
    summary: 'No VPC that exists has the number.',
    fix: 'Create a VPC, which takes a number.',
  },
  'network-number.used': {
    category: 'conflict',
    summary: 'A VPC that exists has the number.',
    fix: 'Delete the VPC that the detail names, which releases it.',
  },
} as const;

export const networkNumber: Aggregate<
  NetworkNumber,
  NetworkNumberCommand,
  NetworkNumberEvent,
  keyof typeof rejections
> = {
  kind: networkNumberKind,
  summary: 'A number that a VPC has on the wire.',
  commands: [takeNetworkNumber, releaseNetworkNumber],
  events: { 'network-number.taken': NetworkNumberTaken, 'network-number.released': NetworkNumberReleased },
  rejections,
  indexes: { [free]: ({ vpc, until }) => (vpc === undefined ? [orderedKey(until)] : []) },
  sums: { [given]: () => [['', 1]] },

  decide(state, command, facts, { now }) {
    const number = Number(command.id);
    switch (command.kind) {
      case 'network-number.take': {
        const { vpc } = command.body;
        if (state?.vpc === vpc) return accept();
        if (number > last) return reject('network-number.spent');
        if (facts.get(vpcKind, vpc)?.state.number !== number) return reject('network-number.unheld', { vpc });
        return accept({ kind: 'network-number.taken', body: { vpc, number } });
      }
      case 'network-number.release': {
        if (state?.vpc === undefined) return accept();
        if (facts.get(vpcKind, state.vpc)?.state.number === number) {
          return reject('network-number.used', { vpc: state.vpc });
        }
        return accept({ kind: 'network-number.released', body: { until: now + quarantineMs } });
      }
    }
  },

  evolve(state, event) {
    if (event.kind === 'network-number.taken') return { ...event.body, until: 0 };
    if (state === undefined) return impossible(event);
    return { number: state.number, until: event.body.until };
  },
};
