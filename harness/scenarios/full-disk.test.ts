import { closeSync, existsSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import { numberAt, parsed } from '#gateways/cli/json';
import { mayMount, mountDisk } from '#harness/scenarios/disk';
import { call, onStage, type Reply, type Stage } from '#harness/scenarios/stage';
import type { ServerProcess } from '#harness/server-process';

jest.setTimeout(180_000);

const mebibyte = 2 ** 20;

const ballast = (stage: Stage): string => join(stage.data, 'ballast');

/** Takes space on the disk until so much is left. */
const leave = (stage: Stage, bytes: number): void => {
  const { bavail, bsize } = statfsSync(stage.data);
  const file = openSync(ballast(stage), 'a');
  const piece = Buffer.alloc(64 * 1024, 1);
  try {
    for (let rest = bavail * bsize - bytes; rest > 0; rest -= piece.length) {
      writeSync(file, piece, 0, Math.min(piece.length, rest));
    }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
};

const until = async (reached: () => Promise<boolean>): Promise<void> => {
  while (!(await reached())) await pause(50);
};

const asker = (stage: Stage, server: ServerProcess) => {
  const token = stage.token();
  return {
    put: (key: string, value: string): Promise<Reply> =>
      call(server, token, { method: 'POST', path: `/v1/keys/${key}/put`, body: { value } }),
    get: (path: string): Promise<Reply> => call(server, token, { method: 'GET', path }),
    notices: async (): Promise<readonly string[]> => {
      const { json } = await call(server, token, { method: 'GET', path: '/v1/status' });
      return json['notices'] as readonly string[];
    },
    metric: async (name: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      const text = await (await fetch(`${server.endpoints.http}/metrics`, { headers })).text();
      return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    },
  };
};

(mayMount() ? describe : describe.skip)('on a small disk (needs the right to mount one)', () => {
  test('a full disk is announced, refuses writes cleanly, goes on reading, and takes writes again', () =>
    onStage(async (stage) => {
      mountDisk(stage, 'size=160m');
      const server = await stage.start({ flags: ['--disk-floor', '16MiB'] });
      const { put, get, notices, metric } = asker(stage, server);
      expect((await put('one', 'first')).status).toBe(200);
      expect(await notices()).toEqual([]);

      leave(stage, 48 * mebibyte);
      await until(async () => (await notices()).length > 0);
      expect(server.output()).toMatch(/^warning: \d+ MiB are left on the disk of .*; writes stop at 16 MiB\. Free/m);
      expect(await metric('ultracloud_disk_free_bytes')).toBeLessThan(64 * mebibyte);
      expect(await metric('ultracloud_disk_floor_bytes')).toBe(16 * mebibyte);
      expect((await stage.cli('doctor')).stdout).toMatch(/warning +notice +\d+ MiB are left on the disk/);
      expect((await put('two', 'second')).status).toBe(200);

      leave(stage, 8 * mebibyte);
      await until(async () => (await put('three', 'third')).status !== 200);
      const refused = await put('four', 'fourth');
      expect(refused).toMatchObject({ status: 507, json: { code: 'node.full', category: 'exhausted' } });
      expect(refused.json['reason']).toMatch(/^\d+ MiB are left on the disk of .*, and writes need 16 MiB\. Free some/);
      const typed = await stage.cli('kv', 'put', 'four', 'fourth');
      expect([typed.exitCode, typed.stderr]).toEqual([7, expect.stringContaining('no space left for commands')]);
      const hosts = server.endpoints.etcd.replace('http://', '');
      const etcd = new Etcd3({ hosts, auth: { username: 'root', password: stage.token() } });
      await expect(etcd.put('four').value('fourth')).rejects.toThrow('etcdserver: mvcc: database space exceeded');
      etcd.close();
      expect(await get('/v1/keys/two')).toMatchObject({ status: 200, json: { value: 'second' } });
      expect((await get('/v1/keys/four')).status).toBe(404);
      expect((await get('/readyz')).status).toBe(503);
      expect(await metric('ultracloud_writes_accepted')).toBe(0);
      const doctor = await stage.cli('doctor');
      expect([doctor.exitCode, doctor.stdout]).toEqual([1, expect.stringMatching(/problem +writes +\d+ MiB are left/)]);

      rmSync(ballast(stage));
      await until(async () => (await put('five', 'fifth')).status === 200);
      expect(await notices()).toEqual([]);
      expect(await get('/v1/keys')).toMatchObject({ status: 200 });
      expect(await server.stop()).toEqual({ exitCode: 0, signal: null });
      expect((await stage.cli('log', 'verify')).exitCode).toBe(0);
    }));

  test('an operator gets out of a full disk by a truncation, or with a lower floor', () =>
    onStage(async (stage) => {
      mountDisk(stage, 'size=256m');
      const server = await stage.start({ flags: ['--disk-floor', '16MiB'] });
      const { put, get } = asker(stage, server);
      const value = 'x'.repeat(1_200_000);
      for (let number = 0; number < 30; number++) expect((await put('large', value)).status).toBe(200);
      const head = String((await get('/v1/status')).json['position']);
      // The state has followed the log as far as that.
      expect((await stage.cli('backup', 'create', 'before')).exitCode).toBe(0);
      leave(stage, 8 * mebibyte);
      await until(async () => (await put('one', 'first')).status === 507);

      for (const words of [
        ['kv', 'delete', 'large'],
        ['history', 'compact', 'key', head],
      ]) {
        expect(await stage.cli(...words)).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('node.full') });
      }
      const truncated = await stage.cli('log', 'truncate', head, '-o', 'json');
      expect(truncated).toMatchObject({ exitCode: 0 });
      expect(numberAt(parsed(truncated.stdout), 'first')).toBeGreaterThan(1);
      await until(async () => (await put('one', 'first')).status === 200);

      leave(stage, 8 * mebibyte);
      await until(async () => (await put('two', 'second')).status === 507);
      await server.stop();
      const lower = await stage.start({ flags: ['--disk-floor', '1MiB'] });
      expect((await asker(stage, lower).put('two', 'second')).status).toBe(200);
      expect((await stage.cli('history', 'compact', 'key', head)).exitCode).toBe(0);
      expect((await stage.cli('kv', 'delete', 'large')).exitCode).toBe(0);
      rmSync(ballast(stage));
      expect((await stage.cli('log', 'verify')).exitCode).toBe(0);
    }));

  test('a disk without a byte left loses nothing that was acknowledged', () =>
    onStage(async (stage) => {
      mountDisk(stage, 'size=96m');
      const server = await stage.start({ flags: ['--disk-floor', '1MiB'] });
      const { put, get } = asker(stage, server);
      const acknowledged: string[] = [];
      const value = 'x'.repeat(20_000);
      const answers = new Set<number>();
      const write = async (key: string): Promise<void> => {
        const { status } = await put(key, value);
        answers.add(status);
        if (status === 200) acknowledged.push(key);
      };
      for (let number = 0; number < 200; number++) await write(`before-${number}`);
      leave(stage, 0);
      for (let number = 0; number < 300; number++) await write(`meanwhile-${number}`);
      expect((await get('/v1/keys/before-0')).status).toBe(200);
      expect([...answers].sort()).toEqual([200, 507]);
      const backup = await stage.cli('backup', 'create', 'no-space');
      expect([backup.exitCode, backup.stderr]).toEqual([7, expect.stringContaining('no space left for commands')]);
      expect((await stage.cli('backup', 'list', '-o', 'json')).stdout).not.toContain('no-space');
      expect(existsSync(join(stage.data, 'backups', 'no-space.unfinished'))).toBe(false);
      rmSync(ballast(stage));
      await until(async () => (await put('afterwards', 'x')).status === 200);
      for (const key of acknowledged) expect((await get(`/v1/keys/${key}`)).status).toBe(200);
      expect(await server.stop()).toEqual({ exitCode: 0, signal: null });
      expect((await stage.cli('log', 'verify')).exitCode).toBe(0);
    }));
});
