import { object } from '#commands/codec/object';
import { integer, text } from '#commands/codec/scalar';
import { invitationAbout } from '#commands/node-agent/host';
import { route, type FixedRoute } from '#gateways/fixed-route';
import { commandParameters } from '#gateways/query-parameters';
import { Csr } from '#gateways/signing-routes';

export const NewInvitation = object(invitationAbout);

export const Enrolment = object({
  token: text('invitation', { summary: 'What `host invite` has shown.', pattern: '[!-~]+', maxLength: 256 }),
  csr: Csr,
});

export const Heartbeat = object({
  epoch: integer('epoch', { summary: 'The epoch that the host believes to be in.', unit: 'position' }),
});

const host = { id: 'The name of the host.' };

/** How machines come to be hosts, and how they are heard of. */
export const hostRoutes: readonly FixedRoute[] = [
  route('POST', '/v1/hosts/{id}/invite', 'host.invite', {
    tag: 'operation',
    summary: 'Ask a machine in: makes a token, shown once, for which a certificate of the host is given, once.',
    pathParts: host,
    parameters: commandParameters,
    body: NewInvitation,
    answer: 'What a command answers, with `token`.',
  }),
  route('POST', '/v1/host-enrolments', 'host.enrol', {
    tag: 'operation',
    summary: 'Take an invitation: the token is worth nothing afterwards. The request names the host and nothing else.',
    body: Enrolment,
    answer: '`host`, `certificate` and its `chain` in PEM, `serial`, `notBefore`, `notAfter` and `position`.',
    open: true,
  }),
  route('POST', '/v1/hosts/{id}/heartbeat', 'host.heartbeat', {
    tag: 'operation',
    summary: 'Say that a host is alive; nothing of it enters the log. Only the host itself may.',
    pathParts: host,
    body: Heartbeat,
    permission: 'host.heartbeat',
    answer: '`epoch` and `ttlSeconds`, in which the next one must come. 409 when the host was lost meanwhile.',
  }),
];
