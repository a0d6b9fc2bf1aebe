import type { Category } from '#commands/rejection';
import type { Happened } from '#aggregates/decision';
import { packr } from '#log/entry';

/** What an entry came to, for ever. History, timelines, watches and repeated requests read this and decide nothing. */
export interface Outcome {
  readonly position: number;
  readonly nowMs: number;
  readonly kind: string;
  readonly id: string;
  readonly principal: string;
  readonly credential: string;
  readonly source: string;
  readonly address: string;
  readonly submission: string;
  readonly requestId?: string;
  readonly result: Accepted | Rejected | Duplicate;
}

export interface Accepted {
  readonly status: 'accepted';
  readonly events: readonly Happened[];
  /** What a procedure answered, undefined for plain commands. */
  readonly reply?: unknown;
}

export interface Rejected {
  readonly status: 'rejected';
  readonly code: string;
  readonly category: Category;
  readonly message: string;
  readonly fix: string;
  readonly detail?: Readonly<Record<string, string | number>>;
}

/** The same request came before; its outcome stands at `original`. */
export interface Duplicate {
  readonly status: 'duplicate';
  readonly original: number;
}

export const encodeOutcome = (outcome: Outcome): Buffer => {
  const { result } = outcome;
  return packr.pack([
    outcome.nowMs,
    outcome.kind,
    outcome.id,
    outcome.principal,
    outcome.credential,
    outcome.source,
    outcome.address,
    outcome.submission,
    outcome.requestId ?? null,
    ...(result.status === 'accepted'
      ? [0, result.events.map((event) => [event.kind, event.id, event.body]), result.reply ?? null]
      : result.status === 'rejected'
        ? [1, result.code, result.category, result.message, result.fix, result.detail ?? null]
        : [2, result.original]),
  ]);
};

export const decodeOutcome = (position: number, bytes: Uint8Array): Outcome => {
  const row = packr.unpack(bytes) as readonly unknown[];
  return {
    position,
    nowMs: row[0] as number,
    kind: row[1] as string,
    id: row[2] as string,
    principal: row[3] as string,
    credential: row[4] as string,
    source: row[5] as string,
    address: row[6] as string,
    submission: row[7] as string,
    ...(row[8] === null ? {} : { requestId: row[8] as string }),
    result: resultOf(row),
  };
};

const resultOf = (row: readonly unknown[]): Outcome['result'] => {
  if (row[9] === 0) {
    const events = (row[10] as readonly (readonly [string, string, unknown])[]).map(([kind, id, body]) => ({
      kind,
      id,
      body,
    }));
    return { status: 'accepted', events, ...(row[11] === null ? {} : { reply: row[11] }) };
  }
  if (row[9] === 2) return { status: 'duplicate', original: row[10] as number };
  return {
    status: 'rejected',
    code: row[10] as string,
    category: row[11] as Category,
    message: row[12] as string,
    fix: row[13] as string,
    ...(row[14] === null ? {} : { detail: row[14] as Readonly<Record<string, string | number>> }),
  };
};
