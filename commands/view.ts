import type { Codec, ObjectCodec, Props } from '#commands/codec/codec';

/** One column of the CLI's table. */
export interface Column {
  readonly title: string;
  /** Dotted path into the JSON form of a row, as in `spec.cpuCount`. */
  readonly path: string;
  /** Shown with `-o wide` only. */
  readonly wide?: boolean;
}

/** The public contract of a read: `GET <route>` lists rows, `GET <route>/{id}` gives one. */
export interface ViewSpec<Row, Id = string> {
  readonly noun: string;
  readonly summary: string;
  readonly route: string;
  readonly id: Codec<Id>;
  readonly row: ObjectCodec<Row>;
  /** Query parameters of the list, beside the ones that every read takes. */
  readonly filters: Props;
  readonly permission: string;
  readonly columns: readonly Column[];
}

export type AnyViewSpec = ViewSpec<unknown, unknown>;

export const view = <Row, Id>(
  noun: string,
  about: {
    readonly summary: string;
    readonly id: Codec<Id>;
    readonly row: ObjectCodec<Row>;
    /** When it is not the noun with an s. */
    readonly plural?: string;
    readonly route?: string;
    readonly filters?: Props;
    readonly permission?: string;
    readonly columns: readonly Column[];
  },
): ViewSpec<Row, Id> => ({
  noun,
  summary: about.summary,
  route: about.route ?? `/v1/${about.plural ?? `${noun}s`}`,
  id: about.id,
  row: about.row,
  filters: about.filters ?? {},
  permission: about.permission ?? `${noun}.read`,
  columns: about.columns,
});

/**
 * The filters that a watch takes. The id of a thing in a namespace begins with the namespace and a slash. Whether an
 * object passes another filter may change without a change of it, so that cannot be watched.
 */
export const watchedFilters = ({ id, filters }: AnyViewSpec): Props => {
  const prefixed = id.shape.kind === 'bytes' || 'namespace' in filters;
  const taken = Object.entries(filters).filter(([name]) => name === 'namespace' || (name === 'prefix' && prefixed));
  return Object.fromEntries(taken);
};
