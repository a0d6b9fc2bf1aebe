import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectQmp } from '#gateways/host/guest/qmp';

const greeting = { QMP: { version: {}, capabilities: [] } };

interface Asked {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly id: number;
}

/** Answers as QEMU does, except where a test wants otherwise. */
const usual = (asked: Asked, say: (message: unknown) => void): void => say({ return: {}, id: asked.id });

let folder = '';
let server: Server | undefined;
const sockets = new Set<Socket>();

const listen = async (
  answer: (asked: Asked, say: (message: unknown) => void, socket: Socket) => void = usual,
  greet: unknown = greeting,
): Promise<string> => {
  const path = join(folder, 'qmp');
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const say = (message: unknown): void => void socket.write(`${JSON.stringify(message)}\r\n`);
    if (greet !== null) say(greet);
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) answer(JSON.parse(line) as Asked, say, socket);
    });
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  return path;
};

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'qmp-'))));
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

describe('a connection to QEMU', () => {
  test('answers come to those who asked, in any order', async () => {
    const waiting: (() => void)[] = [];
    const path = await listen((asked, say) => {
      if (asked.execute === 'qmp_capabilities') return usual(asked, say);
      waiting.push(() => say({ return: asked.arguments['n'], id: asked.id }));
      if (waiting.length === 2) for (const tell of waiting.reverse()) tell();
    });
    const qmp = await connectQmp(path);
    expect(await Promise.all([qmp.execute('a', { n: 1 }), qmp.execute('a', { n: 2 })])).toEqual([1, 2]);
    qmp.close();
  });

  test('an event comes to those who listen, and once to those who wait for it', async () => {
    const path = await listen((asked, say) => {
      usual(asked, say);
      if (asked.execute === 'go') {
        say({ event: 'DEVICE_DELETED', data: { path: '/x' } });
        say({ event: 'DEVICE_DELETED', data: { device: 'a' } });
      }
    });
    const qmp = await connectQmp(path);
    const heard: string[] = [];
    const stop = qmp.listen(({ name }) => heard.push(name));
    const event = qmp.event('DEVICE_DELETED', 5_000, (data) => data['device'] === 'a');
    await qmp.execute('go');
    expect(await event).toEqual({ name: 'DEVICE_DELETED', data: { device: 'a' } });
    stop();
    await qmp.execute('go');
    expect(heard).toEqual(['DEVICE_DELETED', 'DEVICE_DELETED']);
    qmp.close();
  });

  test('a refusal says why', async () => {
    const path = await listen((asked, say) => {
      if (asked.execute === 'qmp_capabilities') return usual(asked, say);
      say({ error: { class: 'GenericError', desc: 'no such device' }, id: asked.id });
    });
    const qmp = await connectQmp(path);
    await expect(qmp.execute('device_del')).rejects.toMatchObject({ code: 'refused' });
    await expect(qmp.execute('device_del')).rejects.toThrow(/no such device/);
    qmp.close();
  });

  test('a silent QEMU is given up, and the next command is sent all the same', async () => {
    const path = await listen((asked, say) => {
      if (asked.execute !== 'sleep') usual(asked, say);
    });
    const qmp = await connectQmp(path);
    await expect(qmp.execute('sleep', {}, 20)).rejects.toMatchObject({ code: 'deadline' });
    await expect(qmp.event('NEVER', 20)).rejects.toMatchObject({ code: 'deadline' });
    expect(await qmp.execute('query')).toEqual({});
    qmp.close();
  });

  test.each<readonly [what: string, code: string, connect: () => Promise<string>]>([
    ['nobody listens', 'lost', () => Promise.resolve(join(folder, 'none'))],
    ['nobody greets', 'deadline', () => listen(usual, null)],
    ['it says what is no JSON', 'lost', () => listen((_, __, socket) => void socket.write('what?\n'))],
    ['it ends', 'lost', () => listen((_, __, socket) => void socket.end())],
    ['its path is too long', 'unusable', () => Promise.resolve(`/${'x'.repeat(107)}`)],
  ])('fails when %s', async (_, code, connect) => {
    await expect(connectQmp(await connect(), 200)).rejects.toMatchObject({ code });
  });

  test('whoever waits is told when it ends', async () => {
    const path = await listen((asked, say, socket) => {
      if (asked.execute === 'qmp_capabilities') usual(asked, say);
      else socket.destroy();
    });
    const qmp = await connectQmp(path);
    const ended = new Promise<void>((resolve) => qmp.onClose(resolve));
    const event = qmp.event('SHUTDOWN', 5_000);
    await expect(qmp.execute('quit')).rejects.toMatchObject({ code: 'lost' });
    await expect(event).rejects.toMatchObject({ code: 'lost' });
    await ended;
    expect(qmp.closed).toBe(true);
    await expect(qmp.execute('query')).rejects.toMatchObject({ code: 'lost' });
    await expect(qmp.event('SHUTDOWN', 5_000)).rejects.toMatchObject({ code: 'lost' });
    expect((await connectQmp(await listenAgain(path))).closed).toBe(false);
  });

  test('a line without an end is not kept for ever', async () => {
    const path = await listen((asked, say, socket) => {
      if (asked.execute === 'qmp_capabilities') usual(asked, say);
      else socket.write(Buffer.alloc(6 * 2 ** 20, 'x'));
    });
    const qmp = await connectQmp(path);
    await expect(qmp.execute('flood')).rejects.toMatchObject({ code: 'lost' });
  });
});

/** A QEMU that was started anew on the same socket. */
const listenAgain = async (path: string): Promise<string> => {
  await new Promise<void>((resolve) => server?.close(() => resolve()));
  rmSync(path, { force: true });
  return listen();
};
