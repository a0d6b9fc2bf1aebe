/**
 * The tables that the log decides. Keys are byte strings (one char per byte), so that string order is byte order.
 * Every row is a function of the entries up to a position: two replicas at one position hold the same bytes.
 */
export const tables = [
  'state', // noun 0x00 id                      → the object now
  'version', // noun 0x00 escaped id position     → the object as it was until this position
  'index', // name 0x00 escaped key id          → nothing; kept from the aggregates' `indexes`
  'count', // name 0x00 key                     → rows of `index` under that key, or what a sum comes to
  'timer', // due time, noun 0x00 id             → nothing
  'request', // scope 0x00 request id             → position of its outcome, digest of the request
  'requestAge', // time, request key                 → nothing; lets the window be cut from the left
  'outcome', // position                          → encoded outcome
  'refusal', // noun 0x00 escaped id position     → nothing; refusals of commands on an object
] as const;

export type Table = (typeof tables)[number];

export interface KeyRange {
  /** First key, included. */
  readonly from: string;
  /** End, excluded. */
  readonly to: string;
  readonly reverse?: boolean;
}

/** Ordered rows of all tables as of one position. */
export interface Rows {
  get(table: Table, key: string): unknown;
  range(table: Table, range: KeyRange): Iterable<readonly [key: string, value: unknown]>;
}

/** Above every key that starts with fewer than sixteen 0xff bytes; ids are bounded, so above all of ours. */
export const END = '\xff'.repeat(16);
