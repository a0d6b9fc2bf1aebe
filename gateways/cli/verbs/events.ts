import { exitCodes } from '#gateways/cli/exit-code';
import { eventLine } from '#gateways/cli/decided';
import { listAt, numberAt, textAt } from '#gateways/cli/json';
import { outcomesFrom } from '#gateways/cli/outcomes';
import type { Call, Verb } from '#gateways/cli/verb';

/** What happened, to everything: the accepted part of the log, an event a line. */
export const events = (nouns: readonly string[]): Verb => ({
  words: ['events'],
  summary: 'Show what happened, to everything, an event a line.',
  arguments: [],
  flags: [
    { name: 'follow', short: 'f', summary: 'Go on with new events, until interrupted.' },
    { name: 'from', metavar: '<position>', summary: 'From this position on; with --follow from now on unless given.' },
    { name: 'limit', metavar: '<count>', summary: 'Look at so many entries of the log at most; 100 unless given.' },
    {
      name: 'noun',
      metavar: '<noun>',
      summary: 'Only what happened to things of this kind.',
      values: nouns,
      repeatable: true,
    },
  ],
  examples: [
    { title: 'All that happens to keys.', line: 'ultracloud events --follow --noun key' },
    { title: 'For a script.', line: 'ultracloud events --from 1 -o json' },
  ],
  run: async (call) => {
    const { session, words } = call;
    const from = words.integer('from');
    if (words.on('follow')) {
      for await (const outcome of outcomesFrom(call, from)) printEvents(call, outcome);
      return exitCodes.done;
    }
    const client = await session.client();
    const query = { from, limit: words.integer('limit') };
    const { json } = await client.ask({ method: 'GET', path: '/v1/log', query });
    let printed = 0;
    for (const outcome of listAt(json, 'items')) printed += printEvents(call, outcome);
    if (printed === 0) session.note('No event here. `ultracloud log list` shows refused commands too.');
    const next = numberAt(json, 'next');
    if (next !== undefined) session.note(`There is more: --from ${next} goes on.`);
    return exitCodes.done;
  },
});

/** JSON is a line each, since a stream has no end to close a list at. */
const printEvents = ({ session, words }: Call, outcome: unknown): number => {
  const wanted = words.all('noun');
  const position = numberAt(outcome, 'position') ?? 0;
  const time = textAt(outcome, 'time') ?? '';
  const principal = textAt(outcome, 'principal') ?? '';
  const found = listAt(outcome, 'events').filter((event) => {
    const noun = (textAt(event, 'kind') ?? '').split('.')[0] ?? '';
    return wanted.length === 0 || wanted.includes(noun);
  });
  const { format } = session;
  for (const event of found) {
    if (format === 'json' || format === 'yaml') {
      session.line(JSON.stringify({ position, time, principal, ...(event as object) }));
    } else if (format === 'name') {
      session.line(`${position} ${textAt(event, 'kind') ?? ''}`);
    } else {
      session.line(`${String(position).padStart(8)}  ${session.style.dim(time)}  ${eventLine(event)}`);
    }
  }
  return found.length;
};
