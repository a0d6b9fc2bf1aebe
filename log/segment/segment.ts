import type { Place } from '#log/segment/cursor';
import type { Disk, DiskFile } from '#log/segment/disk';
import { foreignFile, missingFile, newerFormat, unreadableHeader } from '#log/segment/fault';
import {
  baseOfName,
  decodeHeader,
  FIRST_RECORD,
  FORMAT,
  HEADER_BYTES,
  segmentName,
  type SegmentHeader,
} from '#log/segment/format';
import type { Manifest } from '#log/segment/manifest';
import { join } from 'node:path';

/** One file of the log. */
export interface Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  /** Ascending places where a record begins, found by whoever passed there; the first is the first record. */
  readonly index: Place[];
}

export const segmentOf = (directory: string, header: SegmentHeader): Segment => ({
  path: join(directory, segmentName(header.base)),
  header,
  index: [{ offset: FIRST_RECORD, position: header.base + 1 }],
});

/** Remembers a place behind the last known one. */
export const remember = (segment: Segment, place: Place): void => {
  const last = segment.index.at(-1);
  if (last === undefined || place.position > last.position) segment.index.push(place);
};

/** The last known place at or before the position. */
export const nearest = (segment: Segment, position: number): Place => {
  const place = segment.index.findLast((candidate) => candidate.position <= position);
  return place ?? { offset: FIRST_RECORD, position: segment.header.base + 1 };
};

const readHeader = async (path: string, base: number, file: DiskFile): Promise<SegmentHeader> => {
  const block = Buffer.alloc(HEADER_BYTES);
  const reading = decodeHeader(block.subarray(0, await file.read(block, 0)));
  if (reading.kind === 'newer') throw newerFormat(path, reading.format, FORMAT);
  if (reading.kind === 'unreadable' || reading.header.base !== base) throw unreadableHeader(path, base + 1);
  return reading.header;
};

/** Bases of the segment files in the directory, ascending. */
export const listBases = async (disk: Disk, directory: string): Promise<readonly number[]> => {
  const bases: number[] = [];
  for (const name of await disk.list(directory)) {
    const base = baseOfName(name);
    if (base !== undefined) bases.push(base);
  }
  return bases.sort((left, right) => left - right);
};

/**
 * The kept segments in order, by their headers alone. Throws on a segment that is missing, of a newer format or of
 * another log; how far each one reaches is found when it is read.
 */
export const loadSegments = async (disk: Disk, directory: string, manifest: Manifest): Promise<readonly Segment[]> => {
  const segments: Segment[] = [];
  for (const base of (await listBases(disk, directory)).filter((found) => found >= manifest.keptBase)) {
    const path = join(directory, segmentName(base));
    const file = await disk.open(path, 'read');
    try {
      segments.push(segmentOf(directory, await readHeader(path, base, file)));
    } finally {
      await file.close();
    }
  }
  segments.forEach((segment, place) => checkPlace(directory, manifest, segment, segments[place - 1]));
  if (segments.length === 0) {
    const path = join(directory, segmentName(manifest.keptBase));
    throw missingFile(path, manifest.keptBase + 1, 'log.json names it as the oldest kept');
  }
  return segments;
};

const checkPlace = (
  directory: string,
  manifest: Manifest,
  { path, header }: Segment,
  before: Segment | undefined,
): void => {
  if (header.clusterId !== manifest.clusterId) {
    throw foreignFile(path, 'cluster', header.clusterId, manifest.clusterId);
  }
  if (header.incarnation !== manifest.incarnation) {
    throw foreignFile(path, 'incarnation', String(header.incarnation), String(manifest.incarnation));
  }
  if (before === undefined && header.base !== manifest.keptBase) {
    const lacking = join(directory, segmentName(manifest.keptBase));
    throw missingFile(lacking, manifest.keptBase + 1, 'log.json names it as the oldest kept');
  }
  if (before !== undefined && header.previousBase !== before.header.base) {
    const lacking = join(directory, segmentName(header.previousBase));
    throw missingFile(lacking, header.previousBase + 1, `${path} says that it follows it`);
  }
};
