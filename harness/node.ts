import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog } from '#gateways/catalog';
import { openDataDirectory } from '#gateways/server/data-directory';
import { startNode, type NodeOptions, type RunningNode } from '#gateways/server/running-node';

export interface TestNode extends RunningNode {
  /** The administrator's. */
  readonly token: string;
}

type OpenOptions = Pick<NodeOptions, 'say' | 'logCheck'> & Partial<Pick<NodeOptions, 'now'>>;

export interface TestNodeOptions extends OpenOptions {
  /** A data directory that exists; one of its own unless given. */
  readonly directory?: string;
}

/** A whole node on a directory that outlives it. A fault of the engine is thrown, so tests see it. */
export const openTestNode = async (directory: string, options: OpenOptions = {}): Promise<TestNode> => {
  const data = openDataDirectory(directory);
  const node = await startNode(data, {
    components: catalog,
    version: '0.1.0',
    now: () => Date.now(),
    ...options,
    onFault: (error) => {
      throw error;
    },
  });
  return { ...node, token: data.token };
};

/** The same on a directory that `stop` removes. */
export const startTestNode = async (options: TestNodeOptions = {}): Promise<TestNode> => {
  const { directory = mkdtempSync(join(tmpdir(), 'ultracloud-test-')), ...open } = options;
  const node = await openTestNode(directory, open);
  return {
    ...node,
    stop: async () => {
      await node.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
