import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdctlInstalled, etcdctlWith, type Etcdctl } from '#harness/etcd/etcdctl';
import { startTestGateway, type TestGateway } from '#harness/etcd/test-gateway';

// Other work may share the machine.
jest.setTimeout(120_000);

const openssl = (...args: readonly string[]): number | null => spawnSync('openssl', args).status;

const able = etcdctlInstalled() && openssl('version') === 0;

(able ? describe : describe.skip)('etcdctl over TLS (needs etcd-client and openssl)', () => {
  let directory: string;
  let server: TestGateway;
  const running: Etcdctl[] = [];

  /** A certificate of its own, for this machine's loopback. */
  const makeCertificate = (name: string): { readonly cert: string; readonly key: string } => {
    const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
    const made = openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    );
    expect(made).toBe(0);
    return { cert, key };
  };
  const through = (...flags: readonly string[]): Etcdctl => {
    const one = etcdctlWith(`--user=root:${server.token}`, ...flags);
    running.push(one);
    return one;
  };

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'etcdctl-tls-'));
    const { cert, key } = makeCertificate('server');
    server = await startTestGateway({ tls: { cert: readFileSync(cert), key: readFileSync(key) } });
  });
  afterAll(async () => {
    for (const one of running) await one.close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('puts, reads and watches with --cacert', async () => {
    const etcdctl = through(`--endpoints=https://${server.endpoint}`, `--cacert=${join(directory, 'server.crt')}`);
    expect(await etcdctl.out('put tls 1')).toBe('OK\n');
    expect(await etcdctl.out('get tls --print-value-only')).toBe('1\n');
    const watch = etcdctl.start('watch tls --rev 1');
    expect(await watch.until('PUT\ntls\n1\n')).toBe('PUT\ntls\n1\n');
    await watch.interrupt();
    expect(await etcdctl.out('endpoint status --cluster')).toMatch(new RegExp(`^https://${server.endpoint}, `));
  });

  test('is refused with a certificate that did not sign the server, and without TLS', async () => {
    const { cert } = makeCertificate('other');
    const limits = ['--command-timeout=2s', '--dial-timeout=2s'];
    const stranger = through(`--endpoints=https://${server.endpoint}`, `--cacert=${cert}`, ...limits);
    expect(await stranger.refused('get tls')).toContain('context deadline exceeded');
    const plain = through(`--endpoints=http://${server.endpoint}`, ...limits);
    expect(await plain.refused('get tls')).toContain('context deadline exceeded');
  });
});
