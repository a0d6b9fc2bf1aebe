import type { TlsOptions } from 'node:tls';
import { startEtcdGateway } from '#gateways/etcd/gateway';
import { startTestNode, type TestNode } from '#harness/node';

/** A whole node with its etcd gateway on a free port. */
export interface TestGateway {
  readonly node: TestNode;
  /** `HOST:PORT`. */
  readonly endpoint: string;
  readonly port: number;
  stop(): Promise<void>;
}

export const startTestGateway = async (
  options: { readonly tls?: TlsOptions; readonly onDefect?: (error: unknown, path: string) => void } = {},
): Promise<TestGateway> => {
  const node = await startTestNode();
  const gateway = await startEtcdGateway(node, { host: '127.0.0.1', port: 0, ...options });
  return {
    node,
    endpoint: `${gateway.host}:${gateway.port}`,
    port: gateway.port,
    stop: async () => {
      await gateway.close();
      await node.stop();
    },
  };
};
