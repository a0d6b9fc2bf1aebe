import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, chmodSync, chownSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { mayMount, mountDisk } from '#harness/scenarios/disk';
import { call, onStage } from '#harness/scenarios/stage';

jest.setTimeout(120_000);

test('a second server on a directory is refused, and the first does not notice', () =>
  onStage(async (stage) => {
    const first = await stage.start();
    const endpoints = readFileSync(join(stage.data, 'endpoints.json'), 'utf8');
    const second = await stage.refused();
    expect(second.exitCode).toBe(1);
    expect(second.said).toBe(
      `error: The data directory is in use by process ${first.pid} (${join(stage.data, 'log', 'lock')}). One process ` +
        'may have it open: stop that one, or use another data directory.',
    );
    expect(readFileSync(join(stage.data, 'endpoints.json'), 'utf8')).toBe(endpoints);
    const put = { method: 'POST', path: '/v1/keys/a/put', body: { value: 'b' } } as const;
    expect((await call(first, stage.token(), put)).status).toBe(200);
    expect(await first.stop()).toEqual({ exitCode: 0, signal: null });
  }));

test('of many servers started at once on one directory, one comes up', () =>
  onStage(async (stage) => {
    const servers = Array.from({ length: 5 }, () => stage.begin());
    const settled = await Promise.allSettled(servers.map((server) => server.ready()));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const [number, { status }] of settled.entries()) {
      if (status === 'rejected') expect(servers[number]?.output()).toContain('The data directory is in use by process');
    }
    const [server] = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(JSON.parse(readFileSync(join(stage.data, 'endpoints.json'), 'utf8'))).toMatchObject({ pid: server?.pid });
    await server?.stop();
    // What the others made at the same time is not in the way of the one that came up.
    const again = await stage.start();
    expect((await call(again, stage.token(), { method: 'GET', path: '/v1/status' })).status).toBe(200);
  }));

test('the lock of a server that was killed is no obstacle', () =>
  onStage(async (stage) => {
    const first = await stage.start();
    await first.kill();
    expect(existsSync(join(stage.data, 'log', 'lock'))).toBe(true);
    const second = await stage.start();
    expect(second.endpoints.pid).toBe(second.pid);
    expect(second.output()).not.toContain('warning');
  }));

describe('an address that cannot be listened on', () => {
  test.each(['http', 'etcd'])('--%s: a port in use', (flag) =>
    onStage(async (stage) => {
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
      const { exitCode, said } = await stage.refused({ flags: [`--${flag}`, address] });
      taken.close();
      expect(said).toBe(
        `error: --${flag}: ${address} is in use by another process. Choose another port, or 0 for a free one.`,
      );
      expect(exitCode).toBe(1);
      expect(existsSync(join(stage.data, 'endpoints.json'))).toBe(false);
      expect(existsSync(join(stage.data, 'log', 'lock'))).toBe(false);
    }),
  );

  test('both the same', () =>
    onStage(async (stage) => {
      const probe = createServer().listen(0, '127.0.0.1');
      await once(probe, 'listening');
      const address = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
      probe.close();
      await once(probe, 'close');
      const { exitCode, said } = await stage.refused({ flags: ['--http', address, '--etcd', address] });
      expect([exitCode, said]).toEqual([1, expect.stringContaining(`error: --etcd: ${address} is in use`)]);
    }));

  test.each([
    ['127.0.0.1', '--http: expected HOST:PORT such as 127.0.0.1:7070 (port 0 takes a free one), got 127.0.0.1'],
    ['127.0.0.1:70000', '--http: expected HOST:PORT'],
    [
      '0.0.0.0:0',
      '--http: 0.0.0.0 can be reached from other machines, so give --tls, or --tls-cert and --tls-key too.',
    ],
    ['127.0.0.1:-1', '--http: expected HOST:PORT'],
  ])('%s', (address, says) =>
    onStage(async (stage) => {
      const { exitCode, said } = await stage.refused({ flags: ['--http', address] });
      expect([exitCode, said]).toEqual([2, expect.stringContaining(`error: ${says}`)]);
      expect(existsSync(stage.data)).toBe(false);
    }),
  );
});

/** Root may write anywhere, so the server runs as somebody else; any user does where there is only one. */
const root = process.getuid?.() === 0;
const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];
const mayBecomeNobody = (): boolean => {
  try {
    execFileSync(nobody[0] ?? '', [...nobody.slice(1), process.execPath, '--version'], { stdio: 'ignore' });
    execFileSync(nobody[0] ?? '', [...nobody.slice(1), 'cat', join(__dirname, 'stage.ts')], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const other = root ? { through: nobody } : {};

const describedWhereItBites = root && !mayBecomeNobody() ? describe.skip : describe;

describedWhereItBites('without the permission (needs setpriv when run as root)', () => {
  test('to make the directory', () =>
    onStage(async (stage) => {
      chmodSync(stage.directory, 0o755);
      const above = join(stage.directory, 'closed');
      mkdirSync(above, { mode: 0o555 });
      const data = join(above, 'data');
      const { exitCode, said } = await stage.refused({ data, ...other });
      expect(said).toBe(
        `error: ${data}: cannot be made (EACCES: permission denied). ` +
          'Choose another directory with --data, or make it.',
      );
      expect(exitCode).toBe(1);
    }));

  test('to write into it', () =>
    onStage(async (stage) => {
      chmodSync(stage.directory, 0o755);
      mkdirSync(stage.data, { mode: 0o555 });
      const { exitCode, said } = await stage.refused(other);
      expect(said).toBe(
        `error: ${stage.data}: cannot be written (EACCES: permission denied). Give this user the right to write ` +
          'there, or choose another directory with --data.',
      );
      expect(exitCode).toBe(1);
    }));

  test('to read what another user has made', () =>
    onStage(async (stage) => {
      await (await stage.start()).stop();
      chmodSync(stage.directory, 0o755);
      if (root) chownSync(stage.data, 65534, 65534);
      else chmodSync(join(stage.data, 'cluster.json'), 0o000);
      const { exitCode, said } = await stage.refused(other);
      expect(said).toBe(
        `error: ${join(stage.data, 'cluster.json')}: cannot be read (EACCES: permission denied). Start the ` +
          'server as the user that owns the data directory.',
      );
      expect(exitCode).toBe(1);
      if (!root) return;
      for (const file of ['cluster.json', 'admin.token']) chownSync(join(stage.data, file), 65534, 65534);
      const log = await stage.refused(other);
      expect(log.exitCode).toBe(1);
      expect(log.said).toContain('cannot be opened: EACCES: permission denied');
      expect(log.said).toMatch(/Start the server as the user that owns the data directory\.$/);
    }));
});

(mayMount() ? test : test.skip)('a read-only file system is named (needs the right to mount one)', () =>
  onStage(async (stage) => {
    mountDisk(stage, 'ro,size=1m');
    const { exitCode, said } = await stage.refused();
    expect(said).toBe(
      `error: ${stage.data}: cannot be written (EROFS: read-only file system). Give this user the right to write ` +
        'there, or choose another directory with --data.',
    );
    expect(exitCode).toBe(1);
  }),
);
