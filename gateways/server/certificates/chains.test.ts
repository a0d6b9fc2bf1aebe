import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateRequest, IssuedCertificate } from '#gateways/node';
import { administrator } from '#gateways/server/policy';
import { readSigningRequest } from '#gateways/server/certificates/signing-request';
import { makeHosts } from '#harness/known-host';
import { startTestNode, type TestNode } from '#harness/node';

// Other work may share the machine.
jest.setTimeout(60_000);

const installed = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args).status !== null;
const withOpenssl = installed('openssl', 'version') ? describe : describe.skip;

const by = { principal: administrator.name, credential: 'admin.token', source: 'test', address: '127.0.0.1' };

withOpenssl('what OpenSSL makes of our certificates (needs openssl)', () => {
  let directory: string;
  let node: TestNode;
  let nowMs: number;
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: readonly string[]): string =>
    execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  /** What a command of OpenSSL says, be it content or not. */
  const said = (...args: readonly string[]): string => {
    const { stdout, stderr } = spawnSync('openssl', args, { cwd: directory, encoding: 'utf8' });
    return `${stdout}${stderr}`;
  };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ultracloud-certificates-'));
    nowMs = Date.now();
    node = await startTestNode({ now: () => nowMs });
    await makeHosts(node, 'node1');
  });
  afterEach(async () => {
    await node.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

  /** A signing request of a key of its own, as an operator would have it made. */
  const requestFor = (san: string, { key = ec, more = [] as readonly string[] } = {}): string => {
    const about = ['-nodes', '-keyout', 'own.key', '-subj', '/CN=evil.example.net', '-addext', `subjectAltName=${san}`];
    return openssl('req', '-new', ...key, ...about, ...more);
  };

  const issued = async (asked: CertificateRequest): Promise<IssuedCertificate> => {
    const done = await node.certificates.request(asked, by);
    if (!('issued' in done)) throw new Error(JSON.stringify('refused' in done ? done.refused.result : done.problem));
    return done.issued;
  };

  const forHost = (csr: string) => ({ purpose: 'host' as const, subject: 'host/node1', csr });
  const host = (san = 'DNS:node1.example.net,IP:192.0.2.7', more = {}): Promise<IssuedCertificate> =>
    issued(forHost(requestFor(san, more)));

  const revoke = (id: string) =>
    node.engine.submit({ ...by, kind: 'certificate.revoke', id, body: { reason: 'keyCompromise' } });

  const writeBundle = async (): Promise<void> => {
    writeFileSync(file('ca.pem'), node.certificates.bundle() ?? '');
    writeFileSync(file('crl.pem'), (await node.certificates.revocationLists()) ?? '');
  };

  /** What `openssl verify` says of a certificate, the revocation list included. */
  const verified = async ({ certificate }: IssuedCertificate, ...more: readonly string[]): Promise<string> => {
    await writeBundle();
    writeFileSync(file('own.pem'), certificate);
    return said('verify', '-x509_strict', '-CAfile', 'ca.pem', '-crl_check', '-CRLfile', 'crl.pem', ...more, 'own.pem');
  };

  test('a chain is accepted, for clients and servers, by its name and its address', async () => {
    const own = await host();
    for (const purpose of ['sslclient', 'sslserver']) {
      expect(await verified(own, '-purpose', purpose)).toBe('own.pem: OK\n');
    }
    expect(await verified(own, '-verify_hostname', 'node1.example.net')).toBe('own.pem: OK\n');
    expect(await verified(own, '-verify_ip', '192.0.2.7')).toBe('own.pem: OK\n');
    expect(await verified(own, '-verify_hostname', 'node2.example.net')).toContain('hostname mismatch');
    expect(await verified(own, '-verify_ip', '192.0.2.8')).toContain('IP address mismatch');
  });

  test('a certificate of a server is none of a client, and none is one of an authority', async () => {
    const csr = requestFor('DNS:web.example.net', {
      more: ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign'],
    });
    const own = await issued({ purpose: 'server', subject: 'server/web', csr });
    expect(await verified(own, '-purpose', 'sslserver')).toBe('own.pem: OK\n');
    expect(await verified(own, '-purpose', 'sslclient')).toMatch(/(?:unsupported|unsuitable) certificate purpose/);
    const text = openssl('x509', '-in', 'own.pem', '-noout', '-text');
    expect(text).toContain('CA:FALSE');
    expect(text).toContain('Subject: CN = web, OU = server');
    expect(text).not.toMatch(/Certificate Sign|evil/);
    // What it signs all the same is believed by nobody.
    openssl('req', '-new', ...ec, '-nodes', '-keyout', 'leaf.key', '-subj', '/CN=leaf', '-out', 'leaf.csr');
    openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'own.pem', '-CAkey', 'own.key', '-out', 'leaf.pem');
    expect(said('verify', '-CAfile', 'ca.pem', '-untrusted', 'own.pem', 'leaf.pem')).toContain(
      'invalid CA certificate',
    );
  });

  test('a revoked certificate is refused, and the list says why', async () => {
    const own = await host();
    expect(await verified(own)).toBe('own.pem: OK\n');
    await revoke(own.serial);
    expect(await verified(own)).toContain('certificate revoked');
    const list = openssl('crl', '-in', 'crl.pem', '-noout', '-text');
    expect(list).toContain(`Serial Number: ${own.serial.toUpperCase()}`);
    expect(list).toContain('Key Compromise');
    expect(said('crl', '-in', 'crl.pem', '-noout', '-CAfile', 'ca.pem')).toContain('verify OK');
    const number = (): number => Number(openssl('crl', '-in', 'crl.pem', '-noout', '-crlnumber').split('=')[1]);
    const before = number();
    const other = await host();
    await revoke(other.serial);
    await writeBundle();
    expect(number()).toBeGreaterThan(before);
  });

  test('a list is kept until something changes or half of its time is over', async () => {
    await node.certificates.create();
    const first = await node.certificates.revocationLists();
    nowMs += 11 * 3_600_000;
    expect(await node.certificates.revocationLists()).toBe(first);
    nowMs += 2 * 3_600_000;
    expect(await node.certificates.revocationLists()).not.toBe(first);
  });

  test('a certificate holds from a little before it was signed for as long as its purpose allows', async () => {
    const own = await host();
    expect(await verified(own)).toBe('own.pem: OK\n');
    const at = (ms: number): string =>
      said('verify', '-CAfile', 'ca.pem', '-attime', String(Math.floor(ms / 1_000)), 'own.pem');
    expect(at(nowMs - 60_000)).toBe('own.pem: OK\n');
    expect(at(nowMs + 86_300_000)).toBe('own.pem: OK\n');
    expect(at(nowMs + 86_460_000)).toContain('certificate has expired');
    expect(at(nowMs - 600_000)).toContain('certificate is not yet valid');
    expect(own.notAfter - own.notBefore).toBeLessThanOrEqual(86_400_000 + 300_000);
  });

  test('a certificate of another cluster is refused', async () => {
    const own = await host();
    const other = await startTestNode();
    await makeHosts(other, 'node1');
    await other.certificates.create();
    writeFileSync(file('other.pem'), other.certificates.bundle() ?? '');
    await other.stop();
    writeFileSync(file('own.pem'), own.certificate);
    expect(said('verify', '-CAfile', 'other.pem', 'own.pem')).toContain('unable to get local issuer certificate');
  });

  const rotated = async (): Promise<void> => {
    const authority = () => node.certificates.bundle();
    const before = authority();
    await node.engine.submit({ ...by, kind: 'authority.rotate', id: 'cluster', body: {} });
    while (authority() === before) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  test('new keys overlap with the former ones, until those are distrusted', async () => {
    const old = await host();
    await revoke((await host()).serial);
    await rotated();
    const own = await host();
    expect(await verified(old)).toBe('own.pem: OK\n');
    expect(await verified(own)).toBe('own.pem: OK\n');
    expect(node.certificates.identify(new X509Certificate(old.certificate))).toMatchObject({ name: 'host/node1' });
    const fingerprint = new X509Certificate(old.chain).fingerprint256.replaceAll(':', '').toLowerCase();
    await node.engine.submit({ ...by, kind: 'authority.distrust', id: 'cluster', body: { fingerprint } });
    expect(await verified(own)).toBe('own.pem: OK\n');
    expect(await verified(old)).toContain('unable to get local issuer certificate');
    expect(node.certificates.identify(new X509Certificate(old.certificate))).toEqual({ fault: 'unknownAuthority' });
  });

  test.each([
    ['RSA', ['-newkey', 'rsa:2048']],
    ['Ed25519', ['-newkey', 'ed25519']],
    ['P-384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1']],
  ])('a key of %s is signed for', async (_, key) => {
    expect(await verified(await host('DNS:a.example.net', { key }))).toBe('own.pem: OK\n');
  });

  test.each([
    ['a short key', 'DNS:a', { key: ['-newkey', 'rsa:1024'] }, /^a key of type/],
    ['a curve that few know', 'DNS:a', { key: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'] }, /^a/],
    ['a mail address', 'email:a@example.net', {}, /^names and addresses only, and no email$/],
    ['a URL', 'URI:spiffe://other/host/node2', {}, /^names and addresses only, and no url$/],
  ])('a request with %s is refused', async (_, san, more, why) => {
    const problem = { path: 'csr', expected: expect.stringMatching(why) as unknown, got: 'something else' };
    expect(await node.certificates.request(forHost(requestFor(san, more)), by)).toEqual({ problem });
  });

  test('a request that is not of its own key, or is cut, or is none, is refused', async () => {
    const pem = requestFor('DNS:a');
    const [head = '', ...lines] = pem.trim().split('\n');
    const der = Buffer.from(lines.slice(0, -1).join(''), 'base64');
    const armoured = (bytes: Buffer): string =>
      `${head}\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n${lines.at(-1) ?? ''}\n`;
    expect(await readSigningRequest(armoured(der))).toMatchObject({ _tag: 'Right' });
    const bent = Buffer.from(der);
    const at = bent.indexOf('evil');
    bent.write('good', at);
    expect(await readSigningRequest(armoured(bent))).toEqual({
      _tag: 'Left',
      left: 'a certificate request that is signed with its own key',
    });
    for (const text of ['', pem.slice(0, 300), armoured(der.subarray(0, 100)), `${pem}${pem}`, 'x'.repeat(20_000)]) {
      expect(await readSigningRequest(text)).toMatchObject({ _tag: 'Left' });
    }
  });

  test('names that nobody may have are refused, and nothing is given out', async () => {
    for (const san of ['DNS:*.example.net', 'DNS:a..b', 'IP:0.0.0.0', 'DNS:192.0.2.7']) {
      expect(await node.certificates.request(forHost(requestFor(san)), by)).toMatchObject({
        refused: { result: { status: 'rejected', code: 'certificate.unsignable' } },
      });
    }
  });

  test('whoever may not ask gets nothing, and does not even have the authority made', async () => {
    const stranger = { ...by, principal: 'host/node2', credential: 'certificate/none' };
    expect(await node.certificates.request(forHost(requestFor('DNS:a')), stranger)).toMatchObject({
      refused: { result: { status: 'rejected' } },
    });
    expect(node.certificates.bundle()).toBeUndefined();
  });

  test('the private key of the authority is nowhere in the log', async () => {
    await host();
    const asked = { ...by, kind: 'authority.rotate', id: 'cluster', body: {} };
    await node.engine.submit(asked);
    await node.engine.flush();
    const text = JSON.stringify(node.engine.outcomes(1, 100));
    expect(text).toContain('sealed:v1:');
    // Where PKCS #8 of a key on P-256 begins, in base64 at each of three offsets.
    const begin = Buffer.from('308187020100301306072a8648ce3d020106082a8648ce3d030107', 'hex');
    for (const pad of [0, 1, 2]) {
      const middle = Buffer.concat([Buffer.alloc(pad), begin])
        .toString('base64')
        .slice(4, -4);
      expect(text).not.toContain(middle);
    }
    expect(text).not.toContain('PRIVATE KEY');
  });
});
