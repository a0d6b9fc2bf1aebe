import { randomBytes } from 'node:crypto';
import type { Client } from '#gateways/cli/client';
import { pathText } from '#gateways/cli/claim';
import { exitCodes } from '#gateways/cli/exit-code';
import { usage } from '#gateways/cli/failure';
import { bytesOfWord } from '#gateways/cli/words';
import type { Verb } from '#gateways/cli/verb';

const works = ['put', 'get', 'mixed'] as const;

export const bench: Verb = {
  words: ['bench'],
  summary: 'Load a node through HTTP and measure it. It writes keys below bench/ and deletes them after.',
  about: 'The figures include this program, which shares the machine. `npm run bench` compares with etcd.',
  arguments: [
    {
      name: 'work',
      summary: 'put (unless given), get, or mixed: one put to nine gets.',
      required: false,
      values: works,
    },
  ],
  flags: [
    { name: 'clients', short: 'c', metavar: '<count>', summary: 'Requests in flight; 64 unless given.' },
    { name: 'duration', metavar: '<time>', summary: 'How long; 5s unless given.' },
    { name: 'value-bytes', metavar: '<bytes>', summary: 'The size of a value; 256 unless given.' },
    { name: 'keys', metavar: '<count>', summary: 'How many keys; 1000 unless given.' },
  ],
  examples: [{ title: 'How many durable writes a second?', line: 'ultracloud bench put --clients 64 --duration 10s' }],
  run: async ({ session, words }) => {
    const work = words.argument('work') ?? 'put';
    if (!works.some((known) => known === work)) throw usage(`WORK: expected ${works.join(', ')}, got ${work}.`);
    const clients = atLeastOne('clients', words.integer('clients') ?? 64);
    const keys = atLeastOne('keys', words.integer('keys') ?? 1000);
    const durationMs = words.duration('duration') ?? 5_000;
    const value = randomBytes(Math.ceil(bytesOfWord('--value-bytes', words.text('value-bytes') ?? '256') / 2)).toString(
      'hex',
    );
    const client = await session.client({ connections: clients });
    const prefix = `bench/${randomBytes(4).toString('hex')}`;
    const stop = session.terminal.interrupted();
    const progress = session.progress(`${work} with ${clients} clients`);
    try {
      if (work !== 'put') await inTurn(clients, keys, (i) => put(client, `${prefix}/${i}`, value));
      const figures = await measure(clients, durationMs, stop, (i) =>
        work === 'put' || (work === 'mixed' && i % 10 === 0)
          ? put(client, `${prefix}/${i % keys}`, value)
          : get(client, `${prefix}/${i % keys}`),
      );
      const json = { work, clients, valueBytes: value.length, ...figures };
      session.show({ json, table: () => session.fields(json) });
    } finally {
      progress.update('deleting the keys');
      const body = { key: `${prefix}/`, rangeEnd: `${prefix}0` };
      await client.ask({ method: 'POST', path: '/v1/keys-delete-range', body });
      progress.done();
    }
    return exitCodes.done;
  },
};

const atLeastOne = (flag: string, given: number): number => {
  if (given >= 1) return given;
  throw usage(`--${flag}: expected at least 1.`);
};

const put = (client: Client, key: string, value: string): Promise<unknown> =>
  client.ask({ method: 'POST', path: `/v1/keys/${pathText(key)}/put`, body: { value } });

const get = (client: Client, key: string): Promise<unknown> =>
  client.ask({ method: 'GET', path: `/v1/keys/${pathText(key)}` });

const inTurn = async (workers: number, count: number, work: (i: number) => Promise<unknown>): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: workers }, worker));
};

const measure = async (
  workers: number,
  durationMs: number,
  stop: AbortSignal,
  work: (i: number) => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> => {
  const times: number[] = [];
  const started = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - started < durationMs && !stop.aborted) {
      const sent = performance.now();
      await work(next++);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const share = (part: number): number =>
    rounded(times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? 0);
  return {
    requests: times.length,
    seconds: rounded(seconds),
    perSecond: Math.round(times.length / seconds),
    p50Ms: share(0.5),
    p99Ms: share(0.99),
    maxMs: rounded(times.at(-1) ?? 0),
  };
};

const rounded = (figure: number): number => Math.round(figure * 100) / 100;
