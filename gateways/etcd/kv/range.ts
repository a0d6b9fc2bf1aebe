import { keyKind, type Key } from '#aggregates/chainfire/key';
import type { Fact } from '#aggregates/facts';
import { maxKeyBytes } from '#commands/chainfire/key';
import { breakGlass } from '#log/authority';
import { permit, type Service } from '#gateways/etcd/grpc-service';
import type { Caller, Node } from '#gateways/node';
import { GrpcCode, grpcError, type GrpcError } from '#gateways/etcd/http2/grpc-status';
import { keyValueOf } from '#gateways/etcd/kv/key-value';
import { RangeResponse, SortOrder, SortTarget, type KeyValue, type RangeRequest } from '#gateways/etcd/messages/kv';
import { refusal } from '#gateways/etcd/refusal';
import { factsAt, resumedAfter } from '#log/past';

/** Keys read in one turn: a large range must not hold up the apply loop. */
const pageKeys = 1_000;

/** An answer is one message in memory. */
const maxAnswerBytes = 512 * 1024 * 1024;
const answerTooLarge = 'etcdserver: the answer would be larger than 512 MiB; read the range in parts, with a limit';

export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

/** Ids of a request's range. Bytes beyond the longest key are cut in a way that leaves the same keys inside. */
export const idsOf = (key: string, rangeEnd: string): { readonly from: string; readonly to?: string } => {
  const from = key.length > maxKeyBytes ? `${key.slice(0, maxKeyBytes)}\0` : key;
  if (rangeEnd === '') return { from, to: key.length > maxKeyBytes ? from : `${key}\0` };
  return rangeEnd === '\0' ? { from } : { from, to: rangeEnd.slice(0, maxKeyBytes + 1) };
};

/** Throws unless a caller may do something to all of a range: as in etcd, a range is granted whole or not at all. */
export const permitRange = (
  service: Service,
  caller: Caller,
  permission: string,
  { key, rangeEnd }: { readonly key: string; readonly rangeEnd: string },
): void => {
  // Nobody asks of the administrator, whose requests these mostly are.
  if (caller.name === breakGlass) return;
  const { from, to } = idsOf(key, rangeEnd);
  const isNone = to !== undefined && to <= from;
  permit(service, caller, permission, {
    noun: 'key',
    from,
    ...(to === undefined ? {} : { to: isNone ? `${from}\0` : to }),
  });
};

/** The position that a read is of. Throws when it is compacted or not reached. */
export const revisionOf = (node: Node, revision: number): number => {
  if (revision <= 0) return node.engine.head.position;
  const refused = refusedRevision(node, revision);
  if (refused !== undefined) throw refused;
  return revision;
};

/** Why a revision cannot be read. */
export const refusedRevision = (node: Node, revision: number): GrpcError | undefined => {
  const { rows, head } = node.engine;
  if (revision <= 0) return undefined;
  if (revision > head.position) return refusal('futureRevision');
  if (revision < node.oldestPosition('key')) return refusal('compacted');
  return resumedAfter(rows, head.position, revision) === undefined ? undefined : refusal('compacted');
};

const factsOfRevision = ({ engine }: Node, position: number) =>
  position === engine.head.position ? engine.facts : factsAt(engine.rows, position, engine.vocabulary);

/** One key, in this turn. */
export const readKey = (node: Node, request: RangeRequest, position: number): RangeResult => {
  const state = factsOfRevision(node, position).get(keyKind, request.key);
  if (state === undefined) return { kvs: [], more: false, count: 0 };
  const fact = { id: request.key, ...state };
  const shown = !request.countOnly && wantedBy(request)(fact);
  return { kvs: shown ? [keyValueOf(fact, request.keysOnly)] : [], more: false, count: 1 };
};

/** Any range, over several turns; all of it is of one position. */
export const readRange = async (node: Node, request: RangeRequest, position: number): Promise<RangeResult> => {
  const { limit } = request;
  const arranged = isArranged(request);
  const wanted = wantedBy(request);
  const facts: Fact<Key>[] = [];
  const answer = answerBound();
  let count = 0;
  for await (const page of pages(node, idsOf(request.key, request.rangeEnd), position)) {
    count += page.length;
    if (request.countOnly) continue;
    for (const fact of page) {
      if (!arranged && limit > 0 && facts.length >= limit) break;
      if (!wanted(fact)) continue;
      answer.add(fact.state.value.length);
      facts.push(fact);
    }
  }
  return arrange(request, facts, count);
};

/**
 * The same as an encoded `RangeResponse`. A message may be sent in parts that are joined, so keys that come in their
 * own order are encoded page by page and never held.
 */
