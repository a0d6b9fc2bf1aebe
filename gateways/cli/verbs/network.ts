import { exitCodes } from '#gateways/cli/exit-code';
import { at, listAt, textAt } from '#gateways/cli/json';
import type { Call, Flag, Verb } from '#gateways/cli/verb';
import { visible } from '#gateways/cli/visible';

const endFlag = (name: string, summary: string): Flag => ({
  name,
  metavar: '<port|address>',
  summary: `${summary}: a port as port/shop/web1, or an IP address. Required.`,
  ref: true,
});

/** What each step of a trace says, by where it is and why. */
const sentences: Readonly<Record<string, string>> = {
  'route link': 'they are in one subnet',
  'route gateway': 'the gateways of their subnets lead from one to the other',
  'route otherVpc': 'they are in different VPCs, which nothing connects',
  'route nobody': 'the address is of the VPC, and no port has it',
  'route noRoute': 'the address is outside the VPC, and no route leads there',
  'route noIpv6': 'one of them has no IPv6 address',
  'egress noRule': 'no rule of its security groups lets it out',
  'ingress noRule': 'no rule of its security groups lets it in',
};

const field = (row: unknown, path: string): string => visible(textAt(row, path) ?? '');

const stepText = (step: unknown): string => {
  const [where, reason] = [field(step, 'at'), field(step, 'reason')];
  if (reason === 'rule') {
    const way = where === 'egress' ? 'out' : 'in';
    return `rule ${field(step, 'rule')} of ${field(step, 'securityGroup')} lets it ${way}`;
  }
  const groups = listAt(step, 'securityGroups').map(String).map(visible);
  const sentence = sentences[`${where} ${reason}`] ?? reason;
  return groups.length === 0 ? sentence : `${sentence} (${groups.join(', ')})`;
};

const tableOf = ({ session }: Call, json: unknown): string =>
  [
    session.style.bold(at(json, 'passes') === true ? 'passes' : 'does not pass'),
    session.table(
      [{ title: 'WHERE' }, { title: 'PORT' }, { title: 'PASSES' }, { title: 'BECAUSE' }],
      listAt(json, 'steps').map((step) => [
        field(step, 'at'),
        field(step, 'port'),
        at(step, 'passes') === true ? 'yes' : 'no',
        stepText(step),
      ]),
    ),
  ].join('\n');

export const networkTrace: Verb = {
  words: ['network', 'trace'],
  summary: 'Say whether a network lets something through, and which rule of which security group decides.',
  about: 'It follows the first packet; answers to what passes come back. Exit code 0 when it passes, 1 when not.',
  arguments: [],
  flags: [
    endFlag('from', 'Who sends'),
    endFlag('to', 'Who is to receive'),
    {
      name: 'protocol',
      metavar: '<protocol>',
      summary: 'tcp (unless given), udp or icmp.',
      values: ['tcp', 'udp', 'icmp'],
    },
    { name: 'port', metavar: '<port>', summary: 'The port of the receiver, for tcp and udp.' },
    { name: 'at', metavar: '<position|time>', summary: 'As it was at a past position or time.' },
  ],
  examples: [
    {
      title: 'Does the web server answer?',
      line: 'ultracloud network trace --from port/shop/a --to port/shop/web1 --port 443',
    },
    {
      title: 'May it be pinged?',
      line: 'ultracloud network trace --from 10.0.1.9 --to port/shop/web1 --protocol icmp',
    },
  ],
  run: async (call) => {
    const { session, words } = call;
    const client = await session.client();
    const query = {
      from: words.text('from'),
      to: words.text('to'),
      protocol: words.text('protocol') ?? 'tcp',
      port: words.integer('port'),
      at: words.text('at'),
    };
    const { json } = await client.ask({ method: 'GET', path: '/v1/network/trace', query });
    const passes = at(json, 'passes') === true;
    session.show({ json, table: () => tableOf(call, json), names: () => [passes ? 'passes' : 'dropped'] });
    return passes ? exitCodes.done : exitCodes.failed;
  },
};
