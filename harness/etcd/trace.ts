import type { Random } from '#harness/simulator/random';

/**
 * Which revision a step means, as a number of changes: 1 is the revision of the first change that the trace made, and a
 * number beyond the last one a revision in the future. Two servers number their revisions differently, and a trace
 * means the same on both.
 */
export type Ordinal = number;

export interface PutStep {
  readonly key: string;
  readonly value: string;
  readonly lease: number;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}

export interface RangeStep {
  readonly key: string;
  readonly rangeEnd: string;
  readonly limit: number;
  readonly revision: Ordinal;
  readonly sortOrder: number;
  readonly sortTarget: number;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  readonly minMod: Ordinal;
  readonly maxMod: Ordinal;
  readonly minCreate: Ordinal;
  readonly maxCreate: Ordinal;
}

export interface DeleteStep {
  readonly key: string;
  readonly rangeEnd: string;
  readonly prevKv: boolean;
}

export interface CompareStep {
  readonly key: string;
  readonly rangeEnd: string;
  readonly target: 'Version' | 'Create' | 'Mod' | 'Value' | 'Lease';
  readonly result: 'Equal' | 'Greater' | 'Less' | 'NotEqual';
  readonly number: number;
  readonly value: string;
}

export type Operation =
  | { readonly put: PutStep }
  | { readonly range: RangeStep }
  | { readonly delete: DeleteStep }
  | { readonly nested: true };

export interface WatchStep {
  readonly key: string;
  readonly rangeEnd: string;
  /** 0: from now on. */
  readonly start: Ordinal;
  readonly prevKv: boolean;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  readonly watchId: number;
}

export type Step =
  | { readonly kind: 'put'; readonly put: PutStep }
  | { readonly kind: 'range'; readonly range: RangeStep }
  | { readonly kind: 'delete'; readonly delete: DeleteStep }
  | {
      readonly kind: 'txn';
      readonly compare: readonly CompareStep[];
      readonly success: readonly Operation[];
      readonly failure: readonly Operation[];
    }
  | { readonly kind: 'compact'; readonly revision: Ordinal }
  | { readonly kind: 'grant'; readonly id: number; readonly ttl: number }
  | { readonly kind: 'revoke' | 'timeToLive' | 'keepAlive'; readonly id: number }
  | { readonly kind: 'leases' | 'progress' }
  /** Waits until a lease has ended and taken this key with it. */
  | { readonly kind: 'gone'; readonly key: string }
  | { readonly kind: 'watch'; readonly watch: WatchStep }
  | { readonly kind: 'cancel'; readonly watchId: number };

/** Few, so that steps meet; with bytes that text does not have. Latin-1 for bytes. */
export const traceKeys = ['a', 'a/1', 'a/2', 'a\0', 'b', 'b/\xff', '\xff\xfe'] as const;

const rangeEnds = ['', '', 'a0', 'b', 'c', '\0', '\xff', 'a'] as const;
const leases = [0, 0, 0, 101, 102, 103, 104] as const;
const values = ['', 'v1', 'v2', 'v3', '\0\xff'] as const;

/**
 * Draws steps that mostly succeed, and each mistake that etcd names now and then. What is known to be answered in
 * another way is left out, since all that followed would differ too; `probes.ts` has it.
 */
export const drawTrace = (random: Random, steps: number): readonly Step[] => {
  const trace: Step[] = [];
  for (let made = 0; made < steps; made++) trace.push(drawStep(random, made));
  return trace;
};

const drawStep = (random: Random, made: number): Step => {
  const dice = random.under(100);
  if (dice < 30) return { kind: 'put', put: drawPut(random) };
  if (dice < 50) return { kind: 'range', range: drawRange(random, made) };
  if (dice < 60) return { kind: 'delete', delete: drawDelete(random) };
  if (dice < 80) return drawTxn(random, made);
  if (dice < 81) return { kind: 'compact', revision: random.under(made + 2) };
  if (dice < 87) return { kind: 'grant', id: drawLease(random), ttl: drawTtl(random) };
  if (dice < 89) return { kind: 'revoke', id: drawLease(random) };
  if (dice < 91) return { kind: 'timeToLive', id: drawLease(random) };
  if (dice < 92) return { kind: 'keepAlive', id: drawLease(random) };
  if (dice < 93) return { kind: 'leases' };
  if (dice < 98) return { kind: 'watch', watch: drawWatch(random, made) };
  if (dice < 99) return { kind: 'progress' };
  return { kind: 'cancel', watchId: 50 + random.under(4) };
};

