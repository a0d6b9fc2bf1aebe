import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog } from '#gateways/catalog';
import { openDataDirectory } from '#gateways/server/data-directory';
import { startNode, type RunningNode } from '#gateways/server/running-node';

export interface TestNode extends RunningNode {
  /** The administrator's. */
  readonly token: string;
}

export interface TestNodeOptions {
  readonly now?: () => number;
  /** A data directory that exists; one of its own unless given. */
  readonly directory?: string;
}

/** A whole node on a directory, which `stop` removes. A fault of the engine is thrown, so tests see it. */
export const startTestNode = async (options: TestNodeOptions = {}): Promise<TestNode> => {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'ultracloud-test-'));
  const data = openDataDirectory(directory);
  const node = await startNode(data, {
    components: catalog,
    version: '0.1.0',
    now: options.now ?? (() => Date.now()),
    onFault: (error) => {
      throw error;
    },
  });
  return {
    ...node,
    token: data.token,
    stop: async () => {
      await node.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
