import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEtcdGateway, type EtcdGatewayOptions } from '#gateways/etcd/gateway';
import type { RunningNode } from '#gateways/server/running-node';
import { openTestNode } from '#harness/node';

/** A whole node with its etcd gateway. */
export interface TestGateway {
  readonly node: RunningNode;
  /** The administrator's. */
  readonly token: string;
  /** `HOST:PORT`. */
  readonly endpoint: string;
  readonly port: number;
  stop(): Promise<void>;
}

type Options = Partial<Pick<EtcdGatewayOptions, 'port' | 'tls' | 'onDefect'>>;

/** On a directory of its own, which `stop` removes. */
export const startTestGateway = async (options: Options = {}): Promise<TestGateway> => {
  const directory = mkdtempSync(join(tmpdir(), 'etcd-gateway-'));
  const server = await startGatewayOn(directory, options);
  return {
    ...server,
    stop: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

/** On a directory that stays. A fault of the engine is thrown, so tests see it. */
export const startGatewayOn = async (directory: string, options: Options = {}): Promise<TestGateway> => {
  const node = await openTestNode(directory);
  const gateway = await startEtcdGateway(node, { host: '127.0.0.1', port: 0, ...options });
  return {
    node,
    token: node.token,
    endpoint: `${gateway.host}:${gateway.port}`,
    port: gateway.port,
    stop: async () => {
      await gateway.close();
      await node.stop();
    },
  };
};
