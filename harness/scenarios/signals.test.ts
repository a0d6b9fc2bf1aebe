import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { call, onStage, type Reply } from '#harness/scenarios/stage';
import type { ServerProcess } from '#harness/server-process';

jest.setTimeout(120_000);

const clients = 8;

/** Puts until the server takes no more; gives the keys that were acknowledged. */
const writeUntilItEnds = async (server: ServerProcess, token: string): Promise<readonly string[]> => {
  const acknowledged: string[] = [];
  const client = async (number: number): Promise<void> => {
    for (let count = 0; ; count++) {
      const key = `client-${number}-${count}`;
      let reply: Reply;
      try {
        reply = await call(server, token, { method: 'POST', path: `/v1/keys/${key}/put`, body: { value: key } });
      } catch {
        return;
      }
      if (reply.status === 503) return;
      expect(reply.status).toBe(200);
      acknowledged.push(key);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  return acknowledged;
};

test('SIGTERM under load ends it cleanly, with all that was acknowledged', () =>
  onStage(async (stage) => {
    const server = await stage.start();
    const writing = writeUntilItEnds(server, stage.token());
    await pause(300);
    expect(await server.stop()).toEqual({ exitCode: 0, signal: null });
    const acknowledged = await writing;
    expect(acknowledged.length).toBeGreaterThan(clients);
    expect(existsSync(join(stage.data, 'endpoints.json'))).toBe(false);
    expect(existsSync(join(stage.data, 'log', 'lock'))).toBe(false);
    const verified = await stage.cli('log', 'verify', '-o', 'json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true });

    const again = await stage.start();
    expect(again.output()).not.toContain('warning');
    for (const key of acknowledged) {
      const { json } = await call(again, stage.token(), { method: 'GET', path: `/v1/keys/${key}` });
      expect(json).toMatchObject({ value: key, version: 1 });
    }
  }));

test('SIGTERM ends open watches and streams too', () =>
  onStage(async (stage) => {
    const server = await stage.start();
    const headers = { authorization: `Bearer ${stage.token()}` };
    const watches = ['/v1/keys?prefix=a&watch=0', '/v1/log?follow=true'].map((path) =>
      fetch(`${server.endpoints.http}${path}`, { headers }),
    );
    const bodies = (await Promise.all(watches)).map((response) => response.text().catch(() => ''));
    expect(await server.stop()).toEqual({ exitCode: 0, signal: null });
    await Promise.all(bodies);
  }));

test('a server that was suspended answers what waited, and ends no lease that nobody could renew', () =>
  onStage(async (stage) => {
    const server = await stage.start();
    const token = stage.token();
    const post = (path: string, body: unknown): Promise<Reply> => call(server, token, { method: 'POST', path, body });
    const ttlSeconds = 6;
    expect((await post('/v1/leases/7/grant', { ttlSeconds })).status).toBe(200);
    expect((await post('/v1/keys/held/put', { value: 'x', lease: '7' })).status).toBe(200);
    server.signal('SIGSTOP');
    const waiting = post('/v1/keys/meanwhile/put', { value: 'y' });
    await pause(ttlSeconds * 1000 + 1_000);
    server.signal('SIGCONT');
    expect((await waiting).status).toBe(200);
    // Time for the judge of leases to look at them, before their holder is heard again.
    await pause(600);
    expect((await post('/v1/leases/7/renew', {})).status).toBe(200);
    expect((await call(server, token, { method: 'GET', path: '/v1/keys/held' })).status).toBe(200);
    expect((await call(server, token, { method: 'GET', path: '/v1/keys/meanwhile' })).status).toBe(200);
    expect(await server.stop()).toEqual({ exitCode: 0, signal: null });
  }));
