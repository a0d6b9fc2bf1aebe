import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestGateway } from '#harness/etcd/test-gateway';

/** What a process of etcdctl came to. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process of etcdctl that goes on: a watch, a held lock, a candidate. */
export interface Running {
  /** Waits until its output, or its errors, hold this text; gives the output so far. */
  until(text: string): Promise<string>;
  write(text: string): void;
  /** The last of its standard input. */
  end(text: string): void;
  /** Ends it as Ctrl-C does. */
  interrupt(): Promise<Ran>;
  kill(): Promise<Ran>;
  readonly ended: Promise<Ran>;
}

/** A `line` is split at each space. */
export interface Etcdctl {
  /** Runs to the end; `input` is its standard input. */
  run(line: string, input?: string): Promise<Ran>;
  /** The output of a call that succeeds and complains of nothing; throws otherwise. */
  out(line: string, input?: string): Promise<string>;
  json(line: string, input?: string): Promise<unknown>;
  /** The exit code and the last line of complaint of a call that fails; throws when it succeeds. */
  refused(line: string, input?: string): Promise<string>;
  start(line: string): Running;
  /** Ends what was started and is still there. */
  close(): Promise<void>;
}

/** How long a process may take to say or do what is awaited, on a machine under load. */
const patienceMs = 60_000;
const lookMs = 20;

export const etcdctlInstalled = (): boolean => spawnSync('etcdctl', ['version']).status === 0;

/** etcdctl with flags of its own before those of each call. */
export const etcdctlWith = (...flags: readonly string[]): Etcdctl => {
  const running = new Set<Running>();
  const start = (line: string): Running => {
    const one = started([...flags, ...line.split(' ')]);
    running.add(one);
    const over = (): boolean => running.delete(one);
    one.ended.then(over, over);
    return one;
  };
  const run = (line: string, input = ''): Promise<Ran> => {
    const one = start(line);
    one.end(input);
    return one.ended;
  };
  const out = async (line: string, input?: string): Promise<string> => {
    const ran = await run(line, input);
    if (ran.code !== 0 || ran.err !== '') throw new Error(`etcdctl ${line}: exit ${ran.code}: ${ran.out}${ran.err}`);
    return ran.out;
  };
  return {
    run,
    out,
    json: async (line, input) => JSON.parse(await out(`${line} -w json`, input)) as unknown,
    refused: async (line, input) => {
      const ran = await run(line, input);
      if (ran.code === 0) throw new Error(`etcdctl ${line}: succeeded: ${ran.out}`);
      return `${ran.code}: ${ran.err.trimEnd().split('\n').at(-1)}`;
    },
    start,
    close: async () => {
      await Promise.all([...running].map((one) => one.kill()));
    },
  };
};

/** As the administrator of a node. */
export const etcdctlOf = ({ token, endpoint }: TestGateway): Etcdctl =>
  etcdctlWith(`--endpoints=${endpoint}`, `--user=root:${token}`);

const started = (args: readonly string[]): Running => {
  const child = spawn('etcdctl', args, { env: { ...process.env, ETCDCTL_API: '3' } });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('latin1').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('latin1').on('data', (text: string) => (err += text));
  // It may end without having read everything.
  child.stdin.on('error', () => undefined);
  let open = true;
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      open = false;
      resolve({ code, out, err });
    });
  });
  const signalled = (signal: NodeJS.Signals): Promise<Ran> => {
    child.kill(signal);
    return ended;
  };
  return {
    until: async (text) => {
      const limit = Date.now() + patienceMs;
      while (!out.includes(text) && !err.includes(text)) {
        if (!open || Date.now() > limit) throw new Error(`etcdctl ${args.join(' ')}: no "${text}" in ${out}${err}`);
        await pause(lookMs);
      }
      return out;
    },
    write: (text) => child.stdin.write(text),
    end: (text) => child.stdin.end(text),
    interrupt: () => signalled('SIGINT'),
    kill: () => signalled('SIGKILL'),
    ended,
  };
};
