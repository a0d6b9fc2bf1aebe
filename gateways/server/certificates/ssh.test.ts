import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IssuedCertificate } from '#gateways/node';
import { readSshKey } from '#gateways/server/certificates/ssh-key';
import { administrator } from '#gateways/server/policy';
import { makeHosts } from '#harness/known-host';
import { startTestNode, type TestNode } from '#harness/node';

// Other work may share the machine.
jest.setTimeout(60_000);

const found = (program: string): string | undefined =>
  ['/usr/sbin', '/usr/bin', '/sbin', '/bin', ...(process.env['PATH'] ?? '').split(':')]
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));

const keygen = found('ssh-keygen');
const sshd = found('sshd');
const ssh = found('ssh');
const canServe = sshd !== undefined && ssh !== undefined;

/** As root the server wants a directory that only its service makes; as anybody else it does without. */
const nobody = 65_534;
const asNobody = process.getuid?.() === 0;

const by = { principal: administrator.name, credential: 'admin.token', source: 'test', address: '127.0.0.1' };

(keygen === undefined ? describe.skip : describe)('what OpenSSH makes of our certificates (needs ssh-keygen)', () => {
  let directory: string;
  let node: TestNode;
  let nowMs: number;
  const file = (name: string): string => join(directory, name);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ultracloud-ssh-'));
    nowMs = Date.now();
    node = await startTestNode({ now: () => nowMs });
    await makeHosts(node, 'node1', 'node2');
  });
  afterEach(async () => {
    await node.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const makeKey = (type: string): string => {
    execFileSync(keygen ?? '', ['-q', '-t', type, '-N', '', '-f', file('host')], { stdio: 'ignore' });
    return readFileSync(file('host.pub'), 'utf8');
  };

  /** A key of a host with its certificate beside it. */
  const certified = async (
    names: readonly string[],
    { type = 'ed25519', from = node, subject = 'host/node1', addresses = ['127.0.0.1'] } = {},
  ): Promise<IssuedCertificate> => {
    const asked = { subject, names, addresses, sshKey: makeKey(type) };
    const done = await from.certificates.request(asked, by);
    if (!('issued' in done)) throw new Error(JSON.stringify(done));
    writeFileSync(file('host-cert.pub'), `${done.issued.certificate}\n`);
    writeFileSync(file('known_hosts'), node.certificates.sshAuthorities() ?? '');
    return done.issued;
  };

  test.each(['ed25519', 'ecdsa'])('a certificate for a key of type %s says what was asked for', async (type) => {
    const issued = await certified(['node1.example.net', 'node1'], { type });
    const shown = execFileSync(keygen ?? '', ['-L', '-f', file('host-cert.pub')], { encoding: 'utf8' });
    expect(shown).toMatch(/Type: \S+-cert-v01@openssh\.com host certificate/);
    expect(shown).toContain(`Key ID: "host/node1 ${issued.serial}"`);
    expect(shown).toContain(`Serial: ${BigInt(`0x${issued.serial.slice(0, 16)}`)}`);
    expect(shown).toMatch(/Principals:\s+node1\.example\.net\s+node1\s+127\.0\.0\.1\s+Critical Options: \(none\)/);
    const authority = `${issued.chain}\n`;
    writeFileSync(file('authority.pub'), authority);
    const fingerprint = execFileSync(keygen ?? '', ['-l', '-f', file('authority.pub')], { encoding: 'utf8' }).split(
      ' ',
    )[1];
    expect(shown).toContain(`Signing CA: ED25519 ${fingerprint}`);
    expect(shown).toContain('Extensions: (none)');
  });

  test.each([
    ['', /^a key of type/],
    ['ssh-dss AAAA', /^a key of type/],
    ['ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB', /^a key of type/],
    ['ssh-ed25519', /^a whole key/],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==', /^a whole key/],
    ['ssh-ed25519 ////', /^a whole key/],
    ['ssh-ed25519-cert-v01@openssh.com AAAA', /^a key of type/],
  ])('%j is no key of a host', (line, why) => {
    expect(readSshKey(line)).toEqual({ _tag: 'Left', left: expect.stringMatching(why) as unknown });
  });

  test('a point that is not on the curve is no key', () => {
    const [type = '', base64 = ''] = makeKey('ecdsa').split(' ');
    expect(readSshKey(`${type} ${base64}`)).toMatchObject({ _tag: 'Right' });
    const bent = Buffer.from(base64, 'base64');
    bent.writeUInt8(bent.readUInt8(bent.length - 1) ^ 1, bent.length - 1);
    expect(readSshKey(`${type} ${bent.toString('base64')}`)).toMatchObject({ _tag: 'Left' });
  });

  (canServe ? describe : describe.skip)('over a real connection (needs ssh and sshd)', () => {
    let server: ChildProcess | undefined;
    afterEach(async () => {
      if (server === undefined || server.exitCode !== null) return;
      const ended = new Promise((resolve) => server?.once('exit', resolve));
      server.kill('SIGKILL');
      await ended;
    });

    const freePort = (): Promise<number> =>
      new Promise((resolve) => {
        const listening = createServer().listen(0, '127.0.0.1', () => {
          const { port } = listening.address() as AddressInfo; // It listens on a port.
          listening.close(() => resolve(port));
        });
      });

    /** What a client says that trusts the authority and nothing else; nobody is let in. */
    const connected = async (): Promise<string> => {
      const port = await freePort();
      const settings = [`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${file('host')}`, 'PidFile none'];
      const more = [`HostCertificate ${file('host-cert.pub')}`, 'UsePAM no', 'PasswordAuthentication no'];
      writeFileSync(file('sshd_config'), `${[...settings, ...more].join('\n')}\n`);
      if (asNobody)
        for (const name of ['', 'host', 'host-cert.pub', 'sshd_config']) chownSync(file(name), nobody, nobody);
      server = spawn(sshd ?? '', ['-D', '-e', '-f', file('sshd_config')], {
        stdio: ['ignore', 'ignore', 'pipe'],
        ...(asNobody ? { uid: nobody, gid: nobody } : {}),
      });
      await new Promise<void>((resolve, reject) => {
        let said = '';
        server?.stderr?.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          if (said.includes('Server listening')) resolve();
        });
        server?.once('exit', () => reject(new Error(said)));
      });
      const known = [`UserKnownHostsFile=${file('known_hosts')}`, 'GlobalKnownHostsFile=/dev/null'];
      const strict = ['StrictHostKeyChecking=yes', 'BatchMode=yes', 'PreferredAuthentications=none'];
      const options = [...known, ...strict].flatMap((option) => ['-o', option]);
      const words = ['-F', '/dev/null', ...options, '-p', String(port), 'nobody@127.0.0.1', 'true'];
      return spawnSync(ssh ?? '', words, { encoding: 'utf8', timeout: 20_000 }).stderr;
    };

    const isBelieved = /Permission denied/;
    const isDoubted = /Host key verification failed/;

    test.each(['ed25519', 'ecdsa'])('a host is believed by its certificate for a key of type %s', async (type) => {
      await certified(['node1'], { type });
      expect(await connected()).toMatch(isBelieved);
    });

    test('a host with the certificate of another host is not', async () => {
      await certified(['node2'], { subject: 'host/node2', addresses: [] });
      expect(await connected()).toMatch(isDoubted);
    });

    test('a host with a certificate of another cluster is not', async () => {
      const other = await startTestNode();
      await makeHosts(other, 'node1');
      await node.certificates.create();
      await certified(['node1'], { from: other });
      await other.stop();
      expect(await connected()).toMatch(isDoubted);
    });

    test('a host whose certificate has ended is not', async () => {
      const past = await startTestNode({ now: () => nowMs - 31 * 86_400_000 });
      await makeHosts(past, 'node1');
      await certified(['node1'], { from: past });
      writeFileSync(file('known_hosts'), past.certificates.sshAuthorities() ?? '');
      await past.stop();
      expect(await connected()).toMatch(isDoubted);
    });

    test('a host whose certificate does not hold yet is not', async () => {
      nowMs += 86_400_000;
      await certified(['node1']);
      expect(await connected()).toMatch(isDoubted);
    });
  });
});
