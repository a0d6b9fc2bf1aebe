import { isLeft, type Either } from 'fp-ts/lib/Either';
import { createHash } from 'node:crypto';
import type { AnyCommand } from '#commands/command';
import type { Rejection } from '#commands/rejection';
import type { Moment } from '#aggregates/decision';
import type { Authority } from '#log/authority';
import { guarded } from '#log/defect';
import { type Entry, packr } from '#log/entry';
import { integerKey, stateKey, versionKey } from '#log/key';
import { encodeOutcome, type Outcome, type Rejected } from '#log/outcome';
import type { Overlay } from '#log/overlay';
import type { KeyRange, Rows } from '#log/rows';
import { Transaction } from '#log/transaction';
import { kernelRejections, type Vocabulary } from '#log/vocabulary';

/** How far the log has been decided. Replicas with equal positions have equal heads, or one of them is wrong. */
export interface Head {
  readonly position: number;
  readonly nowMs: number;
  readonly level: number;
  /** SHA-256 over the previous hash, the position, the entry and its outcome. */
  readonly hash: Buffer;
}

export const genesis: Head = { position: 0, nowMs: 0, level: 1, hash: Buffer.alloc(32) };

/** A gateway's clock may run ahead of the log's by this much before its stamp is cut. */
const SKEW_MS = 5_000;

/** Requests are remembered this long; a UUIDv7 older than this is refused, since it could be a repetition. */
const requestWindowMs = 24 * 3_600_000;

/** Old requests dropped per new one: the table shrinks as fast as it may grow, at a bounded cost per entry. */
const DROPPED_PER_REQUEST = 2;

export interface Decided {
  readonly outcome: Outcome;
  /** The outcome as it is recorded. */
  readonly bytes: Buffer;
  readonly head: Head;
}

/** The deterministic time of the next position. */
const nowAt = (head: Head, appendedAtMs: number, stampedAtMs: number): number =>
  Math.max(head.nowMs, Math.min(appendedAtMs, stampedAtMs + SKEW_MS));

/**
 * Decides one entry on the rows of the position before it and records its outcome in them. Pure but for `rows`: equal
 * rows and entries give equal rows, outcome and hash. Throws only for faults of the process.
 */
export const decideEntry = (
  vocabulary: Vocabulary,
  authority: Authority,
  rows: Overlay,
  head: Head,
  entry: Entry,
  from: { readonly position: number; readonly appendedAtMs: number; readonly bytes: Buffer },
): Decided => {
  const { position } = from;
  if (position !== head.position + 1)
    throw new Error(`position ${position} follows ${head.position}: not the next one`);
  const nowMs = nowAt(head, from.appendedAtMs, entry.stampedAtMs);
  const { principal, credential, address } = entry;
  const moment = { position, now: nowMs, level: head.level, principal, credential, address };
  const before = remembered(rows, entry, nowMs);
  const { result, refused } =
    before === undefined ? attempt(vocabulary, authority, rows, entry, moment) : { result: before };
  const outcome: Outcome = {
    position,
    nowMs,
    kind: entry.kind,
    id: entry.id,
    principal,
    credential,
    source: entry.source,
    address,
    submission: entry.submission,
    ...(entry.requestId === undefined ? {} : { requestId: entry.requestId }),
    result,
  };
  const bytes = encodeOutcome(outcome);
  rows.set('outcome', integerKey(position), bytes);
  if (result.status === 'rejected') {
    rows.set('refusal', versionKey(nounOf(entry.kind), entry.id, position), true);
    if (refused !== undefined) rows.set('refusal', versionKey(nounOf(refused.kind), refused.id, position), true);
  }
  if (entry.requestId !== undefined && result.status !== 'duplicate') remember(rows, entry, nowMs, position);
  const hash = createHash('sha256').update(head.hash).update(positionBytes(position)).update(from.bytes).update(bytes);
  return { outcome, bytes, head: { position, nowMs, level: levelAfter(head.level, result), hash: hash.digest() } };
};

/** The feature level gates every change of what is hashed; it is raised by a command of its own. */
const levelAfter = (level: number, result: Outcome['result']): number => {
  if (result.status !== 'accepted') return level;
  const raised = result.events.find((event) => event.kind === 'level.raised');
  return raised === undefined ? level : (raised.body as { level: number }).level;
};

/** What an entry came to, and which command of those that it ran was refused, for the history of that one's object. */
interface Attempt {
  readonly result: Outcome['result'];
  readonly refused?: AnyCommand | undefined;
}

const attempt = (
  vocabulary: Vocabulary,
  authority: Authority,
  rows: Overlay,
  entry: Entry,
  moment: Moment,
): Attempt => {
  rows.mark();
  const work = new Transaction(vocabulary, rows, moment, authority, entry.expectPosition !== undefined);
  const performed = guarded(() => expected(work, rows, entry));
  if (isLeft(performed)) {
    rows.undo();
    rows.keep();
    return { result: rejected(vocabulary, performed.left), refused: work.refused };
  }
  rows.keep();
  const reply = performed.right;
  return { result: { status: 'accepted', events: work.events, ...(reply === undefined ? {} : { reply }) } };
};

