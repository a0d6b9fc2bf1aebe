import { isLeft } from 'fp-ts/lib/Either';
import { idFromPath } from '#commands/codec/id-path';
import { instantToText } from '#commands/codec/instant';
import type { Instant } from '#commands/codec/scalar';
import { ProjectId } from '#commands/tenant';
import { only } from '#aggregates/access';
import { billOf, billRejections } from '#aggregates/bill';
import { priceListKind } from '#aggregates/metering';
import { answer, malformed, rejection, type Answer, type Ask } from '#gateways/http/answer';
import { judged } from '#gateways/http/judge';
import { queryReader } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import type { Node } from '#gateways/node';
import { billParameters } from '#gateways/query-parameters';

const readQuery = queryReader(billParameters);

/** When a bill says no beginning. */
const usualMs = 30 * 86_400_000;

export const billRoute = (node: Node): Route => ({
  method: 'GET',
  path: '/v1/projects/{id}/bill',
  handle: (ask) => bill(node, ask),
});

const bill = (node: Node, { principal, params, query }: Ask): Answer => {
  const id = idFromPath(ProjectId, params['id'] ?? '');
  const read = readQuery(query);
  if (isLeft(id) || isLeft(read)) return malformed([id, read].flatMap((part) => (isLeft(part) ? part.left : [])));
  const { engine } = node;
  const project = id.right;
  const prices = read.right['prices'] as string | undefined;
  const refused =
    judged(node, principal, 'bill.read', only('project', project)) ??
    (prices === undefined ? undefined : judged(node, principal, 'price-list.read', only(priceListKind.noun, prices)));
  if (refused !== undefined) return refused;
  const nowMs = Math.max(engine.now, engine.head.nowMs);
  const toMs = (read.right['to'] as Instant | undefined) ?? nowMs;
  const fromMs = (read.right['from'] as Instant | undefined) ?? Math.max(0, toMs - usualMs);
  if (fromMs > toMs) {
    const expected = `a time up to ${instantToText(toMs)}, when the bill ends`;
    return malformed([{ path: 'from', expected, got: instantToText(fromMs) }]);
  }
  const asked = { project, fromMs, toMs, nowMs, ...(prices === undefined ? {} : { prices }) };
  const made = billOf(engine.facts, asked);
  const { position } = engine.head;
  if (isLeft(made)) return rejection(made.left, billRejections[made.left.code], position);
  const { fromMs: _from, toMs: _to, ...rest } = made.right;
  return answer({ ...rest, from: instantToText(fromMs), to: instantToText(toMs) }, position);
};
