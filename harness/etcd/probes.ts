import type { CompareStep, DeleteStep, Operation, PutStep, RangeStep, Step, WatchStep } from '#harness/etcd/trace';

/**
 * Short traces of one rule each. Those that are answered in another way than etcd does are in `differences.json`, by
 * name.
 */
const longKey = 'k'.repeat(1_100);

const put = (key: string, over: Partial<PutStep> = {}): PutStep => ({
  key,
  value: 'v',
  lease: 0,
  prevKv: false,
  ignoreValue: false,
  ignoreLease: false,
  ...over,
});

const puts = (...keys: readonly string[]): readonly Step[] => keys.map((key) => ({ kind: 'put', put: put(key) }));

const range = (over: Partial<RangeStep>): RangeStep => ({
  key: 'a',
  rangeEnd: '',
  limit: 0,
  revision: 0,
  sortOrder: 0,
  sortTarget: 0,
  keysOnly: false,
  countOnly: false,
  minMod: 0,
  maxMod: 0,
  minCreate: 0,
  maxCreate: 0,
  ...over,
});

const remove = (key: string, rangeEnd: string): DeleteStep => ({ key, rangeEnd, prevKv: false });

const compare = (key: string): CompareStep => ({
  key,
  rangeEnd: '',
  target: 'Version',
  result: 'Equal',
  number: 0,
  value: '',
});

const txn = (success: readonly Operation[], failure: readonly Operation[] = [], ...compares: CompareStep[]): Step => ({
  kind: 'txn',
  compare: compares,
  success,
  failure,
});

const watch = (key: string, over: Partial<WatchStep> = {}): Step => ({
  kind: 'watch',
  watch: {
    key,
    rangeEnd: '',
    start: 0,
    prevKv: false,
    noPut: false,
    noDelete: false,
    watchId: 0,
    ...over,
  },
});

const many = (count: number): readonly Operation[] =>
  Array.from({ length: count }, (_, index) => ({ put: put(`many/${index}`) }));

const future = 1_000;

