import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEtcd } from '#harness/bench/server-process';
import { rawClientOf, type RawClient } from '#harness/etcd/raw-client';
import { startTestGateway, type TestGateway } from '#harness/etcd/test-gateway';

/** A server of its own with a client of it; `stop` ends both and removes what they kept. */
export interface RawPeer {
  readonly client: RawClient;
  stop(): Promise<void>;
}

/** A node of ours, with its administrator. */
export interface OurPeer extends RawPeer {
  readonly server: TestGateway;
}

export const ourPeer = async (): Promise<OurPeer> => {
  const server = await startTestGateway();
  const client = rawClientOf(server.endpoint, server.token);
  return {
    server,
    client,
    stop: async () => {
      client.close();
      await server.stop();
    },
  };
};

/** Debian's etcd, where it is installed. */
export const etcdPeer = async (): Promise<RawPeer> => {
  const directory = mkdtempSync(join(tmpdir(), 'etcd-peer-'));
  const server = await startEtcd(join(directory, 'data'));
  const client = rawClientOf(`${server.grpc.host}:${server.grpc.port}`);
  return {
    client,
    stop: async () => {
      client.close();
      await server.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
