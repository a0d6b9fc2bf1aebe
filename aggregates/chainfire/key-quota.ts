import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  judgeKeyQuota,
  liftKeyQuota,
  KeyQuotaPassed,
  setKeyQuota,
  type KeyQuotaCommand,
} from '#commands/chainfire/key-quota';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import type { Reaction } from '#aggregates/procedure';

export interface KeyQuota {
  readonly maxBytes: number;
  /** Puts are refused from here until so much was deleted, or the limit raised, that it is kept again. */
  readonly exceeded: boolean;
}

export const keyQuotaKind = kind<KeyQuota>('key-quota');

/** The quota of all keys. */
export const allKeys = 'keys';

/** The sum that says what all keys take. */
export const keyBytes = 'key.bytes';

type Passed = TypeOf<typeof KeyQuotaPassed>;

export type KeyQuotaEvent =
  | { readonly kind: 'key-quota.set'; readonly body: { readonly maxBytes: number } }
  | { readonly kind: 'key-quota.exceeded'; readonly body: Passed }
  | { readonly kind: 'key-quota.relieved'; readonly body: Passed }
  | { readonly kind: 'key-quota.lifted'; readonly body: Readonly<Record<string, never>> };

const rejections = {
  'key-quota.absent': {
    category: 'absent',
    summary: 'There is no such quota.',
    fix: 'List the quotas to see which are set.',
  },
} as const;

export const keyQuota: Aggregate<KeyQuota, KeyQuotaCommand, KeyQuotaEvent, keyof typeof rejections> = {
  kind: keyQuotaKind,
  summary: 'What all keys may take together.',
  commands: [setKeyQuota, liftKeyQuota, judgeKeyQuota],
  events: {
    'key-quota.set': setKeyQuota.body,
    'key-quota.exceeded': KeyQuotaPassed,
    'key-quota.relieved': KeyQuotaPassed,
    'key-quota.lifted': object({}),
  },
  rejections,

  decide(state, command, facts) {
    const bytes = facts.sum(keyBytes, '');
    switch (command.kind) {
      case 'key-quota.set': {
        const { maxBytes } = command.body;
        if (state?.maxBytes === maxBytes) return accept();
        const next = { maxBytes, exceeded: state?.exceeded ?? false };
        return accept<KeyQuotaEvent>({ kind: 'key-quota.set', body: { maxBytes } }, ...judged(next, bytes));
      }
      case 'key-quota.lift':
        if (state === undefined) return reject('key-quota.absent');
        return accept<KeyQuotaEvent>(...(state.exceeded ? [relieved(state, bytes)] : []), {
          kind: 'key-quota.lifted',
          body: {},
        });
      case 'key-quota.judge':
        return state === undefined ? accept() : accept(...judged(state, bytes));
    }
  },

  evolve(state, event) {
    switch (event.kind) {
      case 'key-quota.set':
        return { maxBytes: event.body.maxBytes, exceeded: state?.exceeded ?? false };
      case 'key-quota.exceeded':
      case 'key-quota.relieved':
        return state === undefined ? impossible(event) : { ...state, exceeded: event.kind === 'key-quota.exceeded' };
      case 'key-quota.lifted':
        return undefined;
    }
  },
};

const judged = (state: KeyQuota, bytes: number): readonly KeyQuotaEvent[] => {
  const isOver = bytes > state.maxBytes;
  if (isOver === state.exceeded) return [];
  return [isOver ? { kind: 'key-quota.exceeded', body: { bytes, maxBytes: state.maxBytes } } : relieved(state, bytes)];
};

const relieved = ({ maxBytes }: KeyQuota, bytes: number): KeyQuotaEvent => ({
  kind: 'key-quota.relieved',
  body: { bytes, maxBytes },
});

const judge = (_event: unknown, facts: Facts) => {
  const held = facts.get(keyQuotaKind, allKeys)?.state;
  const isJudged = held === undefined || facts.sum(keyBytes, '') > held.maxBytes === held.exceeded;
  return isJudged ? [] : [{ kind: 'key-quota.judge', id: allKeys, body: {} }];
};

/** The put that goes over the quota is the last that is accepted. An alarm stands as long as it is exceeded. */
export const keyQuotaKeeping: readonly Reaction[] = [
  { on: 'key.put', react: judge },
  { on: 'key.deleted', react: judge },
  {
    on: 'key-quota.exceeded',
    react: ({ id, body }) => {
      const { bytes, maxBytes } = body as Passed; // An event of a kind has the body of that kind.
      const message = `The keys take ${bytes} bytes, more than the quota of ${maxBytes}. Puts are refused.`;
      return [
        { kind: 'alarm.raise', id: `key-quota/${id}`, body: { code: 'key-quota.exceeded', message, standing: true } },
      ];
    },
  },
  { on: 'key-quota.relieved', react: ({ id }) => [{ kind: 'alarm.end', id: `key-quota/${id}`, body: {} }] },
];
