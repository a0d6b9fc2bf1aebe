import type { Props } from '#commands/codec/codec';
import { optional } from '#commands/codec/object';
import { choice, integer, text } from '#commands/codec/scalar';
import { route, type FixedRoute } from '#gateways/fixed-route';
import { oneParameters } from '#gateways/query-parameters';

const end = (name: string, summary: string) =>
  text(name, { summary, minLength: 1, maxLength: 132, example: 'port/shop/web1' });

export const traceParameters = {
  from: end('from', 'Who sends: a port as `port/shop/web1`, or an IP address.'),
  to: end('to', 'Who is to receive: a port as `port/shop/web1`, or an IP address.'),
  protocol: choice('protocol', { summary: 'What is sent.', values: ['tcp', 'udp', 'icmp'] }),
  port: optional(
    integer('port', { summary: 'The port of the receiver, for `tcp` and `udp`.', unit: 'port', min: 1, max: 65_535 }),
  ),
  at: oneParameters.at,
} as const satisfies Props;

export const networkRoutes: readonly FixedRoute[] = [
  route('GET', '/v1/network/trace', 'network.trace', {
    tag: 'networks',
    summary:
      'Whether a network lets a first packet through, and which rule of which security group decides. Needs ' +
      '`port.read` on the ports and `security-group.read` on their groups.',
    parameters: traceParameters,
    answer:
      '`passes`, `from` and `to` as they were found, and `steps`: the route, the rules of the sender and those of ' +
      'the receiver, each with a `reason`.',
  }),
];
