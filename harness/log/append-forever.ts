import { openSegmentLog } from '#log/segment/segment-log';
import { writeSync } from 'node:fs';

/**
 * A process to be killed: appends groups of one to a hundred entries, each entry saying its own position, and writes
 * the end of the log to standard output after every acknowledgement.
 */
const appendForever = async (directory: string): Promise<void> => {
  const log = await openSegmentLog({ directory, segmentBytes: 1024 * 1024, now: Date.now });
  let { end } = await log.bounds();
  for (let round = 0; ; round++) {
    const size = round % 3 === 0 ? 1 : 1 + ((end * 7919) % 100);
    const first = end + 1;
    await log.append(Array.from({ length: size }, (_, place) => Buffer.from(`entry ${first + place}`.padEnd(200))));
    end += size;
    writeSync(1, `${end}\n`);
    if (round % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
};

void appendForever(process.argv[2] ?? '');
