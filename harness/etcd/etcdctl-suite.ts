import { etcdctlInstalled, etcdctlOf, type Etcdctl } from '#harness/etcd/etcdctl';
import { startTestGateway, type TestGateway } from '#harness/etcd/test-gateway';

/** What the tests of a suite work with; there from the first of them on. */
export interface EtcdctlSuite {
  readonly server: TestGateway;
  /** As the administrator. */
  readonly etcdctl: Etcdctl;
}

/** Tests of etcdctl as it is against a node of their own; skipped where it is not installed. */
export const describeEtcdctl = (title: string, tests: (on: EtcdctlSuite) => void): void => {
  (etcdctlInstalled() ? describe : describe.skip)(`${title} (needs etcd-client)`, () => {
    let server: TestGateway;
    let etcdctl: Etcdctl;

    beforeAll(async () => {
      server = await startTestGateway();
      etcdctl = etcdctlOf(server);
    });
    afterAll(async () => {
      await etcdctl.close();
      await server.stop();
    });

    tests({
      get server() {
        return server;
      },
      get etcdctl() {
        return etcdctl;
      },
    });
  });
};
