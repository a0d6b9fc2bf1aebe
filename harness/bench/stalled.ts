import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { interleave, keySpace, targetOf, type Arena } from '#harness/bench/arena';
import type { Bench } from '#harness/bench/bench';
import { rowOf, type Contest, type Measured } from '#harness/bench/row';
import { cpuMs, type Server } from '#harness/bench/server-process';

/** The rate is one that a node takes easily, so that a wait in the apply loop shows and not the queue before it. */
const STALLED = { watches: 100, clients: 16, rate: 1_000 } as const;

/** Than other loads: the slowest of a hundred puts is a matter of few. */
const LONGER = 3;

const contest: Contest = {
  name: 'stalled-watches',
  unit: 'p99 with/without',
  better: 'less',
  target: 1.1,
  hasPeer: false,
};

/**
 * How much longer the slowest puts take while a hundred watches of every key are open that nobody reads: loads with
 * and without them take turns, in changing order.
 */
export const stalled: Bench = {
  contests: [contest],
  measure: async (arena) => {
    const { ours } = await arena.loaded();
    let round = 0;
    const run = async (): Promise<Measured> => {
      const first = round++ % 2 === 0;
      const one = await load(arena, ours, first);
      const two = await load(arena, ours, !first);
      const [withThem, without] = first ? [one, two] : [two, one];
      const detail = {
        withMs: withThem.p99Ms,
        withoutMs: without.p99Ms,
        withCpuUs: withThem.cpuUsPerCall,
        withoutCpuUs: without.cpuUsPerCall,
      };
      return { value: withThem.p99Ms / without.p99Ms, detail };
    };
    const results = await interleave(arena, contest.name, run, undefined);
    return [rowOf(contest, results.ours, [])];
  },
};

interface Loaded {
  readonly p99Ms: number;
  readonly cpuUsPerCall: number;
}

const load = async ({ worker, seconds }: Arena, server: Server, watched: boolean): Promise<Loaded> => {
  const readers = watched ? await openStalled(server) : [];
  try {
    const { clients, rate } = STALLED;
    const before = cpuMs(server.pid);
    const puts = { ...targetOf(server), address: server.grpc, call: 'put', clients, rate, keys: keySpace } as const;
    const { p99Ms, failed } = await worker.run('grpc', { ...puts, seconds: seconds * LONGER });
    if (failed > 0) throw new Error(`${failed} calls failed`);
    return { p99Ms, cpuUsPerCall: ((cpuMs(server.pid) - before) * 1_000) / (rate * seconds * LONGER) };
  } finally {
    for (const reader of readers) reader.destroy();
  }
};

const openStalled = async (server: Server): Promise<readonly Socket[]> => {
  const { http, token } = server;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const newest = await fetch(`http://${http.host}:${http.port}/v1/keys?limit=1`, { headers });
  await newest.arrayBuffer();
  const position = newest.headers.get('x-ultracloud-position') ?? '0';
  return Promise.all(Array.from({ length: STALLED.watches }, () => stalledWatch(server, position)));
};

/** A watch of every key, whose answer has begun and is not read any further. */
const stalledWatch = async ({ http, token }: Server, position: string): Promise<Socket> => {
  const socket = connect(http);
  const authorization = token === undefined ? '' : `authorization: Bearer ${token}\r\n`;
  // The node ends what is not read for long.
  socket.on('error', () => undefined);
  socket.write(`GET /v1/keys?watch=${position} HTTP/1.1\r\nhost: bench\r\n${authorization}\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString('latin1').startsWith('HTTP/1.1 200')) throw new Error(`no watch: ${answer.toString('latin1')}`);
  socket.pause();
  return socket;
};
