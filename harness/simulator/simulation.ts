import type { Component } from '#log/component';
import { encodeEntry, type Entry } from '#log/entry';
import type { LogEntry } from '#log/log';
import type { Outcome } from '#log/outcome';
import { vocabularyOf } from '#log/vocabulary';
import { draw, type Ids } from '#harness/simulator/drawing';
import { brokenInvariant, statesOf } from '#harness/simulator/invariants';
import { randomOf, type Random } from '#harness/simulator/random';
import { replica, type Replica } from '#harness/simulator/replica';

export interface Simulated {
  readonly steps: number;
  readonly positions: number;
  readonly hash: string;
  readonly accepted: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly broken?: { readonly step: number; readonly invariant: string };
}

const ids: Ids = {
  key: ['a', 'b', 'c', 'dir/1', 'dir/2', 'dir\0x'],
  prefix: ['', 'dir/'],
  lease: ['1', '2', '3'],
  role: ['liveness'],
  level: ['cluster'],
  history: ['key'],
  namespace: ['red', 'blue'],
  doc: ['red/1', 'red/2', 'blue/1'],
};

/** Checked in full every so many steps: each check reads every row. */
const CHECK_EVERY = 25;

/**
 * A cluster on a seeded clock: clients that repeat themselves, a log that delivers twice, replicas that read in pieces
 * of any size, lose their memory and come back. After every step nothing acknowledged may be lost, replicas at one
 * position must have one hash, and what is kept beside the states must follow from them.
 */
export const simulate = (components: readonly Component[], seed: number, steps: number): Simulated => {
  const random = randomOf(seed);
  const vocabulary = vocabularyOf(components);
  const log: LogEntry[] = [];
  const hashes: string[] = [''];
  const replicas = ['one', 'two', 'three'].map((name) => replica(name, vocabulary, () => undefined));
  const counted = { accepted: 0, rejected: 0, duplicates: 0 };
  const acknowledged = new Map<string, string>();
  const remembered: { position: number; states: string }[] = [];
  const sent: Entry[] = [];
  let nowMs = 1_700_000_000_000;

  const deliver = (node: Replica): string | undefined => {
    const rest = log.slice(node.head.position);
    if (rest.length === 0) return undefined;
    const entries = rest.slice(0, 1 + random.under(rest.length));
    for (const outcome of node.apply(entries)) {
      const broken = follow(outcome, counted, acknowledged, node === replicas[0]);
      if (broken !== undefined) return broken;
    }
    const { position, hash } = node.head;
    const known = hashes[position];
    hashes[position] = hash.toString('hex');
    return known === undefined || known === hashes[position]
      ? undefined
      : `replica ${node.name} differs at ${position}`;
  };

  const step = (number: number): string | undefined => {
    nowMs += random.pick([0, 1, 50, 1_000, 30_000]);
    if (random.chance(0.7)) {
      const again = sent.length > 0 && random.chance(0.15) ? random.pick(sent) : undefined;
      const entry = again ?? drawEntry(vocabulary.commands, random, number, nowMs);
      if (again === undefined) sent.push(entry);
      const bytes = encodeEntry({ ...entry, stampedAtMs: nowMs + random.pick([-2_000, 0, 0, 60_000]) });
      for (let copies = random.chance(0.05) ? 2 : 1; copies > 0; copies--) {
        log.push({ position: log.length + 1, appendedAtMs: nowMs, bytes });
      }
    }
    const node = random.pick(replicas);
    if (random.chance(0.2)) node.flush();
    if (random.chance(0.05)) node.crash();
    return deliver(node) ?? (number % CHECK_EVERY === 0 ? check(random.pick(replicas)) : undefined);
  };

  const check = (node: Replica): string | undefined => {
    const broken = brokenInvariant(node.rows, vocabulary);
    if (broken !== undefined) return broken;
    const { position } = node.head;
    for (const past of remembered) {
      if (past.position > position || compacted(node, past.position)) continue;
      if (statesOf(node.rows, vocabulary, past.position) !== past.states) {
        return `position ${past.position} reads differently from position ${position} of replica ${node.name}`;
      }
    }
    remembered.push({ position, states: statesOf(node.rows, vocabulary) });
    if (remembered.length > 8) remembered.splice(random.under(8), 1);
    return undefined;
  };

  for (let number = 1; number <= steps; number++) {
    const invariant = step(number);
    if (invariant !== undefined) return result({ step: number, invariant });
  }
  for (const node of replicas) {
    while (node.head.position < log.length) {
      const invariant = deliver(node);
      if (invariant !== undefined) return result({ step: steps, invariant });
    }
  }
  const ends = new Set(replicas.map((node) => node.head.hash.toString('hex')));
  return result(ends.size === 1 ? undefined : { step: steps, invariant: 'replicas end with different hashes' });

  function result(broken: Simulated['broken']): Simulated {
    const hash = hashes[log.length] ?? '';
    return { steps, positions: log.length, hash, ...counted, ...(broken === undefined ? {} : { broken }) };
  }
};

/** A request that was answered once is answered alike for ever; counts what the first replica sees. */
const follow = (
  outcome: Outcome,
  counted: { accepted: number; rejected: number; duplicates: number },
  acknowledged: Map<string, string>,
  counts: boolean,
): string | undefined => {
  const { result, requestId, principal } = outcome;
  if (counts) counted[result.status === 'duplicate' ? 'duplicates' : result.status]++;
  if (requestId === undefined || result.status === 'duplicate') return undefined;
  const name = `${principal} ${requestId}`;
  const answer = JSON.stringify([outcome.position, result]);
  const before = acknowledged.get(name);
  if (before === undefined) acknowledged.set(name, answer);
  else if (before !== answer && result.status === 'accepted') return `request ${requestId} was carried out twice`;
  return undefined;
};

const compacted = (node: Replica, position: number): boolean => {
  for (const [, value] of node.rows.range('state', { from: 'history\0', to: 'history\x01' })) {
    if ((value as { state: { position: number } }).state.position >= position) return true;
  }
  return false;
};

const drawEntry = (
  commands: ReturnType<typeof vocabularyOf>['commands'],
  random: Random,
  number: number,
  nowMs: number,
): Entry => {
  const spec = random.pick([...commands.values()]);
  const id = spec.id === undefined ? '' : String(draw(spec.id, random, ids));
  return {
    kind: spec.kind,
    id,
    body: draw(spec.body, random, ids),
    principal: random.pick(['ada', 'bob']),
    credential: 'simulated',
    source: 'simulator',
    stampedAtMs: nowMs,
    submission: `s${number}`,
    ...(random.chance(0.5) ? { requestId: `r${number}` } : {}),
    ...(random.chance(0.05) ? { expectPosition: random.under(number + 1) } : {}),
  };
};
