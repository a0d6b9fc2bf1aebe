import { Engine, type EngineOptions } from '#log/engine';
import type { Log } from '#log/log';
import type { Outcome } from '#log/outcome';

/** One process of a replica: from its start to its crash. */
export interface SimulatedNode {
  readonly name: string;
  readonly engine: Engine;
  /** It has caught up with the log and takes commands. */
  readonly ready: boolean;
  /** What is in memory is lost; nothing of this process reaches the world any more. */
  crash(): void;
}

export interface NodeWorld extends Omit<EngineOptions, 'onFault' | 'log'> {
  readonly log: Log;
  readonly applied: (engine: Engine, batch: readonly Outcome[]) => void;
  readonly failed: (error: Error) => void;
}

/** Starts the engine that the server runs, on a log and a disk of this world. */
export const startSimulatedNode = (name: string, world: NodeWorld): SimulatedNode => {
  const running = { alive: true, ready: false };
  const failed = (error: Error): void => {
    if (running.alive) world.failed(error);
  };
  const engine = new Engine({ ...world, onFault: failed });
  engine.onApplied((batch) => {
    if (running.alive) world.applied(engine, batch);
  });
  engine.start().then(
    () => {
      running.ready = true;
    },
    (error: unknown) => failed(error as Error), // The engine rejects with errors.
  );
  return {
    name,
    engine,
    get ready() {
      return running.alive && running.ready;
    },
    crash: () => {
      running.alive = false;
      void world.log.close();
    },
  };
};
