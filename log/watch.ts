import type { Happened } from '#aggregates/decision';
import type { Outcome } from '#log/outcome';

/** Ids of one noun that a watch follows; `to` absent: no end. One single id: `to` is `from` + 0x00. */
export interface WatchedRange {
  readonly noun: string;
  readonly from: string;
  readonly to?: string;
}

/** All watched changes of one position, together. */
export interface Frame {
  readonly position: number;
  readonly nowMs: number;
  readonly events: readonly Happened[];
}

export interface WatchSink {
  /**
   * Called in order of position, after the change is durable and visible. The frame is shared by all watches: it is
   * not to be changed. Returns false when the reader is too slow: the watch ends without another call.
   */
  frame(frame: Frame): boolean;
  /** Everything up to this position has been sent; called when a watch has caught up and from time to time after. */
  bookmark(position: number): void;
  /** The watch ended by itself; `lastPosition` was sent whole. */
  closed(lastPosition: number): void;
}

export interface Watch {
  /** Everything up to this position has been handed to the sink. */
  readonly position: number;
  close(): void;
}

/** What a hub reads of the engine. */
export interface WatchSource {
  readonly head: { readonly position: number };
  outcomes(from: number, limit: number): readonly Outcome[];
  onApplied(listener: (batch: readonly Outcome[]) => void): () => void;
}
