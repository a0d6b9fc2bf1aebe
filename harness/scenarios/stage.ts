import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cliOf, type Ran } from '#harness/quickstart/cli';
import {
  builtProgram,
  startServer,
  type Ended,
  type ServerProcess,
  type StartingServer,
} from '#harness/server-process';

/** What a scenario plays on: a directory of its own, and servers on it that do not outlive it. */
export interface Stage {
  readonly directory: string;
  /** The data directory, unless a server is given another. */
  readonly data: string;
  /** A server that may or may not come to answer. */
  begin(options?: ServerOptions): StartingServer;
  /** A server that answers. */
  start(options?: ServerOptions): Promise<ServerProcess>;
  /** A server that is to end by itself: how it ended, and what it said meanwhile. */
  refused(options?: ServerOptions): Promise<Ended & { readonly said: string }>;
  cli(...words: readonly string[]): Promise<Ran>;
  token(): string;
  /** Runs at the end, the last first, whatever becomes of the scenario. */
  after(work: () => void): void;
}

export interface ServerOptions {
  readonly data?: string;
  readonly flags?: readonly string[];
  readonly through?: readonly string[];
}

export interface Reply {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

const program = builtProgram(join(__dirname, '..', '..'));

/** Servers that run now: a test that takes too long is left in the middle, and must not leave them behind. */
const running = new Set<StartingServer>();
afterAll(async () => {
  for (const server of running) await server.kill();
});

/** Plays a scenario and clears the stage. */
export const onStage = async (play: (stage: Stage) => Promise<void>): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), 'ultracloud-scenario-'));
  const data = join(directory, 'data');
  const own = new Set<StartingServer>();
  const work: (() => void)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const stage: Stage = {
    directory,
    data,
    begin: (options = {}) => {
      const server = startServer({ program, data, log: join(directory, `server-${own.size}.log`), ...options });
      own.add(server);
      running.add(server);
      void server.ended.then(() => running.delete(server));
      return server;
    },
    start: (options) => stage.begin(options).ready(),
    refused: async (options) => {
      const server = stage.begin(options);
      const ended = await server.ended;
      return { ...ended, said: server.output() };
    },
    cli: (...words) => cliOf(program, data).run(words),
    token: () => readFileSync(join(data, 'admin.token'), 'utf8').trim(),
    after: (last) => void work.push(last),
  };
  try {
    await play(stage);
  } catch (error) {
    const said = [...own].map((server, number) => `server ${number} said:\n${server.output()}`);
    throw Object.assign(error as Error, { message: [(error as Error).message, ...said].join('\n') });
  } finally {
    for (const server of own) await server.kill();
    for (const last of work.reverse()) last();
  }
};

/** One request; throws when no answer comes. */
export const call = async (
  server: ServerProcess,
  token: string,
  request: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    readonly body?: unknown;
    readonly key?: string;
  },
): Promise<Reply> => {
  const { method, path, body, key } = request;
  const response = await fetch(`${server.endpoints.http}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Reply['json'] };
};
