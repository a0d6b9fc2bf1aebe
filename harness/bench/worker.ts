import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  decided,
  redecided,
  scanned,
  type DecidedRun,
  type RedecidedRun,
  type ScannedRun,
} from '#harness/bench/engine-run';
import { fill, type Fill } from '#harness/bench/fill';
import { runGrpcLoad, type GrpcLoad } from '#harness/bench/grpc-load';
import { runHttpLoad, type HttpLoad } from '#harness/bench/http-load';
import {
  authorised,
  checked,
  judged,
  type AuthorisedRun,
  type Checked,
  type CheckedRun,
  type Judged,
  type JudgedRun,
} from '#harness/bench/identity-run';
import { placements, type PlacementRun } from '#harness/bench/placement-run';
import type { LoadResult } from '#harness/bench/load-result';
import { runWatchLoad, type WatchLoad, type WatchResult } from '#harness/bench/watch-load';

/** What a worker can be asked for; each takes its options and gives its result, both as JSON. */
interface Jobs {
  readonly grpc: (load: GrpcLoad) => Promise<LoadResult>;
  readonly http: (load: HttpLoad) => Promise<LoadResult>;
  readonly watch: (load: WatchLoad) => Promise<WatchResult>;
  readonly fill: (options: Fill) => Promise<number>;
  readonly decided: (run: DecidedRun) => Promise<number>;
  readonly redecided: (run: RedecidedRun) => Promise<number>;
  readonly scanned: (run: ScannedRun) => Promise<number>;
  readonly judged: (run: JudgedRun) => Promise<Judged>;
  readonly authorised: (run: AuthorisedRun) => Promise<number>;
  readonly checked: (run: CheckedRun) => Promise<Checked>;
  readonly placements: (run: PlacementRun) => Promise<number>;
}

const jobs: Jobs = {
  grpc: runGrpcLoad,
  http: runHttpLoad,
  watch: runWatchLoad,
  fill,
  decided,
  redecided,
  scanned,
  judged,
  authorised,
  checked,
  placements,
};

type JobName = keyof Jobs;
type Result = { readonly result: unknown } | { readonly error: string };

export const WORKER_FLAG = '--worker';

/** Load comes from a process of its own, so that it neither waits for the servers' owner nor slows it. */
export interface Worker {
  readonly run: <J extends JobName>(job: J, options: Parameters<Jobs[J]>[0]) => Promise<Awaited<ReturnType<Jobs[J]>>>;
  readonly stop: () => Promise<void>;
}

export const startWorker = (program: string): Worker => {
  const child = fork(program, [WORKER_FLAG], { serialization: 'json' });
  const exited = once(child, 'exit').then(() => ({ error: 'the load generator ended' }));
  return {
    run: async (job, options) => {
      const answered = once(child, 'message').then(([message]) => message as Result);
      child.send({ job, options });
      const answer = await Promise.race([answered, exited]);
      if ('error' in answer) throw new Error(answer.error);
      return answer.result as never;
    },
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};

/** The other end: answers one job after another until its parent goes. */
export const work = (): void => {
  process.on('message', ({ job, options }: { readonly job: JobName; readonly options: never }) => {
    jobs[job](options).then(
      (result) => {
        process.send?.({ result } satisfies Result);
      },
      (error: unknown) => {
        process.send?.({ error: error instanceof Error ? error.message : String(error) } satisfies Result);
      },
    );
  });
  process.on('disconnect', () => process.exit());
};
