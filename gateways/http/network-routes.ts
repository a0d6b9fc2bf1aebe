import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { Problem } from '#commands/codec/problem';
import { decode } from '#commands/codec/decode';
import { Address, PortId } from '#commands/prismnet/name';
import { only } from '#aggregates/access';
import { networkTrace, type NetworkEnd } from '#gateways/catalog';
import { answer, malformed, rejection, type Answer, type Ask } from '#gateways/http/answer';
import { judged } from '#gateways/http/judge';
import { readingOf } from '#gateways/http/moment';
import { queryReader, type Query } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { traceParameters } from '#gateways/network-parameters';
import type { Node } from '#gateways/node';

const readTrace = queryReader(traceParameters);

/** What networks let through. */
export const networkRoutes = (node: Node): readonly Route[] => [
  { method: 'GET', path: '/v1/network/trace', handle: (ask) => trace(node, ask) },
];

const trace = (node: Node, { query, principal: caller }: Ask): Answer => {
  const read = readTrace(query);
  if (isLeft(read)) return malformed(read.left);
  const asked = askedIn(read.right);
  if (isLeft(asked)) return malformed(asked.left);
  const reading = readingOf(node, 'port', read.right);
  if (isLeft(reading)) return reading.left;
  const { facts, position } = reading.right;
  const refusal = (permission: string, noun: string, ids: readonly (string | undefined)[]): Answer | undefined => {
    for (const id of ids) {
      const refused = id === undefined ? undefined : judged(node, caller, permission, only(noun, id), position);
      if (refused !== undefined) return refused;
    }
    return undefined;
  };
  const { from, to } = asked.right;
  const named = [from, to].map((end) => ('port' in end ? end.port : undefined));
  const refused = refusal('port.read', 'port', named);
  if (refused !== undefined) return refused;
  const traced = networkTrace(facts, asked.right);
  const gone = reading.right.gone();
  if (gone !== undefined) return gone;
  if (traced === undefined) {
    const spec = node.engine.vocabulary.rejections.get('port.absent');
    if (spec === undefined) throw new Error('the catalogue has no ports');
    return rejection({ code: 'port.absent' }, spec, position);
  }
  // An address may be that of a port that the caller knows nothing of.
  const unseen = refusal('port.read', 'port', [traced.from.port, traced.to.port]);
  const groups = traced.steps.flatMap(({ securityGroups = [] }) => securityGroups);
  return unseen ?? refusal('security-group.read', 'security-group', groups) ?? answer(traced, position);
};

interface Asked {
  readonly from: NetworkEnd;
  readonly to: NetworkEnd;
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly port?: number;
}

const askedIn = (query: Query): Either<readonly Problem[], Asked> => {
  const [from, to] = [endIn(query, 'from'), endIn(query, 'to')];
  // The reader decoded both by their codecs.
  const protocol = query['protocol'] as Asked['protocol'] | undefined;
  const port = query['port'] as number | undefined;
  const problems: Problem[] = [from, to].flatMap((end) => (isLeft(end) ? end.left : []));
  if (protocol === undefined) problems.push({ path: 'protocol', expected: 'tcp, udp or icmp', got: 'nothing' });
  if (port === undefined && (protocol === 'tcp' || protocol === 'udp')) {
    problems.push({ path: 'port', expected: `a port from 1 to 65535, for ${protocol}`, got: 'nothing' });
  }
  if (port !== undefined && protocol === 'icmp') {
    problems.push({ path: 'port', expected: 'nothing beside icmp', got: String(port) });
  }
  if (isLeft(from) || isLeft(to) || protocol === undefined || problems.length > 0) return left(problems);
  if (!('port' in from.right) && !('port' in to.right)) {
    return left([{ path: 'from', expected: 'a port here or as to, as in port/shop/web1', got: 'two addresses' }]);
  }
  return right({ from: from.right, to: to.right, protocol, ...(port === undefined ? {} : { port }) });
};

const endIn = (query: Query, path: 'from' | 'to'): Either<readonly Problem[], NetworkEnd> => {
  const written = query[path] as string | undefined;
  const expected = 'a port as port/shop/web1, or an IP address';
  if (written === undefined) return left([{ path, expected, got: 'nothing' }]);
  const problem: Problem = { path, expected, got: JSON.stringify(written) };
  if (written.startsWith('port/')) {
    const id = decode(PortId, written.slice('port/'.length));
    return isLeft(id) ? left([problem]) : right({ port: id.right });
  }
  const address = decode(Address, written);
  return isLeft(address) ? left([problem]) : right({ address: address.right });
};
