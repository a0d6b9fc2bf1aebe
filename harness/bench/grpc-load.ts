import { connect, type Socket } from 'node:net';

/**
 * A load generator that costs little beside what it measures: requests are encoded once, one call is in flight on each
 * connection, and of the answers only the frames' heads are read (RFC 9113 4.1).
 */
export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly clients: number;
  readonly seconds: number;
  /** The gRPC message of a client's n-th call. */
  readonly message: (client: number, call: number) => Buffer;
  readonly token?: string;
  /** Calls per second over all clients; absent: as fast as they are answered. */
  readonly rate?: number;
}

export interface LoadResult {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const END_STREAM = 1;

export const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

/** Literal header fields without indexing (RFC 7541 6.2.2): the block means the same on every connection. */
const headerBlock = (fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
  );

const literal = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  return Buffer.concat([Buffer.from([127, (bytes.length - 127) | 0]), bytes]);
};

/** The five bytes before each gRPC message. */
export const grpcMessage = (message: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

export const requestHeaders = (path: string, token: string | undefined): Buffer =>
  headerBlock([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...(token === undefined ? [] : [['token', token] as const]),
  ]);

/** The connection preface with a window so large that no WINDOW_UPDATE is needed during a run. */
export const preface = (): Buffer => {
  const settings = Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff]); // SETTINGS_INITIAL_WINDOW_SIZE
  const window = Buffer.from([0x7f, 0, 0, 0]);
  return Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, settings), frame(8, 0, 0, window)]);
};

export const runLoad = async (options: LoadOptions): Promise<LoadResult> => {
  const latencies: number[] = [];
  const state = { failed: 0, running: true };
  const started = performance.now();
  const clients = Array.from({ length: options.clients }, (_, client) => startClient(options, client, state, latencies));
  await Promise.all(clients.map(({ ready }) => ready));
  const began = performance.now();
  latencies.length = 0;
  await new Promise((resolve) => setTimeout(resolve, options.seconds * 1000));
  state.running = false;
  const seconds = (performance.now() - began) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  for (const { socket } of clients) socket.destroy();
  if (started > began) throw new Error('the clock stepped back');
  return {
    callsPerSecond: sorted.length / seconds,
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    failed: state.failed,
  };
};

const startClient = (
  options: LoadOptions,
  client: number,
  state: { failed: number; running: boolean },
  latencies: number[],
): { socket: Socket; ready: Promise<void> } => {
  const socket = connect({ host: options.host, port: options.port, noDelay: true });
  const headers = requestHeaders(options.path, options.token);
  const everyMs = options.rate === undefined ? 0 : (options.clients / options.rate) * 1000;
  let stream = -1;
  let call = 0;
  let sentAt = 0;
  let dueAt = performance.now() + (everyMs * client) / options.clients;
  let rest: Buffer = Buffer.alloc(0);
  let answered: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (answered = resolve));
  const send = (): void => {
    stream += 2;
    // With a rate, latency counts from when the call was due: a stall must not hide the calls it delayed.
    sentAt = everyMs === 0 ? performance.now() : dueAt;
    const data = grpcMessage(options.message(client, call++));
    socket.write(Buffer.concat([frame(HEADERS, 4, stream, headers), frame(DATA, END_STREAM, stream, data)]));
  };
  const next = (): void => {
    if (!state.running) return;
    if (everyMs === 0) return send();
    dueAt += everyMs;
    const wait = dueAt - performance.now();
    if (wait <= 0) send();
    else setTimeout(send, wait);
  };
  socket.on('connect', () => {
    socket.write(preface());
    send();
  });
  socket.on('error', () => state.failed++);
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= 9) {
      const length = rest.readUIntBE(at, 3);
      if (rest.length - at < 9 + length) break;
      const type = rest[at + 3];
      const flags = rest[at + 4] ?? 0;
      if (type === SETTINGS && (flags & 1) === 0) socket.write(frame(SETTINGS, 1, 0, Buffer.alloc(0)));
      if (type === PING && (flags & 1) === 0) socket.write(frame(PING, 1, 0, rest.subarray(at + 9, at + 17)));
      if (type === RST_STREAM || type === GOAWAY) state.failed++;
      if (type === HEADERS && (flags & END_STREAM) !== 0) {
        latencies.push(performance.now() - sentAt);
        answered();
        next();
      }
      at += 9 + length;
    }
    rest = rest.subarray(at);
  });
  return { socket, ready };
};
