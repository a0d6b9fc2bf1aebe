import { targetOf, type Arena, type Side } from '#harness/bench/arena';
import type { Bench } from '#harness/bench/bench';
import { rowOf, type Contest, type Measured } from '#harness/bench/row';
import { anonymousMiB, residentMiB, type Server } from '#harness/bench/server-process';
import { setTimeout as pause } from 'node:timers/promises';

const restart: Contest = { name: 'restart-1m', unit: 'ms', better: 'less', target: 20, hasPeer: true };
const loaded: Contest = { name: 'memory-1m', unit: 'MiB', better: 'less', target: 1, hasPeer: true };
const restarted: Contest = { ...loaded, name: 'memory-1m-restarted' };

/** For what is written or collected in the background after a load. */
const SETTLE_MS = 5_000;

const memoryOf = ({ pid }: Server): Measured => ({
  value: residentMiB(pid),
  detail: { anonymousMiB: anonymousMiB(pid) },
});

interface Found {
  readonly restarts: Measured[];
  readonly loaded: Measured[];
  readonly restarted: Measured[];
}

/** One million keys on both sides: killed and started again, and the memory before and after. */
export const million: Bench = {
  contests: [restart, loaded, restarted],
  measure: async (arena, wanted) => {
    const found = new Map<Side, Found>();
    for (const side of arena.sides) found.set(side, { restarts: [], loaded: [], restarted: [] });
    const rounds = wanted(loaded.name) ? arena.runs : 1;
    for (let round = 1; round < rounds; round++) {
      for (const side of arena.sides) await (await fillNew(arena, side, found.get(side) as Found)).server.kill();
    }
    const last: { readonly side: Side; readonly directory: string }[] = [];
    for (const side of arena.sides) {
      const { server, directory } = await fillNew(arena, side, found.get(side) as Found);
      await server.kill();
      last.push({ side, directory });
    }
    for (let run = 0; run < arena.runs; run++) {
      for (const { side, directory } of last) await startAgain(arena, side, directory, found.get(side) as Found);
    }
    const [ours, peer] = arena.sides.map((side) => found.get(side) as Found) as [Found, Found?];
    return [
      rowOf(restart, ours.restarts, peer?.restarts ?? []),
      rowOf(loaded, ours.loaded, peer?.loaded ?? []),
      rowOf(restarted, ours.restarted, peer?.restarted ?? []),
    ].filter(({ name }) => wanted(name));
  },
};

const fillNew = async (arena: Arena, side: Side, found: Found): Promise<{ server: Server; directory: string }> => {
  const directory = arena.newDirectory(`million-${side.name}`);
  const server = await side.start(directory);
  const keys = arena.quick ? 200_000 : 1_000_000;
  const seconds = await arena.worker.run('fill', { ...targetOf(server), address: server.grpc, keys });
  await pause(SETTLE_MS);
  const memory = memoryOf(server);
  found.loaded.push(memory);
  arena.say(
    `${loaded.name} ${side.name}: ${keys} keys in ${seconds.toFixed(1)} s, then ${memory.value.toFixed(0)} MiB`,
  );
  return { server, directory };
};

const startAgain = async (arena: Arena, side: Side, directory: string, found: Found): Promise<void> => {
  const server = await side.start(directory);
  found.restarts.push({ value: server.readableAfterMs });
  await pause(SETTLE_MS);
  const memory = memoryOf(server);
  found.restarted.push(memory);
  arena.say(
    `${restart.name} ${side.name}: ${server.readableAfterMs.toFixed(0)} ms, then ${memory.value.toFixed(0)} MiB`,
  );
  await server.kill();
};
