import { connect, constants, type ClientHttp2Session } from 'node:http2';
import { setTimeout } from 'node:timers/promises';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { Etcd3 } from 'etcd3';
import { createGrpcServer, type GrpcServer } from '#gateways/etcd/http2/grpc';
import { encodeMessage } from '#gateways/etcd/http2/grpc-message';
import type { GrpcHandler } from '#gateways/etcd/http2/grpc-route';
import { GrpcCode, grpcError } from '#gateways/etcd/http2/grpc-status';
import type { GrpcStream } from '#gateways/etcd/http2/grpc-stream';
import { testCertificate } from '#gateways/etcd/http2/test-certificate';

const mebibyte = 1024 * 1024;
const cancelled: string[] = [];
const authenticated: (string | undefined)[] = [];

const chat = (stream: GrpcStream) => {
  stream.onMessage((message) => stream.write(message));
  stream.onHalfClose(() => stream.end({ code: GrpcCode.ok, message: '' }));
};

/** Like a watch, goes on when the client has half-closed. */
const listen = (stream: GrpcStream) => {
  stream.onMessage((message) => stream.write(message));
  stream.onCancel(() => cancelled.push(stream.path));
};

const handlers = new Map<string, GrpcHandler>([
  ['/t.T/Echo', { kind: 'unary', handle: (request) => Promise.resolve(request) }],
  ['/t.T/Stay', { kind: 'unary', handle: () => new Promise(() => {}) }],
  [
    '/t.T/Refuse',
    { kind: 'unary', handle: () => Promise.reject(grpcError(GrpcCode.notFound, 'nicht da: 100 % „so“')) },
  ],
  ['/t.T/Chat', { kind: 'stream', handle: chat }],
  ['/t.T/Listen', { kind: 'stream', handle: listen }],
  // An empty message is a RangeResponse without keys.
  [
    '/etcdserverpb.KV/Range',
    {
      kind: 'unary',
      handle: (_, call) => {
        authenticated.push(call.metadata('token'));
        return Buffer.alloc(0);
      },
    },
  ],
  [
    '/etcdserverpb.KV/Put',
    {
      kind: 'unary',
      handle: () => {
        throw grpcError(GrpcCode.resourceExhausted, 'etcdserver: mvcc: database space exceeded');
      },
    },
  ],
]);

const fail = (error: unknown) => {
  throw error;
};
const servers: GrpcServer[] = [];
const serve = async (tls?: typeof testCertificate) => {
  const options = { handlers, maxMessageBytes: 4 * mebibyte, onDefect: fail };
  const server = createGrpcServer(tls === undefined ? options : { ...options, tls });
  servers.push(server);
  return (await server.listen('127.0.0.1', 0)).port;
};
afterAll(async () => {
  for (const server of servers) await server.close(0);
});

describe.each(['plain', 'tls'] as const)('grpc-js over %s', (transport) => {
  let client: Client;
  const same = (message: Buffer) => message;

  beforeAll(async () => {
    const port = await serve(transport === 'tls' ? testCertificate : undefined);
    const secrets =
      transport === 'tls' ? credentials.createSsl(Buffer.from(testCertificate.cert)) : credentials.createInsecure();
    client = new Client(`localhost:${port}`, secrets, {
      'grpc.max_receive_message_length': 8 * mebibyte,
      'grpc.max_send_message_length': 8 * mebibyte,
    });
  });
  afterAll(() => client.close());

  const call = (path: string, request: Buffer, options = {}) =>
    new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, request, new Metadata(), options, (error, response) => {
        if (error === null && response !== undefined) resolve(response);
        else reject(error ?? new Error('no response'));
      });
    });
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 0,
      (error: ServiceError) => error.code,
    );

  it('makes unary calls, many at once', async () => {
    const requests = Array.from({ length: 500 }, (_, index) => Buffer.from(`request ${index}`));
    expect(await Promise.all(requests.map((request) => call('/t.T/Echo', request)))).toEqual(requests);
  });

  it('sends and receives messages of megabytes', async () => {
    const request = Buffer.alloc(3 * mebibyte, 'x');
    expect((await call('/t.T/Echo', request)).equals(request)).toBe(true);
    expect(await codeOf(call('/t.T/Echo', Buffer.alloc(5 * mebibyte)))).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('sees codes and messages', async () => {
    await expect(call('/t.T/Refuse', Buffer.alloc(0))).rejects.toMatchObject({
      code: status.NOT_FOUND,
      details: 'nicht da: 100 % „so“',
    });
    expect(await codeOf(call('/t.T/None', Buffer.alloc(0)))).toBe(status.UNIMPLEMENTED);
  });

  it('meets its deadline', async () => {
    const options = { deadline: Date.now() + 50 };
    expect(await codeOf(call('/t.T/Stay', Buffer.alloc(0), options))).toBe(status.DEADLINE_EXCEEDED);
  });

  it('chats, with messages large and small', async () => {
    const stream = client.makeBidiStreamRequest('/t.T/Chat', same, same);
    const sent = [0, 1, 100, mebibyte, 20_000, 5].map((bytes) => Buffer.alloc(bytes, 'y'));
    const received: Buffer[] = [];
    const ended = new Promise<number>((resolve) => stream.on('status', ({ code }) => resolve(code)));
    stream.on('data', (message: Buffer) => received.push(message));
    for (const message of sent) stream.write(message);
    stream.end();
    expect(await ended).toBe(status.OK);
    expect(received.map(({ length }) => length)).toEqual(sent.map(({ length }) => length));
  });

  it('cancels', async () => {
    cancelled.length = 0;
    const stream = client.makeBidiStreamRequest('/t.T/Listen', same, same);
    const ended = new Promise<number>((resolve) => stream.on('error', (error: ServiceError) => resolve(error.code)));
    stream.once('data', () => stream.cancel());
    stream.write(Buffer.from('x'));
    expect(await ended).toBe(status.CANCELLED);
    for (let tries = 0; tries < 200 && cancelled.length === 0; tries += 1) await setTimeout(10);
    expect(cancelled).toEqual(['/t.T/Listen']);
  });
});

