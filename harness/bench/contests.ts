import { interleave, keySpace, targetOf, type Arena } from '#harness/bench/arena';
import type { Bench } from '#harness/bench/bench';
import { million } from '#harness/bench/million';
import { rowOf, type Contest, type Measured, type Row } from '#harness/bench/row';
import { cpuMs, anonymousMiB, residentMiB, type Server } from '#harness/bench/server-process';
import { stalled } from '#harness/bench/stalled';
import { grpcCalls, httpPuts, throughput } from '#harness/bench/throughput';
import { benchValidation } from '#harness/bench/validation';

const against = (name: string, unit: string, target: number, better: Contest['better'] = 'more'): Contest => ({
  name,
  unit,
  better,
  target,
  hasPeer: true,
});

const alone = (name: string, unit: string, target: number, better: Contest['better'] = 'more'): Contest => ({
  name,
  unit,
  better,
  target,
  hasPeer: false,
});

const single = ({
  contest,
  measure,
}: {
  readonly contest: Contest;
  readonly measure: (arena: Arena) => Promise<readonly Row[]>;
}): Bench => ({ contests: [contest], measure });

const WATCHES = { streams: 1_000, connections: 20, ahead: 8 } as const;

const watches: Bench = single({
  contest: against('watch-1000', 'events/s', 1.5),
  measure: async (arena) => {
    const pair = await arena.loaded();
    const run = async (server: Server): Promise<Measured> => {
      const before = cpuMs(server.pid);
      const load = { ...targetOf(server), ...WATCHES, address: server.grpc, seconds: arena.seconds };
      const { eventsPerSecond, failed } = await arena.worker.run('watch', load);
      if (failed > 0) throw new Error(`${failed} streams failed`);
      const cpuUsPerEvent = ((cpuMs(server.pid) - before) * 1_000) / (eventsPerSecond * arena.seconds);
      return { value: eventsPerSecond, detail: { cpuUsPerEvent } };
    };
    const { ours, peer } = pair;
    const [contest] = watches.contests as [Contest];
    const results = await interleave(
      arena,
      contest.name,
      () => run(ours),
      peer === undefined ? undefined : () => run(peer),
    );
    return [rowOf(contest, results.ours, results.peer)];
  },
});

const engineRow = (contest: Contest, run: (arena: Arena) => Promise<number>, warmUps = 0): Bench => ({
  contests: [contest],
  measure: async (arena) => {
    const measure = async (): Promise<Measured> => ({ value: await run(arena) });
    const { ours } = await interleave(arena, contest.name, measure, undefined, warmUps);
    return [rowOf(contest, ours, [])];
  },
});

const decided = engineRow(alone('decided', 'commands/s', 10_000), ({ worker, directory, seconds }) =>
  worker.run('decided', { directory, inFlight: 64, keys: keySpace, seconds }),
);

const redecided = engineRow(alone('redecide', 'entries/s', 40_000), ({ worker, directory, quick }) =>
  worker.run('redecided', { directory, entries: quick ? 100_000 : 400_000 }),
);

const scanned = engineRow(alone('view-rebuild', 's', 60, 'less'), ({ worker, directory, quick }) =>
  worker.run('scanned', { directory, keys: quick ? 100_000 : 1_000_000 }),
);

const LATENCY_LOAD = { clients: 64, rate: 5_000 } as const;

/** What the issue of identity asks for: so many bindings and roles. */
const granted = { bindings: 10_000, roles: 1_000 };

const evaluation: Bench = {
  contests: [alone('iam-evaluation', 'us', 20, 'less')],
  measure: async (arena) => {
    const { worker, directory, seconds } = arena;
    const [contest] = evaluation.contests as [Contest];
    const measure = async (): Promise<Measured> => {
      const { warmUs, firstUs } = await worker.run('judged', { directory, ...granted, seconds });
      return { value: warmUs, detail: { firstUs } };
    };
    const { ours } = await interleave(arena, contest.name, measure, undefined);
    return [rowOf(contest, ours, [])];
  },
};

const tokens: Bench = {
  contests: [alone('token-check', 'us', 100, 'less')],
  measure: async (arena) => {
    const { worker, directory } = arena;
    const [contest] = tokens.contests as [Contest];
    const measure = async (): Promise<Measured> => {
      const { firstUs, againUs } = await worker.run('checked', { directory, tokens: 2_000 });
      return { value: againUs, detail: { firstUs } };
    };
    const { ours } = await interleave(arena, contest.name, measure, undefined);
    return [rowOf(contest, ours, [])];
  },
};

const authorisation = engineRow(alone('iam-cost', 'percent', 15, 'less'), ({ worker, directory, seconds }) =>
  worker.run('authorised', { directory, ...granted, inFlight: 64, seconds: seconds * 2 }),
);

const MACHINES_PER_HOST = 20;

