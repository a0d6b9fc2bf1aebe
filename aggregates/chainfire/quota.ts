import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import { judgeQuota, liftQuota, QuotaPassed, setQuota, type QuotaCommand } from '#commands/chainfire/quota';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { kind, type Facts } from '#aggregates/facts';
import type { Reaction } from '#aggregates/procedure';

export interface Quota {
  readonly maxBytes: number;
  /** Puts are refused from here until so much was deleted, or the limit raised, that it is kept again. */
  readonly exceeded: boolean;
}

export const quotaKind = kind<Quota>('quota');

/** The quota of all keys. */
export const keyQuota = 'keys';

/** The sum that says what all keys take. */
export const keyBytes = 'key.bytes';

type Passed = TypeOf<typeof QuotaPassed>;

export type QuotaEvent =
  | { readonly kind: 'quota.set'; readonly body: { readonly maxBytes: number } }
  | { readonly kind: 'quota.exceeded'; readonly body: Passed }
  | { readonly kind: 'quota.relieved'; readonly body: Passed }
  | { readonly kind: 'quota.lifted'; readonly body: Readonly<Record<string, never>> };

const rejections = {
  'quota.absent': {
    category: 'absent',
    summary: 'There is no such quota.',
    fix: 'List the quotas to see which are set.',
  },
} as const;

export const quota: Aggregate<Quota, QuotaCommand, QuotaEvent, keyof typeof rejections> = {
  kind: quotaKind,
  summary: 'What all keys may take together.',
  commands: [setQuota, liftQuota, judgeQuota],
  events: {
    'quota.set': setQuota.body,
    'quota.exceeded': QuotaPassed,
    'quota.relieved': QuotaPassed,
    'quota.lifted': object({}),
  },
  rejections,

  decide(state, command, facts) {
    const bytes = facts.sum(keyBytes, '');
    switch (command.kind) {
      case 'quota.set': {
        const { maxBytes } = command.body;
        if (state?.maxBytes === maxBytes) return accept();
        const next = { maxBytes, exceeded: state?.exceeded ?? false };
        return accept<QuotaEvent>({ kind: 'quota.set', body: { maxBytes } }, ...judged(next, bytes));
      }
      case 'quota.lift':
        if (state === undefined) return reject('quota.absent');
        return accept<QuotaEvent>(...(state.exceeded ? [relieved(state, bytes)] : []), {
          kind: 'quota.lifted',
          body: {},
        });
      case 'quota.judge':
        return state === undefined ? accept() : accept(...judged(state, bytes));
    }
  },

  evolve(state, event) {
    switch (event.kind) {
      case 'quota.set':
        return { maxBytes: event.body.maxBytes, exceeded: state?.exceeded ?? false };
      case 'quota.exceeded':
      case 'quota.relieved':
        return state === undefined ? impossible(event) : { ...state, exceeded: event.kind === 'quota.exceeded' };
      case 'quota.lifted':
        return undefined;
    }
  },
};

const judged = (state: Quota, bytes: number): readonly QuotaEvent[] => {
  const isOver = bytes > state.maxBytes;
  if (isOver === state.exceeded) return [];
  return [isOver ? { kind: 'quota.exceeded', body: { bytes, maxBytes: state.maxBytes } } : relieved(state, bytes)];
};

const relieved = ({ maxBytes }: Quota, bytes: number): QuotaEvent => ({
  kind: 'quota.relieved',
  body: { bytes, maxBytes },
});

const judge = (_event: unknown, facts: Facts) => {
  const held = facts.get(quotaKind, keyQuota)?.state;
  const isJudged = held === undefined || facts.sum(keyBytes, '') > held.maxBytes === held.exceeded;
  return isJudged ? [] : [{ kind: 'quota.judge', id: keyQuota, body: {} }];
};

/** The put that goes over the quota is the last that is accepted. An alarm stands as long as it is exceeded. */
export const quotaKeeping: readonly Reaction[] = [
  { on: 'key.put', react: judge },
  { on: 'key.deleted', react: judge },
  {
    on: 'quota.exceeded',
    react: ({ id, body }) => {
      const { bytes, maxBytes } = body as Passed; // An event of a kind has the body of that kind.
      const message = `The keys take ${bytes} bytes, more than the quota of ${maxBytes}. Puts are refused.`;
      return [{ kind: 'alarm.raise', id: `quota/${id}`, body: { code: 'quota.exceeded', message, standing: true } }];
    },
  },
  { on: 'quota.relieved', react: ({ id }) => [{ kind: 'alarm.end', id: `quota/${id}`, body: {} }] },
];
