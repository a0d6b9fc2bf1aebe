import type { CompareStep, DeleteStep, Operation, PutStep, RangeStep, Step } from '#harness/etcd/trace';

/** Short traces, each of which shows one answer that differs from etcd's, named as in `differences.json`. */
const longKey = 'k'.repeat(1_100);

const put = (key: string): PutStep => ({
  key,
  value: 'v',
  lease: 0,
  prevKv: false,
  ignoreValue: false,
  ignoreLease: false,
});

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

export const probes: Readonly<Record<string, readonly Step[]>> = {
  'a key of more than 1,024 bytes': [{ kind: 'put', put: put(longKey) }],
  'a comparison of a key of more than 1,024 bytes': [txn([{ put: put('a') }], [], compare(longKey))],
  'the deletion of a range that starts behind 1,024 bytes': [{ kind: 'delete', delete: remove(longKey, 'z') }],
  'a transaction inside a transaction': [txn([{ nested: true }])],
  'a put under a deletion of every key from one on': [txn([{ put: put('b') }, { delete: remove('a', '\0') }])],
  'a future revision in the branch that is not taken': [
    txn([{ put: put('a') }], [{ range: range({ revision: 1_000 }) }]),
  ],
  'a lease with a negative number': [{ kind: 'grant', id: -5, ttl: 600 }],
};
