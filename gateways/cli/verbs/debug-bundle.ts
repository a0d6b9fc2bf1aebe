import { writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem, uptime } from 'node:os';
import { gzipSync } from 'node:zlib';
import { exitCodes } from '#gateways/cli/exit-code';
import { Failure } from '#gateways/cli/failure';
import { isObject, listAt } from '#gateways/cli/json';
import { type TarFile, tarOf } from '#gateways/cli/tar';
import type { Session } from '#gateways/cli/session';
import type { Verb } from '#gateways/cli/verb';
import { examine } from '#gateways/cli/verbs/doctor';

/** So many of the last outcomes. */
const OUTCOMES = 500;

export const debugBundle: Verb = {
  words: ['debug', 'bundle'],
  summary: 'Collect what a maintainer needs into one file: status, checks, figures, the last outcomes.',
  about:
    'Values, documents, replies, tokens and credentials are left out; names of keys are not. Look before you send it.',
  arguments: [
    { name: 'file', summary: 'The archive (.tar.gz) to write; one with the time unless given.', required: false },
  ],
  flags: [
    { name: 'outcomes', metavar: '<count>', summary: `How many of the last outcomes; ${OUTCOMES} unless given.` },
  ],
  examples: [{ title: 'Collect it.', line: 'ultracloud debug bundle' }],
  run: async ({ session, words }) => {
    const now = new Date();
    const file = words.argument('file') ?? `ultracloud-debug-${now.toISOString().replace(/[:.]/g, '-')}.tar.gz`;
    const parts: Record<string, unknown> = {
      'machine.json': machine(),
      'versions.json': { client: session.version, ...process.versions },
      'doctor.json': (await examine(session)).found,
      ...(await fromServer(session, words.integer('outcomes') ?? OUTCOMES)),
    };
    const files = Object.entries(parts).map(([name, content]): TarFile => {
      const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
      return { name: `ultracloud-debug/${name}`, content: Buffer.from(text) };
    });
    writeFileSync(file, gzipSync(tarOf(files, now.getTime())), { mode: 0o600 });
    const json = { file, contents: files.map(({ name }) => name) };
    session.show({
      json,
      table: () => [file, ...json.contents.map((name) => `  ${name}`)].join('\n'),
      names: () => [file],
    });
    return exitCodes.done;
  },
};

const machine = () => ({
  platform: platform(),
  release: release(),
  arch: arch(),
  cpus: cpus().map(({ model }) => model),
  memoryBytes: totalmem(),
  load: loadavg(),
  uptimeSeconds: uptime(),
});

/** A part that cannot be had says why, so that the others are still collected. */
const fromServer = async (session: Session, outcomes: number): Promise<Readonly<Record<string, unknown>>> => {
  const part = async (work: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Failure) return { failed: error.report };
      throw error;
    }
  };
  const ask = async (path: string) => (await session.client()).ask({ method: 'GET', path });
  return {
    'target.json': await part(async () => {
      const { endpoint, from, token } = await session.target();
      return { endpoint: endpoint.origin, from, token: token === undefined ? 'none' : 'set' };
    }),
    'status.json': await part(async () => (await ask('/v1/status')).json),
    'ready.json': await part(async () => {
      const { status, json } = await (await session.client()).send({ method: 'GET', path: '/readyz' });
      return { status, json };
    }),
    'metrics.txt': await part(async () => (await ask('/metrics')).text),
    'outcomes.json': await part(async () => {
      const { position = 0 } = await ask('/v1/status');
      const from = Math.max(1, position - outcomes + 1);
      const { json } = await ask(`/v1/log?from=${from}&limit=${Math.max(1, outcomes)}`);
      return listAt(json, 'items').map(withoutValues);
    }),
    'backups.json': await part(async () => (await ask('/v1/backups')).json),
  };
};

/** What an entry came to, without what anybody stored: of events only what happened to what. */
const withoutValues = (outcome: unknown): unknown => {
  if (!isObject(outcome)) return undefined;
  const kept = [
    'position',
    'time',
    'command',
    'key',
    'keyBase64',
    'id',
    'source',
    'outcome',
    'code',
    'category',
    'original',
  ];
  return {
    ...Object.fromEntries(kept.filter((name) => Object.hasOwn(outcome, name)).map((name) => [name, outcome[name]])),
    events: listAt(outcome, 'events').map((event) => {
      if (!isObject(event)) return undefined;
      const { body, ...rest } = event;
      return { ...rest, bodyBytes: body === undefined ? 0 : Buffer.byteLength(JSON.stringify(body)) };
    }),
  };
};