const drawLease = (random: Random): number => 101 + random.under(4);

/** Too far apart for the order in which leases end to depend on how fast a trace is played, and never within it. */
const drawTtl = (random: Random): number => (random.chance(0.1) ? 10_000_000_000 : 600 * (1 + random.under(5)));

const drawKey = (random: Random): string => (random.chance(0.02) ? '' : random.pick(traceKeys));

const drawPut = (random: Random): PutStep => {
  const ignoreValue = random.chance(0.08);
  const ignoreLease = random.chance(0.08);
  return {
    key: drawKey(random),
    value: ignoreValue && random.chance(0.8) ? '' : random.pick(values),
    lease: ignoreLease && random.chance(0.8) ? 0 : random.pick(leases),
    prevKv: random.chance(0.3),
    ignoreValue,
    ignoreLease,
  };
};

/** One in ten is no revision that there is: negative, which means the present one, or in the future. */
const drawOrdinal = (random: Random, made: number): Ordinal => (random.chance(0.7) ? 0 : random.under(made + 3) - 1);

const drawRange = (random: Random, made: number): RangeStep => {
  // The order of equal ones is not defined, so neither is where a limit cuts them.
  const sortTarget = random.chance(0.3) ? 1 + random.under(4) : 0;
  const bound = (): Ordinal => (random.chance(0.1) ? random.under(made + 2) : 0);
  return {
    key: drawKey(random),
    rangeEnd: random.pick(rangeEnds),
    limit: sortTarget === 0 && random.chance(0.3) ? random.under(5) - 1 : 0,
    revision: drawOrdinal(random, made),
    sortOrder: random.under(3),
    sortTarget,
    keysOnly: sortTarget === 0 && random.chance(0.2),
    countOnly: random.chance(0.1),
    minMod: bound(),
    maxMod: bound(),
    minCreate: bound(),
    maxCreate: bound(),
  };
};

const drawDelete = (random: Random): DeleteStep => ({
  key: drawKey(random),
  rangeEnd: random.pick(rangeEnds),
  prevKv: random.chance(0.4),
});

const drawTxn = (random: Random, made: number): Step => {
  const few = <T>(most: number, draw: () => T): readonly T[] => Array.from({ length: random.under(most + 1) }, draw);
  const operation = (): Operation => {
    const dice = random.under(100);
    if (dice < 45) return { put: drawPut(random) };
    if (dice < 75) return { range: { ...drawRange(random, made), revision: 0 } };
    const one = drawDelete(random);
    return { delete: one.rangeEnd === '\0' ? { ...one, rangeEnd: 'b' } : one };
  };
  return {
    kind: 'txn',
    compare: few(2, () => drawCompare(random, made)),
    success: few(3, operation),
    failure: few(3, operation),
  };
};

const drawCompare = (random: Random, made: number): CompareStep => {
  const target = random.pick(['Version', 'Create', 'Mod', 'Value', 'Lease'] as const);
  const number = target === 'Lease' ? random.pick(leases) : random.under(target === 'Version' ? 4 : made + 2);
  return {
    key: drawKey(random),
    rangeEnd: random.chance(0.3) ? random.pick(rangeEnds) : '',
    target,
    result: random.pick(['Equal', 'Greater', 'Less', 'NotEqual'] as const),
    number,
    value: random.pick(values),
  };
};

const drawWatch = (random: Random, made: number): WatchStep => ({
  key: random.chance(0.05) ? '' : random.pick(traceKeys),
  rangeEnd: random.pick(rangeEnds),
  start: random.chance(0.5) ? 0 : random.under(made + 2),
  prevKv: random.chance(0.4),
  noPut: random.chance(0.2),
  noDelete: random.chance(0.2),
  watchId: random.chance(0.3) ? 50 + random.under(4) : 0,
});
