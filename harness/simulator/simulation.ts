import { createHash } from 'node:crypto';
import { everything } from '#log/authority';
import type { Component } from '#log/component';
import type { Store } from '#log/lmdb-rows';
import type { Log } from '#log/log';
import type { Rows } from '#log/rows';
import { vocabularyOf } from '#log/vocabulary';
import { createTopic, openFakeLog, type LogFaults, type Topic } from '#harness/log/fake-log';
import { brokenInvariant, rowsText, statesOf } from '#harness/simulator/invariants';
import { emptyDisk, memoryStore, type SimulatedDisk } from '#harness/simulator/memory-store';
import { randomOf, type Random } from '#harness/simulator/random';
import { simulatedClients } from '#harness/simulator/simulated-clients';
import { simulatedFollower } from '#harness/simulator/simulated-follower';
import { startSimulatedNode, type SimulatedNode } from '#harness/simulator/simulated-node';
import { virtualTimers, type VirtualTimers } from '#harness/simulator/virtual-timers';
import { openWitness } from '#harness/simulator/witness';

export interface Simulated {
  readonly steps: number;
  readonly positions: number;
  /** Of the rows at the end but for outcomes, which hold names that nodes draw for themselves. */
  readonly digest: string;
  readonly accepted: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly crashes: number;
  readonly broken?: { readonly step: number; readonly invariant: string };
}

/** Places for planted faults. */
export interface Plants {
  /** What else a crash of a node does to the log; nothing unless given. */
  readonly crashed?: (topic: Topic, random: Random) => void;
  readonly store?: (store: Store, random: Random) => Store;
}

const FAULTS: LogFaults = { lostAcknowledgement: 0.03, lostAppend: 0.03, duplicate: 0.05, split: 0.2, delay: 0.3 };
const NAMES = ['one', 'two', 'three'];

/** Checked in full every so many steps: each check reads every row. */
const CHECK_EVERY = 25;
/** Far more than a cluster without new commands takes to come to rest. */
const MOST_ROUNDS = 2_000;

interface Replica {
  readonly name: string;
  readonly disk: SimulatedDisk;
  skewMs: number;
  node: SimulatedNode | undefined;
}

/**
 * A cluster in one process: the server's own apply loop on three replicas, a log that loses appends and answers,
 * delivers twice, in parts and late, nodes that crash and start again on what their disk holds, clocks that differ,
 * clients that send again what was not answered, and a watch that goes on elsewhere when it is cut. At every position
 * all replicas must show the same outcome and hash, nothing is carried out twice, nothing acknowledged is lost, the
 * watch is told of each change once, and what is kept beside the states follows from them. Time, faults and schedule
 * come from the seed.
 */
export const simulate = async (
  components: readonly Component[],
  seed: number,
  steps: number,
  plants: Plants = {},
): Promise<Simulated> => {
  const timers = virtualTimers();
  try {
    return await run(components, randomOf(seed), steps, plants, timers);
  } finally {
    timers.restore();
  }
};

