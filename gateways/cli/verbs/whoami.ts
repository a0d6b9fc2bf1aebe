import { exitCodes } from '#gateways/cli/exit-code';
import { at, isObject, listAt, textAt } from '#gateways/cli/json';
import type { Verb } from '#gateways/cli/verb';
import { visible } from '#gateways/cli/visible';

export const whoami: Verb = {
  words: ['whoami'],
  summary: 'Show who you are to the server, and what you were granted.',
  arguments: [],
  flags: [],
  examples: [{ title: 'As whom would a command go?', line: 'ultracloud whoami' }],
  run: async ({ session }) => {
    const client = await session.client();
    const { json } = await client.ask({ method: 'GET', path: '/v1/whoami' });
    const { endpoint, from } = client.target;
    const grants = listAt(json, 'grants');
    const field = (row: unknown, path: string): string => visible(textAt(row, path) ?? '');
    const granted = (): string => {
      if (at(json, 'unlimited') === true) return 'It may do everything, whatever is bound.';
      if (grants.length === 0) return 'Nothing is granted to it.';
      return session.table(
        [{ title: 'BINDING' }, { title: 'ROLE' }, { title: 'WHERE' }, { title: 'EFFECT' }, { title: 'FOR' }],
        grants.map((grant) => ['binding', 'role', 'place', 'effect', 'subject'].map((path) => field(grant, path))),
      );
    };
    session.show({
      json: { ...(isObject(json) ? json : {}), endpoint: endpoint.origin, from },
      table: () => {
        const about = {
          principal: textAt(json, 'principal'),
          credential: textAt(json, 'credential'),
          address: textAt(json, 'address'),
          endpoint: endpoint.origin,
          from,
        };
        return `${session.fields(about)}\n\n${granted()}`;
      },
      names: () => [textAt(json, 'principal') ?? ''],
    });
    return exitCodes.done;
  },
};
