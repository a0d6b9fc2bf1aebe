import type { Answer, Played } from '#harness/etcd/player';
import type { Step } from '#harness/etcd/trace';

/** One place where a server answered otherwise. Answers are an error, `ok`, or in full when both are `ok`. */
export interface Difference {
  readonly step: unknown;
  readonly etcd: unknown;
  readonly ours: unknown;
}

/** Where two playings of one trace differ. */
export const differ = (trace: readonly Step[], etcd: Played, ours: Played): readonly Difference[] => [
  ...trace.flatMap((step, index) => {
    const [theirs, own] = [etcd.answers[index] ?? {}, ours.answers[index] ?? {}];
    if (equal(theirs, own)) return [];
    if (theirs.error === undefined && own.error === undefined) return [{ step, etcd: theirs.value, ours: own.value }];
    return [{ step, etcd: shortly(theirs), ours: shortly(own) }];
  }),
  ...etcd.watched.flatMap((theirs, index) => {
    const own = ours.watched[index];
    return equal(theirs, own) ? [] : [{ step: 'watch', etcd: theirs, ours: own }];
  }),
];

const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const shortly = ({ error }: Answer): string => error ?? 'ok';
