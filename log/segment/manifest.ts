import type { Disk } from '#log/segment/disk';
import { newerFormat, unreadableManifest } from '#log/segment/fault';
import { FORMAT } from '#log/segment/format';
import { join } from 'node:path';

/** What a log directory is about, in `log.json`. */
export interface Manifest {
  /** 32 hexadecimal digits. */
  readonly clusterId: string;
  readonly incarnation: number;
  /** The position before the first entry of this incarnation. */
  readonly base: number;
  /** Base of the oldest segment that is kept; segments below it are left-overs of a truncation. */
  readonly keptBase: number;
  /** Entries up to here were durable when the log was last closed or truncated; a later end is found by reading. */
  readonly reached: number;
}

const NAME = 'log.json';
const CLUSTER = /^[0-9a-f]{32}$/;

const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const parse = (text: string): (Manifest & { readonly format: number }) | undefined => {
  try {
    const { format, clusterId, incarnation, base, keptBase, reached } = JSON.parse(text) as Readonly<
      Record<string, unknown>
    >;
    if (!isPosition(format)) return undefined;
    if (format > FORMAT) return { format, clusterId: '', incarnation: 0, base: 0, keptBase: 0, reached: 0 };
    if (typeof clusterId !== 'string' || !CLUSTER.test(clusterId)) return undefined;
    if (!isPosition(incarnation) || !isPosition(base) || !isPosition(keptBase) || !isPosition(reached))
      return undefined;
    return { format, clusterId, incarnation, base, keptBase, reached };
  } catch {
    return undefined;
  }
};

/** Undefined when there is none: a directory without a log, or one whose making was cut off. */
export const readManifest = async (disk: Disk, directory: string): Promise<Manifest | undefined> => {
  const place = join(directory, NAME);
  const text = await disk.readText(place);
  if (text === undefined) return undefined;
  const found = parse(text);
  if (found === undefined) throw unreadableManifest(place);
  const { format, ...manifest } = found;
  if (format > FORMAT) throw newerFormat(place, format, FORMAT);
  return manifest;
};

/** Durable and whole when it resolves; a crash leaves the old one or the new one. */
export const writeManifest = async (disk: Disk, directory: string, manifest: Manifest): Promise<void> => {
  const draft = join(directory, `${NAME}.new`);
  await disk.remove(draft);
  const file = await disk.open(draft, 'create');
  try {
    await file.write(Buffer.from(`${JSON.stringify({ format: FORMAT, ...manifest })}\n`), 0);
  } finally {
    await file.close();
  }
  await disk.rename(draft, join(directory, NAME));
  await disk.syncDirectory(directory);
};
