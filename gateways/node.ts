import type { Engine } from '#log/engine';
import type { Watch, WatchedRange, WatchSink } from '#log/watch';
import type { Keyring } from '#gateways/server/keyring/keyring';

/** Whoever shows a credential, as the log will name it. */
export interface Principal {
  readonly name: string;
  readonly credential: string;
}

/** The leases' clock: renewals are kept in memory by the holder of the liveness duty and never enter the log. */
export interface Liveness {
  /** Starts the lease's time again; undefined when there is no such lease. */
  renew(lease: string): { readonly ttlSeconds: number } | undefined;
  /** Seconds until the lease ends unless it is renewed; undefined when there is no such lease. */
  remainingSeconds(lease: string): number | undefined;
}

export interface Backup {
  readonly name: string;
  readonly path: string;
  readonly position: number;
  readonly takenAt: string;
  readonly rows: number;
  readonly bytes: number;
  readonly digest: string;
}

/** A backup cannot be made under a name: something stands at the path that it would have, whole or not. */
export class BackupExists extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`${path} exists. Choose another name.`);
    this.path = path;
  }
}

/** What deciding history again came to. */
export interface Verification {
  /** The position that it started behind: 0, or that of the oldest kept snapshot. */
  readonly from: number;
  readonly to: number;
  readonly entries: number;
  /** Hex of the chain hash at `to`. */
  readonly hash: string;
  /** The first entry that came to something else than recorded. */
  readonly difference?: { readonly position: number; readonly what: 'outcome' | 'hash' };
}

/** What an operator does to a running node; none of it is a command, since each node does it for itself. */
export interface Operations {
  /**
   * Writes and checks a backup while commands go on. The name becomes a directory below `backups/`; rejects with
   * `BackupExists` when it is taken.
   */
  createBackup(name: string | undefined, progress?: (rows: number) => void): Promise<Backup>;
  listBackups(): Promise<readonly Backup[]>;
  logBounds(): Promise<{ readonly first: number; readonly end: number }>;
  /**
   * Drops log files whose entries are all below a position that a kept snapshot has reached, and the snapshots that the
   * rest of the log does not go on from. History stays.
   */
  truncateLog(before: number): Promise<{ readonly first: number; readonly snapshot: Backup }>;
  /** Decides the whole kept history again, beside the running node, and compares it with what was recorded. */
  verifyLog(progress?: (position: number) => void): Promise<Verification>;
}

/** One running control-plane node, as its gateways see it. */
export interface Node {
  readonly engine: Engine;
  readonly liveness: Liveness;
  readonly operations: Operations;
  /** Seals what may enter the log, and opens it. */
  readonly keyring: Keyring;
  readonly clusterId: string;
  readonly directory: string;
  readonly version: string;
  readonly startedMs: number;
  /** The principal of a token; undefined when it is not valid. */
  authenticate(token: string): Principal | undefined;
  /** Follows changes after `from` (excluded); bookmarks about every five seconds when nothing comes. */
  watch(ranges: readonly WatchedRange[], from: number, sink: WatchSink): Watch;
  /** Watches that are open, of every gateway. */
  watchCount(): number;
  /** What an operator should know: what the start had to mend, and what gets short. Empty when all is well. */
  notices(): readonly string[];
  /** Of the disk with the data directory; undefined when nobody looks after it. */
  readonly disk: { readonly freeBytes: number; readonly floorBytes: number } | undefined;
  /** The oldest position at which objects of this noun can be read or watched from. */
  oldestPosition(noun: string): number;
}
