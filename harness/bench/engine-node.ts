import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningNode } from '#gateways/server/running-node';
import { openTestNode } from '#harness/node';

/** A node without gateways, stopped when the measurement is over. */
export const withNode = async <T>(directory: string, measure: (node: RunningNode) => Promise<T>): Promise<T> => {
  const node = await openTestNode(directory);
  try {
    return await measure(node);
  } finally {
    await node.stop();
  }
};

/** A directory that is gone afterwards. */
export const inNewDirectory = async <T>(below: string, measure: (directory: string) => Promise<T>): Promise<T> => {
  const directory = mkdtempSync(join(below, 'engine-'));
  try {
    return await measure(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
