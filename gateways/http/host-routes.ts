import { isLeft } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { idFromPath } from '#commands/codec/id-path';
import { HostId } from '#commands/node-agent/host';
import { only } from '#aggregates/access';
import { plainAddress } from '#gateways/address';
import { Enrolment, Heartbeat, NewInvitation } from '#gateways/host-routes';
import { answer, malformed, refusal, type Answer, type Ask } from '#gateways/http/answer';
import { certificateAnswer } from '#gateways/http/certificate-routes';
import type { Forms } from '#gateways/http/event-form';
import { judged, refusedAnswer } from '#gateways/http/judge';
import type { Patience } from '#gateways/http/patience';

import { queryReader } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { stampedRoutes } from '#gateways/http/stamped-route';
import type { Node } from '#gateways/node';

const readNothing = queryReader({});

/** How machines come to be hosts, and how they are heard of. */
export const hostRoutes = (node: Node, forms: Forms, patience: Patience): readonly Route[] => [
  stampedRoutes(node, forms, patience)('host.invite', undefined, NewInvitation, async (body, host) => {
    const { token, digest } = await node.hosts.makeInvitation(host);
    return { id: host, body: { ...body, digest }, shown: { token } };
  }),
  { method: 'POST', path: '/v1/host-enrolments', open: true, handle: (ask) => enrol(node, ask) },
  { method: 'POST', path: '/v1/hosts/{id}/heartbeat', handle: (ask) => heartbeat(node, ask) },
];

const enrol = async (node: Node, { query, body, response }: Ask): Promise<Answer> => {
  const read = readNothing(query);
  const asked = decode(Enrolment, body === undefined ? {} : body);
  if (isLeft(read)) return malformed(read.left);
  if (isLeft(asked)) return malformed(asked.left);
  return certificateAnswer(async () => {
    const came = await node.hosts.enrol(asked.right, plainAddress(response.socket?.remoteAddress));
    if (came === 'busy') return refusal('rate.exceeded', {}, { 'retry-after': '5' });
    return 'rejection' in came ? refusedAnswer(node, came.rejection) : came;
  });
};

const heartbeat = (node: Node, { principal, params, query, body }: Ask): Answer => {
  const id = idFromPath(HostId, params['id'] ?? '');
  const read = readNothing(query);
  const beat = decode(Heartbeat, body === undefined ? {} : body);
  if (isLeft(id)) return malformed(id.left);
  if (isLeft(read)) return malformed(read.left);
  if (isLeft(beat)) return malformed(beat.left);
  const refused = judged(node, principal, 'host.heartbeat', only('host', id.right));
  if (refused !== undefined) return refused;
  const { epoch } = beat.right;
  const heard = node.liveness.hear(id.right, epoch);
  return heard === undefined ? refusedAnswer(node, { code: 'host.outdated' }) : answer({ epoch, ...heard });
};
