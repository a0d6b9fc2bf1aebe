import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { keyOf, rangeRequest } from '#harness/bench/etcd-message';
import { callOf, headerBlocks, onStream, openConnection, type Address } from '#harness/bench/http2-client';
import { startProgram, startServer, type StartedProgram } from '#harness/server-process';

/** One server under measurement, a process of its own on a directory of its own. */
export interface Server {
  readonly grpc: Address;
  readonly http: Address;
  readonly token?: string;
  readonly pid: number;
  /** From the process's start to the answer of the first linearizable read. */
  readonly readableAfterMs: number;
  /** SIGKILL: nothing is finished or written any more. */
  readonly kill: () => Promise<void>;
}

export type StartServer = (directory: string) => Promise<Server>;

const HOST = '127.0.0.1';
const START_LIMIT_MS = 180_000;

export const etcdInstalled = (): boolean => spawnSync('etcd', ['--version']).status === 0;

export const startEtcd: StartServer = async (directory) => {
  const [client, peer] = [await freePort(), await freePort()];
  const clientUrl = `http://${HOST}:${client}`;
  const peerUrl = `http://${HOST}:${peer}`;
  const address = { host: HOST, port: client };
  const args = [
    ...['--name', 'bench', '--data-dir', directory, '--log-level', 'error'],
    ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', `bench=${peerUrl}`],
    // The default of 2 GiB would end the run early.
    ...['--quota-backend-bytes', String(8 * 2 ** 30)],
  ];
  return readable(
    started(() => startProgram(['etcd', ...args], `${directory}.log`)),
    () => ({ grpc: address, http: address }),
  );
};

/** `program` is the CLI's bundle. */
export const startUltraCloud =
  (program: string): StartServer =>
  async (directory) => {
    const [http, grpc] = [await freePort(), await freePort()];
    const flags = ['--http', `${HOST}:${http}`, '--etcd', `${HOST}:${grpc}`];
    return readable(
      started(() => startServer({ program, data: directory, log: `${directory}.log`, flags })),
      () => ({
        grpc: { host: HOST, port: grpc },
        http: { host: HOST, port: http },
        token: readFileSync(join(directory, 'admin.token'), 'utf8').trim(),
      }),
    );
  };

const running = new Set<StartedProgram>();
let isOver = false;

// Whatever ends this process must not leave servers behind.
process.once('exit', () => running.forEach((program) => program.signal('SIGKILL')));

const started = (start: () => StartedProgram): StartedProgram => {
  if (isOver) throw new Error('no more servers are started');
  const program = start();
  running.add(program);
  void program.ended.then(() => running.delete(program));
  return program;
};

/** Kills every server, those that are starting too, and lets no other start. */
export const endServers = async (): Promise<void> => {
  isOver = true;
  await Promise.all([...running].map((program) => program.kill()));
};

const readable = async (
  program: StartedProgram,
  where: () => Pick<Server, 'grpc' | 'http' | 'token'>,
): Promise<Server> => {
  const startedAt = performance.now();
  const { pid } = program;
  const kill = (): Promise<void> => program.kill();
  while (performance.now() - startedAt < START_LIMIT_MS) {
    if (!running.has(program)) throw new Error(`the server ended while it started:\n${program.output()}`);
    try {
      const found = where();
      await firstRead(found.grpc, found.token);
      return { ...found, pid, readableAfterMs: performance.now() - startedAt, kill };
    } catch {
      await pause(2);
    }
  }
  await kill();
  throw new Error(`no read was answered within ${START_LIMIT_MS / 1000} s:\n${program.output()}`);
};

const firstRead = (address: Address, token: string | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    let served = false;
    let close: () => void = () => undefined;
    const answers = {
      data: () => {
        served = true;
      },
      end: () => {
        close();
        if (served) resolve();
        else reject(new Error('the read was refused'));
      },
      lost: (reason: string) => reject(new Error(reason)),
    };
    openConnection(address, answers).then((connection) => {
      close = connection.close;
      const { first } = headerBlocks('/etcdserverpb.KV/Range', token);
      connection.write(onStream(callOf(first, rangeRequest(keyOf(0))), 1));
    }, reject);
  });

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
};

const statusOf = (pid: number, field: string): number => {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? NaN) / 1024;
};

/** In MiB; file pages that are mapped count, as the kernel reports them. */
export const residentMiB = (pid: number): number => statusOf(pid, 'VmRSS');

/** Of that, what is not the page cache's and so cannot be taken back by the kernel. */
export const anonymousMiB = (pid: number): number => statusOf(pid, 'RssAnon');

/** User and system time so far, in ticks of 10 ms as Linux counts them. */
export const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
};