const expected = (work: Transaction, rows: Overlay, entry: Entry): Either<Rejection, unknown> => {
  if (entry.expectVersion !== undefined) {
    const found = rows.get('state', stateKey(nounOf(entry.kind), entry.id)) as { version: number } | undefined;
    const version = found?.version ?? 0;
    if (version !== entry.expectVersion) {
      return refuse('expect.version', { expected: entry.expectVersion, found: version });
    }
  }
  const performed = work.runEntry(entry);
  if (entry.expectPosition !== undefined && work.newestRead > entry.expectPosition) {
    return refuse('expect.moved', { expected: entry.expectPosition, changedAt: work.newestRead });
  }
  return performed;
};

const refuse = (code: keyof typeof kernelRejections, detail: Rejection['detail']): Either<Rejection, never> => ({
  _tag: 'Left',
  left: detail === undefined ? { code } : { code, detail },
});

export const rejected = (vocabulary: Vocabulary, { code, detail }: Rejection): Rejected => {
  const spec = vocabulary.rejections.get(code) ?? kernelRejections['command.poisoned'];
  return {
    status: 'rejected',
    code,
    category: spec.category,
    message: spec.summary,
    fix: spec.fix,
    ...(detail === undefined ? {} : { detail }),
  };
};

interface Request {
  readonly position: number;
  readonly digest: string;
  readonly nowMs: number;
}

/** The principal is part of the key: another one learns nothing, not even that the key was used. */
const requestKey = (principal: string, requestId: string): string => `${principal}\0${requestId}`;

/** Where a request of a principal was decided that is still remembered by its id. */
export const positionOfRequest = (rows: Rows, principal: string, requestId: string): number | undefined =>
  (rows.get('request', requestKey(principal, requestId)) as Request | undefined)?.position;

const remembered = (rows: Overlay, entry: Entry, nowMs: number): Outcome['result'] | undefined => {
  if (entry.requestId === undefined) return undefined;
  const key = requestKey(entry.principal, entry.requestId);
  const known = rows.get('request', key) as Request | undefined;
  if (known !== undefined && known.nowMs > nowMs - requestWindowMs) {
    if (known.digest === digestOf(entry)) return { status: 'duplicate', original: known.position };
    return { status: 'rejected', ...withFix('request.reused'), detail: { position: known.position } };
  }
  const bornMs = uuidv7Ms(entry.requestId);
  if (bornMs === undefined || bornMs > nowMs - requestWindowMs) return undefined;
  return { status: 'rejected', ...withFix('request.expired'), detail: { windowMs: requestWindowMs } };
};

const withFix = (code: keyof typeof kernelRejections) => {
  const { category, summary, fix } = kernelRejections[code];
  return { code, category, message: summary, fix };
};

const remember = (rows: Overlay, entry: Entry, nowMs: number, position: number): void => {
  if (entry.requestId === undefined) return;
  const key = requestKey(entry.principal, entry.requestId);
  const known = rows.get('request', key) as Request | undefined;
  if (known !== undefined) {
    if (known.nowMs > nowMs - requestWindowMs) return;
    rows.delete('requestAge', `${integerKey(known.nowMs)}${key}`);
  }
  // A UUIDv7 of a clock that runs ahead counts as new for longer, so it is remembered for longer.
  const keptMs = Math.max(nowMs, uuidv7Ms(entry.requestId) ?? 0);
  rows.set('request', key, { position, digest: digestOf(entry), nowMs: keptMs } satisfies Request);
  rows.set('requestAge', `${integerKey(keptMs)}${key}`, true);
  const old = { from: '', to: integerKey(Math.max(0, nowMs - requestWindowMs)) };
  for (const age of firstKeys(rows, old, DROPPED_PER_REQUEST)) {
    rows.delete('requestAge', age);
    rows.delete('request', age.slice(8));
  }
};

const digestOf = (entry: Entry): string =>
  createHash('sha256')
    .update(packr.pack([entry.kind, entry.id, entry.body, entry.expectPosition ?? null, entry.expectVersion ?? null]))
    .digest('hex')
    .slice(0, 32);

/** When a UUIDv7 (RFC 9562 5.7) was made; undefined for any other text. */
const uuidv7Ms = (requestId: string): number | undefined =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(requestId)
    ? parseInt(requestId.slice(0, 8) + requestId.slice(9, 13), 16)
    : undefined;

const nounOf = (kind: string): string => kind.slice(0, kind.indexOf('.'));

const positionBytes = (position: number): Buffer => Buffer.from(integerKey(position), 'latin1');

const firstKeys = (rows: Overlay, range: KeyRange, limit: number): readonly string[] => {
  const keys: string[] = [];
  for (const [key] of rows.range('requestAge', range)) {
    keys.push(key);
    if (keys.length >= limit) break;
  }
  return keys;
};
