import { describeLogContract } from '#harness/log/contract';
import { createTopic, NO_FAULTS, openFakeLog, type LogFaults } from '#harness/log/fake-log';
import { openSegmentLog } from '#log/segment/segment-log';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MIB = 1024 * 1024;

const segmentLog = (segmentBytes: number, base: number) => async () => {
  const directory = await mkdtemp(join(tmpdir(), 'segment-log-'));
  return {
    open: () => openSegmentLog({ directory, segmentBytes, base, now: Date.now }),
    remove: () => rm(directory, { recursive: true }),
    base,
  };
};

const fakeLog = (faults: LogFaults) => async () => {
  const topic = createTopic(7);
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
  return {
    open: async () => openFakeLog({ topic, seed: 1, faults, now: Date.now, pause }),
    remove: async () => undefined,
    base: 7,
  };
};

describeLogContract('the segment log', segmentLog(64 * MIB, 0));
describeLogContract('the segment log with small files and a high base', segmentLog(2 * MIB, 3e9));
describeLogContract('the fake log', fakeLog(NO_FAULTS));
describeLogContract('the fake log that splits and delays', fakeLog({ ...NO_FAULTS, split: 0.5, delay: 0.5 }));
