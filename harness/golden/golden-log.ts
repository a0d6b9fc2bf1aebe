import { createHash } from 'node:crypto';
import type { Component } from '#log/component';
import { authorityOf } from '#log/authority';
import { decodeEntry } from '#log/entry';
import type { LogEntry } from '#log/log';
import type { Outcome } from '#log/outcome';
import { vocabularyOf } from '#log/vocabulary';
import { replica } from '#harness/simulator/replica';
import { rowsText } from '#harness/simulator/invariants';

/** One entry with what it once came to. */
interface GoldenEntry {
  readonly position: number;
  readonly appendedAtMs: number;
  /** For people: what was asked, and what it came to. */
  readonly command: string;
  readonly outcome: string;
  /** The bytes of the entry in base64. */
  readonly entry: string;
  /** The chain hash here, hexadecimal; not with every entry. */
  readonly hash?: string;
}

/** A history that every release has to decide as the one that recorded it did. */
export interface GoldenLog {
  readonly entries: readonly GoldenEntry[];
  /** SHA-256 over all rows behind the last entry. */
  readonly rows: string;
}

/** Entries between two chain hashes: small enough to find the one that differs, since outcomes are noted too. */
const HASH_EVERY = 10;

/** What entries come to in an empty cluster. */
export const goldenLogOf = (components: readonly Component[], entries: readonly LogEntry[]): GoldenLog => {
  const vocabulary = vocabularyOf(components);
  const node = replica('golden', vocabulary, authorityOf(vocabulary));
  const golden = entries.map((from): GoldenEntry => {
    const [outcome] = node.apply([from]);
    const { kind, id } = decodeEntry(from.bytes);
    const hashed = from.position % HASH_EVERY === 0 || from.position === entries.length;
    return {
      position: from.position,
      appendedAtMs: from.appendedAtMs,
      command: `${kind} ${id}`.trim(),
      outcome: outcome === undefined ? 'nothing' : textOf(outcome),
      entry: from.bytes.toString('base64'),
      ...(hashed ? { hash: node.head.hash.toString('hex') } : {}),
    };
  });
  return { entries: golden, rows: createHash('sha256').update(rowsText(node.rows)).digest('hex') };
};

const textOf = ({ result }: Outcome): string => {
  switch (result.status) {
    case 'accepted':
      return ['accepted', ...result.events.map(({ kind }) => kind)].join(' ');
    case 'rejected':
      return `rejected ${result.code}`;
    case 'duplicate':
      return `repeated ${result.original}`;
  }
};

const logEntryOf = ({ position, appendedAtMs, entry }: GoldenEntry): LogEntry => ({
  position,
  appendedAtMs,
  bytes: Buffer.from(entry, 'base64'),
});

/** Where this release decides a history differently from the one that recorded it, in words. */
export const differenceFrom = (components: readonly Component[], golden: GoldenLog): string | undefined => {
  const now = goldenLogOf(components, golden.entries.map(logEntryOf));
  for (const [at, then] of golden.entries.entries()) {
    const { outcome, hash } = now.entries[at] as GoldenEntry; // One for each.
    const where = `position ${then.position}, ${then.command}`;
    if (outcome !== then.outcome) return `${where}: ${outcome}, but once ${then.outcome}`;
    if (hash !== then.hash) return `${where}: another hash, so an outcome of the last ${HASH_EVERY} positions differs`;
  }
  return now.rows === golden.rows ? undefined : 'the same outcomes, but other rows';
};

/** One JSON object a line: the entries, then the digest of the rows. */
export const writtenGolden = ({ entries, rows }: GoldenLog): string =>
  [...entries, { rows }].map((line) => `${JSON.stringify(line)}\n`).join('');

export const readGolden = (text: string): GoldenLog => {
  const lines = text.trimEnd().split('\n');
  const { rows } = JSON.parse(lines.at(-1) ?? '') as Pick<GoldenLog, 'rows'>;
  return { entries: lines.slice(0, -1).map((line) => JSON.parse(line) as GoldenEntry), rows };
};
