/** One line of the report. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** The median of the runs; undefined when nothing could be measured, which `note` explains. */
  readonly ours?: number;
  readonly peer?: number;
  /** Above 1 we are ahead, whatever the unit. */
  readonly ratio?: number;
  /** What the ratio must reach or, without a peer, what `ours` must reach. */
  readonly target: number;
  /** How many values each median is of. */
  readonly runs: number;
  readonly note?: string;
  readonly samples: { readonly ours: readonly number[]; readonly peer: readonly number[] };
  /** Figures beside the measured one, such as latencies and CPU time. */
  readonly detail: Readonly<Record<string, number>>;
}

export interface Contest {
  readonly name: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly target: number;
  /** Whether `target` is one for the ratio. */
  readonly hasPeer: boolean;
}

export interface Measured {
  readonly value: number;
  readonly detail?: Readonly<Record<string, number>>;
}

const noPeer = 'etcd is not installed here, so there is nothing to compare with: apt-get install etcd-server';

export const rowOf = (contest: Contest, ours: readonly Measured[], peer: readonly Measured[], note?: string): Row => {
  const { name, unit, better, target, hasPeer } = contest;
  const own = median(ours.map(({ value }) => value));
  const other = median(peer.map(({ value }) => value));
  const ratio = own === undefined || other === undefined ? undefined : better === 'more' ? own / other : other / own;
  const remark = note ?? (hasPeer && other === undefined ? noPeer : undefined);
  return {
    name,
    unit,
    ...(own === undefined ? {} : { ours: own }),
    ...(other === undefined ? {} : { peer: other }),
    ...(ratio === undefined ? {} : { ratio }),
    target,
    runs: ours.length,
    ...(remark === undefined ? {} : { note: remark }),
    samples: { ours: ours.map(({ value }) => value), peer: peer.map(({ value }) => value) },
    detail: { ...detailOf('ours', ours), ...detailOf('peer', peer) },
  };
};

export const failedRow = ({ name, unit, target }: Contest, error: unknown): Row => ({
  name,
  unit,
  target,
  runs: 0,
  note: error instanceof Error ? error.message : String(error),
  samples: { ours: [], peer: [] },
  detail: {},
});

const detailOf = (who: string, runs: readonly Measured[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.keys(runs[0]?.detail ?? {}).map((key) => [
      `${who}.${key}`,
      rounded(median(runs.map(({ detail }) => detail?.[key] ?? NaN)) ?? NaN),
    ]),
  );

const median = (values: readonly number[]): number | undefined => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  const lower = sorted[Math.ceil(middle) - 1];
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
};

/** Three significant digits: more would claim what such a measurement does not give. */
const rounded = (value: number): number => Number(value.toPrecision(3));

export const jsonOf = (row: Row): string =>
  JSON.stringify({
    name: row.name,
    unit: row.unit,
    ours: row.ours ?? null,
    peer: row.peer ?? null,
    ...(row.ratio === undefined ? {} : { ratio: rounded(row.ratio) }),
    target: row.target,
    runs: row.runs,
    ...(row.note === undefined ? {} : { note: row.note }),
    samples: { ours: row.samples.ours.map(rounded), peer: row.samples.peer.map(rounded) },
    detail: row.detail,
  });

const columns = [26, 12, 12, 12, 8, 9, 5] as const;

const aligned = (cells: readonly string[]): string =>
  cells
    .map((cell, at) => (at < 2 ? cell.padEnd(columns[at] ?? 0) : cell.padStart(columns[at] ?? 0)))
    .join(' ')
    .trimEnd();

export const heading = aligned(['name', 'unit', 'ours', 'etcd', 'ratio', 'target', 'runs']);

const shown = (value: number | undefined): string =>
  value === undefined ? '-' : value >= 100 ? String(Math.round(value)) : String(rounded(value));

export const textOf = (row: Row): string => {
  const ratio = row.ratio === undefined ? '-' : row.ratio.toFixed(2);
  const cells = [row.name, row.unit, shown(row.ours), shown(row.peer), ratio, String(row.target), String(row.runs)];
  return `${aligned(cells)}${row.note === undefined ? '' : `  (${row.note})`}`;
};
