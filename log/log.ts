/**
 * One totally ordered log of opaque entries. Positions are gap-free integers within an incarnation; a position is
 * learnt by reading and never from `append`, so that an entry is acknowledged by whoever applies it.
 * What `append` and `read` reject with is a `LogError`.
 */
export interface Log {
  /**
   * Appends the entries in this order, at least once. Resolves when they are durable; rejects when the result is
   * unknown or refused, in which case some or all of them may still be read. One call in flight.
   */
  append(entries: readonly Buffer[]): Promise<void>;
  /**
   * Entries from position `from` on, history first, then as they are appended; ends only by `signal` or `close`.
   * How entries are grouped has no meaning and differs between readers.
   */
  read(from: number, signal: AbortSignal): AsyncIterable<LogGroup>;
  /** `first` is the oldest kept position; `end` the last durable one, `first - 1` when nothing is kept. */
  bounds(): Promise<LogBounds>;
  /** Forgets entries below `before`, as many as the driver can drop at once; never one at or above it. */
  truncate(before: number): Promise<void>;
  /** Ends every reader, waits for an append in flight and releases what the log holds. May be called again. */
  close(): Promise<void>;
}

export interface LogBounds {
  readonly first: number;
  readonly end: number;
}

export interface LogGroup {
  /** Never empty. Their bytes may share memory with their neighbours: copy what is kept for long. */
  readonly entries: readonly LogEntry[];
  /**
   * Resolves when the entries are on stable storage. Until then nobody may show anything that follows from them;
   * when it rejects they must be dropped, and the process stops.
   */
  readonly durable: Promise<void>;
}

export interface LogEntry {
  readonly position: number;
  /** The log's clock, whole milliseconds since 1970. It may step back. */
  readonly appendedAtMs: number;
  readonly bytes: Buffer;
}

/** Why a log refused, stopped or could not be opened. `place` names a file or whatever holds entries. */
export type LogFault =
  | { readonly kind: 'closed' }
  /** A write or flush failed, so what is on stable storage is unknown: nothing is accepted until it is reopened. */
  | { readonly kind: 'failed' }
  /** Nothing was appended and asking again in the same way would not help. */
  | { readonly kind: 'refused' }
  /** Nothing more was appended for want of space; works again when there is some. */
  | { readonly kind: 'full' }
  /** Entries from the wanted position up to before `first` have been dropped. */
  | { readonly kind: 'truncated'; readonly first: number }
  /** The reader knows a later position than the log has: entries were lost, or this is another log. */
  | { readonly kind: 'shrank'; readonly end: number }
  | { readonly kind: 'corrupt'; readonly place: string; readonly offset: number; readonly position: number }
  | { readonly kind: 'missing'; readonly place: string; readonly position: number }
  | { readonly kind: 'newer'; readonly place: string; readonly found: number; readonly understood: number }
  | { readonly kind: 'foreign'; readonly place: string; readonly found: string; readonly expected: string }
  | { readonly kind: 'locked'; readonly place: string; readonly pid: number }
  /** The system did not let it be opened; the message has the system's words. */
  | { readonly kind: 'unopened'; readonly place: string };

/** Its message says what was found, what was expected and what to do. */
export interface LogError extends Error {
  readonly fault: LogFault;
}

export const logError = (fault: LogFault, message: string, cause?: unknown): LogError =>
  Object.assign(cause === undefined ? new Error(message) : new Error(message, { cause }), { fault });

export const isLogError = (value: unknown): value is LogError => value instanceof Error && 'fault' in value;