/** What the issue of virtual machines asks for: 5,000 hosts, 100,000 machines, and no more than with few. */
const fleetSizes = [50, 5_000] as const;

const placement: Bench = {
  contests: fleetSizes.map((hosts) => alone(`placement-${hosts}`, 'us', 1_000, 'less')),
  measure: async (arena) => {
    const { worker, directory, seconds } = arena;
    const rows: Row[] = [];
    for (const [at, contest] of placement.contests.entries()) {
      const run = { directory, hosts: fleetSizes[at] ?? 0, machinesPerHost: MACHINES_PER_HOST, seconds };
      const measure = async (): Promise<Measured> => ({ value: await worker.run('placements', run) });
      const { ours } = await interleave(arena, contest.name, measure, undefined);
      rows.push(rowOf(contest, ours, []));
    }
    return rows;
  },
};

const latency = engineRow(
  alone('put-p99', 'ms', 50, 'less'),
  async ({ worker, loaded, seconds }) => {
    const { ours } = await loaded();
    const load = {
      ...targetOf(ours),
      ...LATENCY_LOAD,
      address: ours.grpc,
      call: 'put',
      keys: keySpace,
      seconds,
    } as const;
    const { p99Ms, failed } = await worker.run('grpc', load);
    if (failed > 0) throw new Error(`${failed} calls failed`);
    return p99Ms;
  },
  1,
);

const SOAK = { minutes: 10, rate: 2_000, clients: 64, sampleMs: 5_000 } as const;

const soak: Bench = {
  contests: [alone('soak', 'MiB/min', 1, 'less')],
  onAsking: true,
  measure: async (arena) => {
    const [contest] = soak.contests as [Contest];
    const { ours } = await arena.loaded();
    const minutes = arena.quick ? 1 : SOAK.minutes;
    // What the process holds for itself: pages of the state's file that it has read or written are the kernel's cache,
    // and grow with the history that is kept.
    const samples: { readonly minute: number; readonly heldMiB: number }[] = [];
    const startedAt = performance.now();
    const sampling = setInterval(() => {
      samples.push({ minute: (performance.now() - startedAt) / 60_000, heldMiB: anonymousMiB(ours.pid) });
    }, SOAK.sampleMs);
    try {
      const { clients, rate } = SOAK;
      const load = { ...targetOf(ours), address: ours.grpc, call: 'put', clients, keys: keySpace, rate } as const;
      const { failed, p99Ms } = await arena.worker.run('grpc', { ...load, seconds: minutes * 60 });
      if (failed > 0) throw new Error(`${failed} calls failed`);
      // The first fifth fills caches and heap.
      const settled = samples.slice(Math.floor(samples.length / 5));
      const firstMiB = settled[0]?.heldMiB ?? NaN;
      const lastMiB = settled.at(-1)?.heldMiB ?? NaN;
      const detail = { minutes, firstMiB, lastMiB, residentMiB: residentMiB(ours.pid), p99Ms };
      return [rowOf(contest, [{ value: slope(settled), detail }], [])];
    } finally {
      clearInterval(sampling);
    }
  },
};

/** Least squares, in MiB a minute. */
const slope = (samples: readonly { readonly minute: number; readonly heldMiB: number }[]): number => {
  const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
  const minute = mean(samples.map((sample) => sample.minute));
  const held = mean(samples.map((sample) => sample.heldMiB));
  const shared = samples.reduce((sum, each) => sum + (each.minute - minute) * (each.heldMiB - held), 0);
  return shared / samples.reduce((sum, each) => sum + (each.minute - minute) ** 2, 0);
};

const validation: Bench = {
  contests: [alone('validation', 'us', 2, 'less')],
  measure: async ({ runs }) => {
    const [contest] = validation.contests as [Contest];
    return (await benchValidation(runs)).map((row) =>
      rowOf(
        contest,
        row.runs.map((value) => ({ value })),
        [],
        row.name,
      ),
    );
  },
};

export const benches: readonly Bench[] = [
  single(throughput(against('put-1', 'puts/s', 0.8), grpcCalls('put', 1))),
  single(throughput(against('put-64', 'puts/s', 1), grpcCalls('put', 64))),
  single(throughput(against('put-256', 'puts/s', 1), grpcCalls('put', 256))),
  single(throughput(against('range-64', 'ranges/s', 1), grpcCalls('range', 64))),
  watches,
  single(throughput(against('http-put-64', 'puts/s', 1.8), httpPuts('ultracloud', 64), httpPuts('etcd', 64))),
  single(throughput(against('http-put-64-grpc', 'puts/s', 1), httpPuts('ultracloud', 64), grpcCalls('put', 64))),
  latency,
  stalled,
  soak,
  million,
  decided,
  redecided,
  scanned,
  validation,
  evaluation,
  tokens,
  authorisation,
  placement,
];