const run = async (
  components: readonly Component[],
  random: Random,
  steps: number,
  plants: Plants,
  timers: VirtualTimers,
): Promise<Simulated> => {
  const vocabulary = vocabularyOf(components);
  const topic = createTopic();
  const witness = openWitness();
  const remembered: { position: number; states: string }[] = [];
  const paused: (() => void)[] = [];
  const replicas = NAMES.map((name): Replica => ({ name, disk: emptyDisk(), skewMs: 0, node: undefined }));
  let nowMs = 1_700_000_000_000;
  let crashes = 0;
  let broken: string | undefined;
  const note = (invariant: string | undefined): void => {
    broken ??= invariant;
  };

  const clients = simulatedClients(vocabulary, random, ({ name, engine }, outcome) => {
    if (engine.head.position < outcome.position) note(`replica ${name} answered before it showed ${outcome.position}`);
    note(witness.told(outcome));
  });
  const pause = (): Promise<void> => new Promise((resolve) => paused.push(resolve));
  const follower = simulatedFollower(random, pause, note);
  const resume = (chance: number): void => {
    for (const go of paused.splice(0)) {
      if (random.chance(chance)) go();
      else paused.push(go);
    }
  };

  const start = (replica: Replica): void => {
    const process = { alive: true };
    const store = memoryStore(replica.disk, pause, () => process.alive);
    const log = openFakeLog({ topic, seed: random.under(2 ** 31), faults: FAULTS, now: () => nowMs, pause });
    const { name } = replica;
    const node = startSimulatedNode(name, {
      vocabulary,
      log: inPieces(log, random),
      store: plants.store?.(store, random) ?? store,
      authority: everything,
      now: () => nowMs + replica.skewMs,
      failed: (error) => note(`replica ${name} stopped: ${error.message}`),
      applied: ({ head }, batch) => {
        for (const outcome of batch) note(witness.shown(name, outcome));
        note(witness.hashed(name, head.position, head.hash));
      },
    });
    replica.node = {
      ...node,
      get ready() {
        return node.ready;
      },
      crash: () => {
        process.alive = false;
        node.crash();
      },
    };
  };

  const crash = (replica: Replica): void => {
    const { node } = replica;
    if (node === undefined) return;
    crashes++;
    node.crash();
    clients.cut(node);
    follower.cut(node);
    replica.node = undefined;
    plants.crashed?.(topic, random);
  };

  const ready = (): readonly SimulatedNode[] => replicas.flatMap(({ node }) => (node?.ready === true ? [node] : []));

  const check = ({ name, engine }: SimulatedNode): string | undefined => {
    const { rows, head } = engine;
    const invariant = brokenInvariant(rows, vocabulary);
    if (invariant !== undefined) return invariant;
    const compacted = compactedUpTo(rows);
    for (const past of remembered) {
      if (past.position > head.position || past.position <= compacted) continue;
      if (statesOf(rows, vocabulary, past.position) !== past.states) {
        return `position ${past.position} reads differently from position ${head.position} of replica ${name}`;
      }
    }
    remembered.push({ position: head.position, states: statesOf(rows, vocabulary) });
    if (remembered.length > 8) remembered.splice(random.under(8), 1);
    return undefined;
  };

  const step = async (number: number): Promise<void> => {
    nowMs += random.pick([0, 1, 50, 1_000, 30_000]);
    const nodes = ready();
    if (nodes.length > 0 && random.chance(0.8)) clients.act(random.pick(nodes), number);
    if (nodes.length > 0 && random.chance(0.3)) follower.follow(random.pick(nodes));
    if (random.chance(0.2)) timers.fire();
    resume(0.5);
    const replica = random.pick(replicas);
    if (replica.node === undefined) start(replica);
    else if (random.chance(0.05)) crash(replica);
    if (random.chance(0.02)) replica.skewMs = random.pick([-2_000, 0, 60_000]);
    await settled();
    const [one] = ready();
    if (number % CHECK_EVERY === 0 && one !== undefined) note(check(one));
  };

  /** No more commands and crashes: everybody must come to the same end. */
  const rest = async (): Promise<void> => {
    for (let round = 0; round < MOST_ROUNDS && broken === undefined; round++) {
      for (const replica of replicas) if (replica.node === undefined) start(replica);
      resume(1);
      timers.fire();
      await settled();
      const nodes = ready();
      const end = topic.keptBase + topic.entries.length;
      const caughtUp = nodes.filter(({ engine }) => engine.head.position === end);
      const isQuiet = clients.waiting === 0 && paused.length === 0 && follower.reached(end);
      if (isQuiet && caughtUp.length === replicas.length) return;
      if (nodes[0] === undefined) continue;
      clients.insist(nodes[0]);
      follower.follow(nodes[0]);
    }
    note('the cluster does not come to rest');
  };

  let number = 0;
  while (number < steps && broken === undefined) await step(++number);
  await rest();
  for (const { name, engine } of ready()) {
    if (broken !== undefined) break;
    note(witness.complete(name, (position) => engine.outcome(position)));
    note(witness.hashed(name, engine.head.position, engine.head.hash));
    note(brokenInvariant(engine.rows, vocabulary));
    note(follower.complete(engine));
  }
  const [one] = ready();
  const digest = createHash('sha256').update(one === undefined ? '' : rowsText(one.engine.rows, ['outcome']));
  for (const { node } of replicas) node?.crash();
  return {
    steps,
    positions: topic.keptBase + topic.entries.length,
    digest: digest.digest('hex'),
    ...witness.counted,
    crashes,
    ...(broken === undefined ? {} : { broken: { step: number, invariant: broken } }),
  };
};

/** Everything that can go on without time or another step has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Groups have no meaning, so a reader gets them cut anywhere. */
const inPieces = (log: Log, random: Random): Log => ({
  ...log,
  read: async function* (from, signal) {
    for await (const { entries, durable } of log.read(from, signal)) {
      for (let at = 0; at < entries.length;) {
        const count = 1 + random.under(entries.length - at);
        yield { entries: entries.slice(at, at + count), durable };
        at += count;
      }
    }
  },
});

const compactedUpTo = (rows: Rows): number => {
  let most = 0;
  for (const [, value] of rows.range('state', { from: 'history\0', to: 'history\x01' })) {
    most = Math.max(most, (value as { readonly state: { readonly position: number } }).state.position);
  }
  return most;
};
