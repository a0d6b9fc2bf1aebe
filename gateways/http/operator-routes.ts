import { isLeft } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { idFromPath } from '#commands/codec/id-path';
import { instantToText } from '#commands/codec/instant';
import { LeaseId } from '#commands/chainfire/lease';
import { only } from '#aggregates/access';
import type { Problem } from '#commands/codec/problem';
import { answer, malformed, refusal, rejection, type Answer, type Ask } from '#gateways/http/answer';
import { healthOf } from '#gateways/http/component-health';
import { judged } from '#gateways/http/judge';
import { keyringRoutes } from '#gateways/http/keyring-routes';
import { queryReader } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { NewBackup, Nothing, Truncation } from '#gateways/fixed-routes';
import { BackupExists, type Node, type Verification } from '#gateways/node';
import { UNFINISHED } from '#log/snapshot';

const readNothing = queryReader({});

/** What an operator does to this node; none of it is a command. */
export const operatorRoutes = (node: Node): readonly Route[] => [
  { method: 'POST', path: '/v1/leases/{id}/renew', handle: (ask) => renew(node, ask) },
  { method: 'GET', path: '/v1/status', handle: strict(() => status(node)) },
  {
    method: 'GET',
    path: '/v1/log-bounds',
    handle: strict(async () => answer(await node.operations.logBounds())),
  },
  { method: 'POST', path: '/v1/log-truncate', handle: (ask) => truncate(node, ask) },
  { method: 'POST', path: '/v1/log-verify', handle: verification(node) },
  ...keyringRoutes(node),
  { method: 'POST', path: '/v1/backups', handle: (ask) => createBackup(node, ask) },
  {
    method: 'GET',
    path: '/v1/backups',
    handle: strict(async () => answer({ items: await node.operations.listBackups() })),
  },
];

/** A route without query parameters. */
export const strict =
  (handle: () => Answer | Promise<Answer>): Route['handle'] =>
  ({ query }) => {
    const read = readNothing(query);
    return isLeft(read) ? malformed(read.left) : handle();
  };

const problemsOf = (...parts: readonly { readonly _tag: string; readonly left?: readonly Problem[] }[]) =>
  parts.flatMap((part) => part.left ?? []);

const renew = (node: Node, { principal, params, query, body }: Ask): Answer => {
  const id = idFromPath(LeaseId, params['id'] ?? '');
  const read = readNothing(query);
  const nothing = decode(Nothing, body === undefined ? {} : body);
  if (isLeft(id) || isLeft(read) || isLeft(nothing)) return malformed(problemsOf(id, read, nothing));
  const refused = judged(node, principal, 'lease.renew', only('lease', id.right));
  if (refused !== undefined) return refused;
  const renewed = node.liveness.renew(id.right);
  if (renewed !== undefined) return answer({ id: id.right, ttlSeconds: renewed.ttlSeconds });
  const spec = node.engine.vocabulary.rejections.get('lease.ended');
  if (spec === undefined) throw new Error('the catalogue has no leases');
  return rejection({ code: 'lease.ended' }, spec, node.engine.head.position);
};

const status = async (node: Node): Promise<Answer> => {
  const { engine } = node;
  const log = await node.operations.logBounds();
  const { position, hash, level, nowMs } = engine.head;
  return answer(
    {
      version: node.version,
      clusterId: node.clusterId,
      position,
      hash: hash.toString('hex'),
      level,
      time: instantToText(nowMs),
      startedAt: instantToText(node.startedMs),
      uptimeSeconds: Math.max(0, Math.floor((engine.now - node.startedMs) / 1000)),
      backlog: engine.backlog,
      writes: engine.refusing === undefined ? { accepted: true } : { accepted: false, reason: engine.refusing },
      notices: node.notices(),
      ...(node.disk === undefined
        ? {}
        : { disk: { freeBytes: node.disk.freeBytes, floorBytes: node.disk.floorBytes } }),
      log,
      process: { pid: process.pid, node: process.versions.node, residentBytes: process.memoryUsage.rss() },
      components: engine.vocabulary.components.map((component) => ({
        name: component.name,
        summary: component.summary,
        ...healthOf(engine, component),
        nouns: component.aggregates.map(({ kind }) => kind.noun),
      })),
    },
    position,
  );
};

const truncate = async (node: Node, { query, body }: Ask): Promise<Answer> => {
  const read = readNothing(query);
  const asked = decode(Truncation, body === undefined ? {} : body);
  if (isLeft(read) || isLeft(asked)) return malformed(problemsOf(read, asked));
  const { before } = asked.right;
  const { position } = node.engine.head;
  if (before > position) {
    return malformed([{ path: 'before', expected: `a position up to ${position}`, got: String(before) }]);
  }
  return answer(await node.operations.truncateLog(before));
};

/** It takes the machine's time, so that whoever asks while one runs gets the answer of that one. */
const verification = (node: Node): Route['handle'] => {
  let running: Promise<Verification> | undefined;
  return async ({ query, body }) => {
    const read = readNothing(query);
    const nothing = decode(Nothing, body === undefined ? {} : body);
    if (isLeft(read) || isLeft(nothing)) return malformed(problemsOf(read, nothing));
    running ??= node.operations.verifyLog().finally(() => (running = undefined));
    return answer(await running);
  };
};

const createBackup = async (node: Node, { query, body }: Ask): Promise<Answer> => {
  const read = readNothing(query);
  const asked = decode(NewBackup, body === undefined ? {} : body);
  if (isLeft(read) || isLeft(asked)) return malformed(problemsOf(read, asked));
  const { name } = asked.right;
  if (name?.endsWith(UNFINISHED) === true) {
    return malformed([{ path: 'name', expected: `a name that does not end in ${UNFINISHED}`, got: name }]);
  }
  try {
    return answer(await node.operations.createBackup(name));
  } catch (error) {
    if (!(error instanceof BackupExists)) throw error;
    const { position } = node.engine.head;
    return refusal('backup.exists', { position, detail: { path: error.path } });
  }
};