export const probes: Readonly<Record<string, readonly Step[]>> = {
  'a key of more than 1,024 bytes': [{ kind: 'put', put: put(longKey) }],
  'a comparison of a key of more than 1,024 bytes': [txn([{ put: put('a') }], [], compare(longKey))],
  'the deletion of a range that starts behind 1,024 bytes': [{ kind: 'delete', delete: remove(longKey, 'z') }],
  'a transaction inside a transaction': [txn([{ nested: true }])],
  'a put under a deletion of every key from one on': [txn([{ put: put('b') }, { delete: remove('a', '\0') }])],
  'a revision that there is not, in the branch that is taken and in the other': [
    ...puts('a', 'a', 'a'),
    { kind: 'compact', revision: 3 },
    ...[future, 1].flatMap((revision) => {
      const read = { range: range({ revision }) };
      return [
        txn([{ put: put('b') }], [read]),
        txn([{ put: put('b') }], [read], compare('a')),
        txn([{ put: put('b') }], [{ put: put('a') }, read], compare('a')),
        txn([read], [{ put: put('b') }], compare('a')),
        txn([read], [{ put: put('b') }]),
        txn([{ range: range({}) }], [read]),
        txn([{ range: range({}) }], [read], compare('a')),
        txn([read], [{ put: put('b') }, { range: range({ revision: future }) }], compare('a')),
        txn([read], [{ put: put('b') }, { range: range({ revision: future }) }]),
      ];
    }),
    { kind: 'range', range: range({ rangeEnd: 'c' }) },
  ],
  'a lease with a negative number': [{ kind: 'grant', id: -5, ttl: 600 }],
  'a value of more than 1.5 MiB': [{ kind: 'put', put: put('a', { value: 'v'.repeat(1_600_000) }) }],
  'a value of nearly 1.5 MiB': [{ kind: 'put', put: put('a', { value: 'v'.repeat(1_572_000) }) }],
  'a request of more than 1.5 MiB': [
    { kind: 'put', put: put('a', { value: 'v'.repeat(1_600_000) }) },
    txn([{ put: put('a', { value: 'v'.repeat(800_000) }) }, { put: put('b', { value: 'v'.repeat(800_000) }) }]),
  ],
  'a transaction of 128 operations, and of 129': [
    txn(many(128)),
    txn(many(129)),
    txn([], many(129)),
    txn([], [], ...many(129).map((_, index) => compare(`many/${index}`))),
  ],
  'a key that is put twice in a transaction': [
    txn([{ put: put('a') }, { put: put('a') }]),
    txn([], [{ put: put('a') }, { put: put('a') }]),
    txn([{ put: put('a') }, { delete: remove('a', '') }]),
    txn([{ delete: remove('a', '') }, { put: put('a') }]),
    txn([{ put: put('b') }, { delete: remove('a', 'c') }]),
    txn([{ delete: remove('a', '') }, { delete: remove('a', '') }]),
    ...puts('a'),
    txn([{ delete: remove('a', '') }, { delete: remove('a', 'c') }]),
  ],
  'no key at all': [
    { kind: 'put', put: put('') },
    { kind: 'range', range: range({ key: '' }) },
    { kind: 'range', range: range({ key: '', rangeEnd: '\0' }) },
    { kind: 'delete', delete: remove('', '') },
    txn([{ put: put('') }]),
    txn([{ range: range({ key: '' }) }]),
    txn([], [{ delete: remove('', '') }]),
    txn([], [], compare('')),
  ],
  'revisions in the future and in the past': [
    ...puts('a', 'a', 'b', 'a'),
    { kind: 'range', range: range({ revision: future }) },
    { kind: 'range', range: range({ revision: 1 }) },
    txn([{ put: put('b') }, { range: range({ revision: 2, rangeEnd: 'c' }) }]),
    txn([{ put: put('b') }, { range: range({ revision: future }) }]),
    { kind: 'compact', revision: future },
    { kind: 'compact', revision: 2 },
    { kind: 'compact', revision: 2 },
    { kind: 'compact', revision: 1 },
    { kind: 'compact', revision: 0 },
    { kind: 'compact', revision: -1 },
    { kind: 'range', range: range({ revision: 1 }) },
    { kind: 'range', range: range({ revision: 2, rangeEnd: 'c' }) },
    txn([{ range: range({ revision: 1 }) }]),
    txn([{ put: put('b') }, { range: range({ revision: 1 }) }]),
    watch('a', { start: 1 }),
    watch('a', { start: 2 }),
    { kind: 'progress' },
  ],
  'leases that there are not': [
    { kind: 'put', put: put('a', { lease: 7 }) },
    txn([{ put: put('a', { lease: 7 }) }]),
    { kind: 'revoke', id: 7 },
    { kind: 'timeToLive', id: 7 },
    { kind: 'keepAlive', id: 7 },
    { kind: 'grant', id: 7, ttl: 600 },
    { kind: 'grant', id: 7, ttl: 600 },
    { kind: 'grant', id: 8, ttl: 9_000_000_001 },
    { kind: 'grant', id: 9, ttl: 0 },
    { kind: 'grant', id: 10, ttl: -1 },
    { kind: 'leases' },
  ],
  'leases are listed in the order in which they end': [
    { kind: 'grant', id: 1, ttl: 3_000 },
    { kind: 'grant', id: 2, ttl: 1_000 },
    { kind: 'grant', id: 3, ttl: 2_000 },
    { kind: 'grant', id: 10, ttl: 2_000 },
    { kind: 'leases' },
    { kind: 'keepAlive', id: 3 },
    { kind: 'leases' },
    { kind: 'revoke', id: 2 },
    { kind: 'leases' },
  ],
  'a lease that ends': [
    { kind: 'grant', id: 7, ttl: 1 },
    watch('a', { rangeEnd: 'c', prevKv: true }),
    { kind: 'put', put: put('a', { lease: 7 }) },
    { kind: 'put', put: put('b', { lease: 7 }) },
    { kind: 'timeToLive', id: 7 },
    { kind: 'gone', key: 'a' },
    { kind: 'range', range: range({ rangeEnd: 'c' }) },
    { kind: 'timeToLive', id: 7 },
    { kind: 'put', put: put('a', { lease: 7 }) },
    { kind: 'leases' },
  ],
  'watches that are filtered, started in the past and in the future': [
    ...puts('a', 'b', 'a'),
    { kind: 'delete', delete: remove('a', '') },
    watch('a', { rangeEnd: 'c', start: 1, prevKv: true }),
    watch('a', { start: 1, noPut: true }),
    watch('a', { start: 2, noDelete: true, prevKv: true }),
    watch('a', { start: 1, noPut: true, noDelete: true }),
    watch('a', { start: future }),
    watch('', { rangeEnd: '\0' }),
    watch('b', { rangeEnd: 'a' }),
    watch('a', { watchId: 60 }),
    watch('a', { watchId: 60 }),
    { kind: 'cancel', watchId: 60 },
    watch('b', { watchId: 60 }),
    { kind: 'progress' },
  ],
  'a watch under the number of one that compaction ended': [
    ...puts('a', 'a', 'a'),
    { kind: 'compact', revision: 3 },
    watch('a', { start: 1, watchId: 60 }),
    { kind: 'progress' },
    watch('a', { watchId: 60 }),
  ],
};
