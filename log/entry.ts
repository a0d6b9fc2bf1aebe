import { Packr } from 'msgpackr';

/** What a gateway stamps on a command before it is appended; the position and the log's own time come from the log. */
export interface Entry {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
  readonly principal: string;
  /** Which credential was shown, by its id; never the secret. */
  readonly credential: string;
  /** The gateway that took it: `http`, `cli`, `etcd`, `system`. */
  readonly source: string;
  /** The IP address that it came from; empty for what the process itself sends. */
  readonly address: string;
  /** The gateway's clock, milliseconds since 1970. */
  readonly stampedAtMs: number;
  /** Names this submission, so that its waiter is found whoever applies it. */
  readonly submission: string;
  readonly requestId?: string;
  /** Refuse when a fact that the decision read has changed after this position. */
  readonly expectPosition?: number;
  /** Refuse when the object has another version; 0: it must not exist. */
  readonly expectVersion?: number;
}

/** A command as a gateway hands it over; the engine stamps the clock and names the submission. */
export type Submission = Omit<Entry, 'stampedAtMs' | 'submission'>;

const FORMAT = 1;

/** Plain MessagePack: no shared structures, so equal values give equal bytes whatever was packed before. */
export const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

export const encodeEntry = (entry: Entry): Buffer => encodeSubmission(entry, entry.stampedAtMs, entry.submission);

export const encodeSubmission = (from: Submission, stampedAtMs: number, submission: string): Buffer =>
  packr.pack([
    FORMAT,
    from.kind,
    from.id,
    from.body,
    from.principal,
    from.credential,
    from.source,
    from.address,
    stampedAtMs,
    submission,
    from.requestId ?? null,
    from.expectPosition ?? null,
    from.expectVersion ?? null,
  ]);

/** Throws on an entry of a newer format: a replica never skips what it does not understand. */
export const decodeEntry = (bytes: Uint8Array): Entry => {
  const row = packr.unpack(bytes) as readonly unknown[];
  if (row[0] !== FORMAT) throw new Error(`entry format ${String(row[0])} is newer than this release understands`);
  return {
    kind: row[1] as string,
    id: row[2] as string,
    body: row[3],
    principal: row[4] as string,
    credential: row[5] as string,
    source: row[6] as string,
    address: row[7] as string,
    stampedAtMs: row[8] as number,
    submission: row[9] as string,
    ...(row[10] === null ? {} : { requestId: row[10] as string }),
    ...(row[11] === null ? {} : { expectPosition: row[11] as number }),
    ...(row[12] === null ? {} : { expectVersion: row[12] as number }),
  };
};
