import { interleave, keySpace, targetOf, type Arena } from '#harness/bench/arena';
import type { LoadResult } from '#harness/bench/load-result';
import { rowOf, type Contest, type Measured, type Row } from '#harness/bench/row';
import { cpuMs, type Server } from '#harness/bench/server-process';

type Load = (arena: Arena, server: Server, seconds: number) => Promise<LoadResult>;

export const grpcCalls =
  (call: 'put' | 'range', clients: number): Load =>
  ({ worker }, server, seconds) =>
    worker.run('grpc', { ...targetOf(server), address: server.grpc, call, clients, keys: keySpace, seconds });

export const httpPuts =
  (api: 'ultracloud' | 'etcd', clients: number): Load =>
  ({ worker }, server, seconds) =>
    worker.run('http', { ...targetOf(server), address: server.http, api, clients, keys: keySpace, seconds });

/** Calls a second, each side under its own load. */
export const throughput = (contest: Contest, ours: Load, peer: Load = ours) => ({
  contest,
  measure: async (arena: Arena): Promise<readonly Row[]> => {
    const pair = await arena.loaded();
    const run = async (load: Load, server: Server): Promise<Measured> => {
      const before = cpuMs(server.pid);
      const { callsPerSecond, p50Ms, p99Ms, failed } = await load(arena, server, arena.seconds);
      if (failed > 0) throw new Error(`${failed} calls failed`);
      const cpuUsPerCall = ((cpuMs(server.pid) - before) * 1_000) / (callsPerSecond * arena.seconds);
      return { value: callsPerSecond, detail: { p50Ms, p99Ms, cpuUsPerCall } };
    };
    const { peer: other } = pair;
    const results = await interleave(
      arena,
      contest.name,
      () => run(ours, pair.ours),
      other === undefined ? undefined : () => run(peer, other),
    );
    return [rowOf(contest, results.ours, results.peer)];
  },
});
