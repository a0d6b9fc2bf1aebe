import { exitCodes } from '#gateways/cli/exit-code';
import { listAt, numberAt, textAt } from '#gateways/cli/json';
import type { Flag, Verb } from '#gateways/cli/verb';
import { visible } from '#gateways/cli/visible';

const from: Flag = {
  name: 'from',
  metavar: '<time>',
  summary: 'Where it begins: a time such as 2026-11-01T00:00:00Z, or a day; 30 days before its end unless given.',
};
const to: Flag = { name: 'to', metavar: '<time>', summary: 'Where it ends, itself left out; now unless given.' };
const prices: Flag = {
  name: 'prices',
  metavar: '<price list>',
  summary: 'Compute it by this price list, instead of by what was charged.',
  noun: 'price-list',
};

/** A day begins at midnight in UTC. */
const timeOf = (given: string | undefined): string | undefined =>
  given !== undefined && /^\d{4}-\d\d-\d\d$/.test(given) ? `${given}T00:00:00Z` : given;

/** Micro-credits as credits. */
const credits = (micro: number | undefined): string => {
  const digits = String(micro ?? 0).padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
};

export const bill: Verb = {
  words: ['bill'],
  summary: 'Show what a project used in a time and what it came to, by object and meter.',
  about:
    'Amounts are credits. What is running is counted up to now: it is reserved, and taken from the wallet at the end ' +
    'of its hour.',
  arguments: [{ name: 'project', summary: 'The project.', required: true, noun: 'project' }],
  flags: [from, to, prices],
  examples: [
    { title: 'November.', line: 'ultracloud bill shop --from 2026-11-01 --to 2026-12-01' },
    {
      title: 'What it would have been by other prices.',
      line: 'ultracloud bill shop --from 2026-11-01 --to 2026-12-01 --prices next-year',
    },
  ],
  run: async ({ session, words }) => {
    const client = await session.client();
    const query = { from: timeOf(words.text('from')), to: timeOf(words.text('to')), prices: words.text('prices') };
    const path = `/v1/projects/${encodeURIComponent(words.argument('project') ?? '')}/bill`;
    const { json } = await client.ask({ method: 'GET', path, query });
    const lines = listAt(json, 'lines');
    const field = (line: unknown, name: string): string => visible(textAt(line, name) ?? '');
    const table = (): string =>
      session.table(
        [
          ...[{ title: 'OBJECT' }, { title: 'METER' }, { title: 'UNIT HOURS', right: true }, { title: 'PRICES' }],
          ...[
            { title: 'PRICE', right: true },
            { title: 'AMOUNT', right: true },
          ],
        ],
        lines.map((line) => [
          field(line, 'object'),
          field(line, 'meter'),
          ((numberAt(line, 'milliUnitHours') ?? 0) / 1_000).toFixed(3),
          field(line, 'priceList'),
          credits(numberAt(line, 'priceMicroCredits')),
          credits(numberAt(line, 'amountMicroCredits')),
        ]),
      );
    const running = numberAt(json, 'runningMicroCredits') ?? 0;
    session.show({
      json,
      table: () =>
        [
          `${field(json, 'project')} from ${field(json, 'from')} to ${field(json, 'to')}`,
          '',
          lines.length === 0 ? 'Nothing was used.' : table(),
          '',
          `Total   ${credits(numberAt(json, 'totalMicroCredits'))} credits` +
            (running === 0 ? '' : `, of which ${credits(running)} are of the hour that is running`),
        ].join('\n'),
      names: () => [...new Set(lines.map((line) => field(line, 'object')))],
    });
    return exitCodes.done;
  },
};