export const encodedRange = async (
  node: Node,
  header: Buffer,
  request: RangeRequest,
  position: number,
): Promise<Buffer> => {
  const { limit, countOnly, keysOnly } = request;
  if (isArranged(request)) return RangeResponse.encode({ header, ...(await readRange(node, request, position)) });
  const parts: Buffer[] = [];
  const answer = answerBound();
  let count = 0;
  for await (const page of pages(node, idsOf(request.key, request.rangeEnd), position)) {
    const room = countOnly ? 0 : limit > 0 ? Math.max(0, limit - count) : page.length;
    count += page.length;
    if (room === 0) continue;
    const shown = page.length <= room ? page : page.slice(0, room);
    const part = RangeResponse.encode({ kvs: shown.map((fact) => keyValueOf(fact, keysOnly)) });
    answer.add(part.length);
    parts.push(part);
  }
  parts.push(RangeResponse.encode({ header, more: !countOnly && limit > 0 && count > limit, count }));
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
};

const answerBound = () => {
  let bytes = 0;
  return {
    add: (length: number): void => {
      bytes += length;
      if (bytes > maxAnswerBytes) throw grpcError(GrpcCode.resourceExhausted, answerTooLarge);
    },
  };
};

/** The keys of a range at a position, page by page, giving way in between. */
export async function* pages(
  node: Node,
  { from, to }: { readonly from: string; readonly to?: string },
  position: number,
): AsyncGenerator<readonly Fact<Key>[]> {
  let next = from;
  while (to === undefined || next < to) {
    if (position < node.oldestPosition('key')) throw refusal('compacted');
    const range = { from: next, limit: pageKeys, ...(to === undefined ? {} : { to }) };
    const page = factsOfRevision(node, position).range(keyKind, range);
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageKeys) return;
    next = `${last.id}\0`;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Sorts and cuts what was found. `count` is of the whole range, whatever the filters and the limit, as etcd counts. */
export const arrange = (request: RangeRequest, found: Fact<Key>[], count: number): RangeResult => {
  const { limit, countOnly, keysOnly } = request;
  if (countOnly) return { kvs: [], more: false, count };
  const order = sortedBy(request);
  if (order !== undefined) found.sort(order);
  const total = order === undefined && !filtered(request) ? count : found.length;
  const kept = limit > 0 && found.length > limit ? found.slice(0, limit) : found;
  return { kvs: kept.map((fact) => keyValueOf(fact, keysOnly)), more: limit > 0 && total > limit, count };
};

const filtered = (request: RangeRequest): boolean =>
  request.minModRevision !== 0 ||
  request.maxModRevision !== 0 ||
  request.minCreateRevision !== 0 ||
  request.maxCreateRevision !== 0;

/** Whether the answer is not simply the first keys of the range. */
export const isArranged = (request: RangeRequest): boolean => sortedBy(request) !== undefined || filtered(request);

export const wantedBy = (request: RangeRequest): ((found: Fact<Key>) => boolean) => {
  if (!filtered(request)) return () => true;
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  return ({ modPosition, createPosition }) =>
    (maxModRevision === 0 || modPosition <= maxModRevision) &&
    (minModRevision === 0 || modPosition >= minModRevision) &&
    (maxCreateRevision === 0 || createPosition <= maxCreateRevision) &&
    (minCreateRevision === 0 || createPosition >= minCreateRevision);
};

type Order = (a: Fact<Key>, b: Fact<Key>) => number;

/** Undefined when the order of the keys is the wanted one. */
const sortedBy = ({ sortTarget, sortOrder }: RangeRequest): Order | undefined => {
  if (sortTarget === SortTarget.key && sortOrder !== SortOrder.descend) return undefined;
  const sign = sortOrder === SortOrder.descend ? -1 : 1;
  const order = orders[sortTarget];
  return order === undefined ? undefined : (a, b) => sign * order(a, b);
};

const orders: Readonly<Record<number, Order>> = {
  [SortTarget.key]: (a, b) => (a.id < b.id ? -1 : 1),
  [SortTarget.version]: (a, b) => a.version - b.version,
  [SortTarget.create]: (a, b) => a.createPosition - b.createPosition,
  [SortTarget.mod]: (a, b) => a.modPosition - b.modPosition,
  [SortTarget.value]: (a, b) => Buffer.compare(a.state.value, b.state.value),
};

/** Refuses what etcd refuses before it looks at any key. */
export const checkRange = ({ key, sortOrder, sortTarget }: RangeRequest): void => {
  if (key === '') throw refusal('emptyKey');
  if (sortOrder < 0 || sortOrder > SortOrder.descend || orders[sortTarget] === undefined) throw refusal('invalidSort');
};
