import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onStage } from '#harness/scenarios/stage';
import { answering } from '#harness/scenarios/answering';

// Other work may share the machine.
jest.setTimeout(120_000);

const withOpenssl = spawnSync('openssl', ['version']).status === 0 ? test : test.skip;

withOpenssl('a cluster certifies itself and its hosts, as OpenSSL sees it (needs openssl)', () =>
  onStage(async (stage) => {
    const flags = ['--tls', '--tls-name', 'cloud.example.net'];
    const first = stage.begin({ flags });
    let endpoints = await answering(stage, first);
    const file = (name: string): string => join(stage.directory, name);
    const openssl = (...args: readonly string[]): string => {
      const { stdout, stderr } = spawnSync('openssl', args, { cwd: stage.directory, encoding: 'utf8', input: '' });
      return `${stdout}${stderr}`;
    };
    const done = async (...words: readonly string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await stage.cli(...words);
      expect({ words, exitCode, stderr }).toMatchObject({ words, exitCode: 0 });
      return stdout;
    };
    const fetchTrust = async (): Promise<void> => {
      writeFileSync(file('ca.pem'), await done('authority', 'show'));
      writeFileSync(file('crl.pem'), await done('authority', 'show', '--crl'));
    };
    const shownBy = (endpoint: string): string => {
      const target = ['-connect', new URL(endpoint).host, '-CAfile', 'ca.pem', '-verify_return_error'];
      return openssl(
        's_client',
        ...target,
        '-verify_hostname',
        'cloud.example.net',
        '-servername',
        'cloud.example.net',
      );
    };
    const serialOf = (text: string): string | undefined => {
      const [pem = ''] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text) ?? [];
      return execFileSync('openssl', ['x509', '-noout', '-serial'], { input: pem, encoding: 'utf8' });
    };

    // Whoever has the data directory needs nothing else.
    await done('kv', 'put', 'config/color', 'blue');
    await fetchTrust();
    for (const endpoint of [endpoints.http, endpoints.etcd]) {
      expect(shownBy(endpoint)).toContain('Verify return code: 0 (ok)');
    }

    await done('host', 'create', 'node1');
    await done('certificate', 'request', 'host/node1', '--name', 'node1.example.net', '--out', file('node1'));
    const verify = ['verify', '-x509_strict', '-CAfile', 'ca.pem', '-crl_check', '-CRLfile', 'crl.pem'];
    expect(openssl(...verify, '-purpose', 'sslclient', 'node1.pem')).toBe('node1.pem: OK\n');
    const pair = ['--cert', file('node1.pem'), '--key', file('node1.key')];
    const before = serialOf(readFileSync(file('node1.pem'), 'utf8'));
    const renewed = JSON.parse(await done('certificate', 'renew', ...pair, '-o', 'json')) as {
      readonly serial: string;
    };
    expect(serialOf(readFileSync(file('node1.pem'), 'utf8'))).not.toBe(before);
    expect(openssl(...verify, 'node1.pem')).toBe('node1.pem: OK\n');

    await done('certificate', 'revoke', renewed.serial, '--reason', 'keyCompromise');
    const refused = await stage.cli('certificate', 'renew', ...pair);
    expect(refused.exitCode).toBe(6);
    expect(refused.stderr).toMatch(/certificate\.refused[^]*reason revoked/);
    await fetchTrust();
    expect(openssl(...verify, 'node1.pem')).toContain('certificate revoked');

    // A start shows the certificate of before: what clients have pinned or checked still holds.
    const shownBefore = serialOf(shownBy(endpoints.http));
    await first.kill();
    endpoints = await answering(stage, stage.begin({ flags }));
    expect(serialOf(shownBy(endpoints.http))).toBe(shownBefore);
    expect(await done('kv', 'get', 'config/color')).toContain('blue');
  }),
);

test('--tls stands alone, and names are looked at before anything starts', () =>
  onStage(async (stage) => {
    const both = await stage.refused({ flags: ['--tls', '--tls-cert', 'a.pem', '--tls-key', 'a.key'] });
    expect([both.exitCode, both.said]).toEqual([2, expect.stringContaining('--tls: expected')]);
    const wild = await stage.refused({ flags: ['--tls', '--tls-name', '*.example.net'] });
    expect([wild.exitCode, wild.said]).toEqual([2, expect.stringContaining('--tls-name: expected a DNS name')]);
    const lone = await stage.refused({ flags: ['--tls-name', 'a.example.net'] });
    expect([lone.exitCode, lone.said]).toEqual([2, expect.stringContaining('--tls-name: expected --tls')]);
  }));