describe('node:http2', () => {
  let session: ClientHttp2Session;
  beforeAll(async () => {
    session = connect(`http://127.0.0.1:${await serve()}`);
  });
  afterAll(() => session.destroy());

  const request = (fields: Record<string, string>, body?: Buffer) =>
    new Promise<{ fields: object; trailers: object; body: Buffer }>((resolve, reject) => {
      const stream = session.request(fields, { endStream: body === undefined });
      let [head, trailers]: object[] = [{}, {}];
      const parts: Buffer[] = [];
      stream.on('response', (received) => (head = received));
      stream.on('trailers', (received: object) => (trailers = received));
      stream.on('data', (chunk: Buffer) => parts.push(chunk));
      stream.on('error', reject);
      stream.on('close', () => resolve({ fields: head ?? {}, trailers: trailers ?? {}, body: Buffer.concat(parts) }));
      if (body !== undefined) stream.end(body);
    });
  const grpc = { ':method': 'POST', ':path': '/t.T/Echo', 'content-type': 'application/grpc', te: 'trailers' };

  it('gets headers, message and trailers, again and again', async () => {
    for (const text of ['one', 'two', 'three']) {
      const body = encodeMessage(Buffer.from(text));
      const answer = await request(grpc, body);
      expect(answer.fields).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' });
      expect(answer.trailers).toMatchObject({ 'grpc-status': '0' });
      expect(answer.body).toEqual(body);
    }
  });

  it('may use every octet in a field, Huffman-coded or not', async () => {
    const value = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('');
    const answer = await request({ ...grpc, 'x-all': value, 'x-latin': 'é\xff' }, encodeMessage(Buffer.from('x')));
    expect(answer.trailers).toMatchObject({ 'grpc-status': '0' });
  });

  it('is told what does not belong here', async () => {
    expect((await request({ ':path': '/health' })).fields).toMatchObject({ ':status': 405 });
    expect((await request({ ':method': 'POST' }, Buffer.from('x'))).fields).toMatchObject({ ':status': 415 });
  });

  it('has its pings answered', async () => {
    await new Promise<void>((resolve, reject) => {
      session.ping((error) => (error === null ? resolve() : reject(error)));
    });
  });

  it('may change its windows while an answer is under way', async () => {
    const body = encodeMessage(Buffer.alloc(mebibyte, 'z'));
    const answering = request(grpc, body);
    session.settings({ initialWindowSize: 1000 });
    session.settings({ initialWindowSize: 300_000, maxFrameSize: 20_000, headerTableSize: 0 });
    expect((await answering).body.equals(body)).toBe(true);
    expect((await request(grpc, body.subarray(0, 0))).fields).toMatchObject({ 'grpc-status': '13' });
  });

  it('can cancel with every code', async () => {
    cancelled.length = 0;
    const codes = [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_INTERNAL_ERROR];
    for (const code of codes) {
      const stream = session.request({ ...grpc, ':path': '/t.T/Listen' });
      stream.on('error', () => {});
      stream.write(encodeMessage(Buffer.from('x')));
      await new Promise((resolve) => stream.once('data', resolve));
      stream.close(code);
    }
    expect((await request(grpc, encodeMessage(Buffer.from('y')))).trailers).toMatchObject({ 'grpc-status': '0' });
    expect(cancelled).toEqual(codes.map(() => '/t.T/Listen'));
  });
});

describe('etcd3', () => {
  it('reads an absent key and sees our refusal of a put', async () => {
    const client = new Etcd3({ hosts: `http://127.0.0.1:${await serve()}` });
    expect(await client.get('absent').string()).toBeNull();
    expect(authenticated).toEqual([undefined]);
    await expect(client.put('key').value('value')).rejects.toThrow('database space exceeded');
    client.close();
  });
});
