import type { Engine } from '#log/engine';
import type { Watch, WatchedRange, WatchSink } from '#log/watch';

/** Whoever shows a credential, as the log will name it. */
export interface Principal {
  readonly name: string;
  readonly credential: string;
}

/** The leases' clock: renewals are kept in memory by the holder of the liveness role and never enter the log. */
export interface Liveness {
  /** Starts the lease's time again; undefined when there is no such lease. */
  renew(lease: string): { readonly ttlSeconds: number } | undefined;
  /** Seconds until the lease ends unless it is renewed; undefined when there is no such lease. */
  remainingSeconds(lease: string): number | undefined;
}

/** One running control-plane node, as its gateways see it. */
export interface Node {
  readonly engine: Engine;
  readonly liveness: Liveness;
  readonly clusterId: string;
  readonly directory: string;
  readonly version: string;
  readonly startedMs: number;
  /** The principal of a token; undefined when it is not valid. */
  authenticate(token: string): Principal | undefined;
  /** Follows changes after `from` (excluded); bookmarks about every five seconds when nothing comes. */
  watch(ranges: readonly WatchedRange[], from: number, sink: WatchSink): Watch;
  /** The oldest position at which objects of this noun can be read or watched from. */
  oldestPosition(noun: string): number;
}
