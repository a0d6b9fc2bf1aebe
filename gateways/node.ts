import type { X509Certificate } from 'node:crypto';
import type { Problem } from '#commands/codec/problem';
import type { CertificatePurpose } from '#commands/iam/certificate';
import type { Engine } from '#log/engine';
import type { Identity } from '#gateways/identity';
import type { Entry, Submission } from '#log/entry';
import type { Outcome } from '#log/outcome';
import type { Rejection } from '#commands/rejection';
import type { NounRange } from '#aggregates/access';
import type { Watch, WatchedRange, WatchSink } from '#log/watch';
import type { Keyring } from '#gateways/server/keyring/keyring';

/** Whoever shows a credential, as the log will name it. */
export interface Principal {
  readonly name: string;
  readonly credential: string;
}

/** Whoever sends a request, and from where. */
export interface Caller extends Principal {
  /** An IP address. */
  readonly address: string;
}

/** Why a client certificate says nothing of who shows it. */
export type CertificateFault = 'unknownAuthority' | 'expired' | 'notYetValid' | 'revoked' | 'unknown' | 'wrongPurpose';

export type Identified = Principal | { readonly fault: CertificateFault };

/** A certificate that somebody asks for; it lives as long as its purpose allows, unless it says how long. */
export type CertificateRequest = { readonly lifetimeSeconds?: number } & (
  | { readonly csr: string; readonly purpose: 'server' | 'host'; readonly subject: string }
  | {
      /** A public key of a host, as a line of OpenSSH. */
      readonly sshKey: string;
      readonly subject: string;
      readonly names: readonly string[];
      readonly addresses: readonly string[];
    }
  /** One like another, by the serial number of that. */
  | { readonly csr: string; readonly renews: string }
  | { readonly sshKey: string; readonly renews: string }
);

/** What a request came to: a certificate, the outcome that refuses it, or what is wrong with its key. */
export type CertificateAnswer =
  { readonly issued: IssuedCertificate } | { readonly refused: Outcome } | { readonly problem: Problem };

export interface IssuedCertificate {
  readonly serial: string;
  readonly purpose: CertificatePurpose;
  readonly subject: string;
  /** PEM, or a line of OpenSSH. */
  readonly certificate: string;
  /** The certificate of the authority that signed it, or its SSH key. */
  readonly chain: string;
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly position: number;
}

/** The keys of the certificate authority cannot be opened. The message says why, and names no secret. */
export class KeysUnavailable extends Error {}

/** The certificate authority of the cluster. */
export interface Certificates {
  /** Makes the authority when there is none. */
  create(): Promise<void>;
  /**
   * Signs what the log decides that the caller may have. Rejects as the engine does, and with `KeysUnavailable` when
   * nobody can sign.
   */
  request(asked: CertificateRequest, by: Omit<Submission, 'kind' | 'id' | 'body'>): Promise<CertificateAnswer>;
  /** The trusted certificates of the authority in PEM; undefined before there is one, like the others. */
  bundle(): string | undefined;
  /** Lines for `known_hosts`. */
  sshAuthorities(): string | undefined;
  /** In PEM. */
  revocationLists(): Promise<string | undefined>;
  /** Who shows a certificate, at the present position. */
  identify(shown: X509Certificate): Identified;
}

/** Who is alive: what is heard is kept in memory by the holder of the liveness duty and never enters the log. */
export interface Liveness {
  /** Starts the lease's time again; undefined when there is no such lease. */
  renew(lease: string): { readonly ttlSeconds: number } | undefined;
  /** Seconds until the lease ends unless it is renewed; undefined when there is no such lease. */
  remainingSeconds(lease: string): number | undefined;
  /** A host is alive, as of an epoch; undefined when it is not up, or in another epoch. */
  hear(host: string, epoch: number): { readonly ttlSeconds: number } | undefined;
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

export interface EntryAt {
  readonly position: number;
  readonly entry: Entry;
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
  /** The entries of some positions in groups, all of which the log must keep and this node have applied. */
  readEntries(from: number, to: number): AsyncIterable<readonly EntryAt[]>;
  /** The entry of a position that was applied; undefined when the log keeps it no more. */
  readEntry(position: number): Promise<Entry | undefined>;
  /**
   * Drops log files whose entries are all below a position that a kept snapshot has reached, and the snapshots that the
   * rest of the log does not go on from. History stays.
   */
  truncateLog(before: number): Promise<{ readonly first: number; readonly snapshot: Backup }>;
  /** Decides the whole kept history again, beside the running node, and compares it with what was recorded. */
  verifyLog(progress?: (position: number) => void): Promise<Verification>;
}

/** What a machine shows that takes an invitation. */
export interface ShownInvitation {
  readonly token: string;
  readonly csr: string;
}

/** How machines come to be hosts. */
export interface Hosts {
  /** A token for a host, and the digest that the log may know. Makes the authority when there is none. */
  makeInvitation(host: string): Promise<{ readonly token: string; readonly digest: string }>;
  /** A certificate of the host that an invitation names; `busy` when an address has shown too many wrong ones. */
  enrol(
    shown: ShownInvitation,
    address: string,
  ): Promise<CertificateAnswer | { readonly rejection: Rejection } | 'busy'>;
}

/** One running control-plane node, as its gateways see it. */
export interface Node {
  readonly engine: Engine;
  readonly liveness: Liveness;
  readonly operations: Operations;
  /** Seals what may enter the log, and opens it. */
  readonly keyring: Keyring;
  readonly certificates: Certificates;
  readonly hosts: Hosts;
  readonly identity: Identity;
  readonly clusterId: string;
  readonly directory: string;
  readonly version: string;
  readonly startedMs: number;
  /** The principal of a token; undefined when it is not valid. */
  authenticate(token: string): Principal | undefined;
  /** Told of whoever a gateway lets in; uses of the break-glass token are noted in the log. */
  admitted(caller: Caller, gateway: 'http' | 'etcd'): void;
  /**
   * Why a caller may not do something to every object of a range, or to the cluster without one, at the present;
   * undefined when it may. For reads and what else is no command: commands are judged where they are decided. What is
   * read of a past position `at` is asked of whom it belonged to then.
   */
  refuses(caller: Caller, permission: string, range?: NounRange, at?: number): Rejection | undefined;
  /** Calls back after each change on which it rests who may do what; gives what ends that. */
  onRightsChanged(listener: () => void): () => void;
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
