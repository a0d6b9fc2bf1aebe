import { connect } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What comes back on a connection. Bytes are only valid during the call. */
export interface Answers {
  data(stream: number, bytes: Buffer): void;
  end(stream: number): void;
  /** The connection is of no use any more. */
  lost(reason: string): void;
}

export interface Connection {
  /** Bytes must not change before the answer has come. */
  readonly write: (bytes: Buffer) => void;
  readonly close: () => void;
}

/** The frames of one call. Stream ids and, in a short message, bytes may be changed in place between sends. */
export interface Call {
  readonly bytes: Buffer;
  readonly messageAt: number;
  readonly streamsAt: readonly number[];
}

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const ACK = 1;
const END_STREAM = 1;
const END_HEADERS = 4;
const FRAME_HEAD_BYTES = 9;
/** RFC 9113 4.2: what every peer takes. */
const MOST_FRAME_BYTES = 16_384;
/** gRPC puts a flag and a length of four bytes before each message. */
const MESSAGE_HEAD_BYTES = 5;

const frame = (type: number, flags: number, stream: number, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

/** Windows so large that a run needs no WINDOW_UPDATE of ours. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(SETTINGS, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])),
  frame(WINDOW_UPDATE, 0, 0, Buffer.from([0x7f, 0, 0, 0])),
]);
const SETTINGS_ACK = frame(SETTINGS, ACK, 0, Buffer.alloc(0));

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  if (bytes.length >= 127 + 128) throw new Error('a header value is too long for this encoder');
  return Buffer.concat([Buffer.from([127, bytes.length - 127]), bytes]);
};

/**
 * The header blocks of a connection's first call and of its later ones, which are references into the table that the
 * first one filled (RFC 7541 6.1, 6.2.1), as a real client's are. All calls of a connection have one path.
 */
export const headerBlocks = (
  path: string,
  token: string | undefined,
): { readonly first: Buffer; readonly later: Buffer } => {
  const named: readonly (readonly [name: Buffer, value: string])[] = [
    [Buffer.from([0x44]), path],
    [Buffer.from([0x41]), 'localhost'],
    [Buffer.from([0x5f]), 'application/grpc'],
    [Buffer.concat([Buffer.from([0x40]), text('te')]), 'trailers'],
    ...(token === undefined ? [] : [[Buffer.concat([Buffer.from([0x40]), text('token')]), token] as const]),
  ];
  const methodAndScheme = Buffer.from([0x83, 0x86]);
  const newest = 0x80 | 62;
  return {
    first: Buffer.concat([methodAndScheme, ...named.flatMap(([name, value]) => [name, text(value)])]),
    later: Buffer.concat([methodAndScheme, Buffer.from(named.map((_, at) => newest + named.length - 1 - at))]),
  };
};

/** A call with one message; `open` leaves the client's side of the stream open. */
export const callOf = (headers: Buffer, message: Uint8Array, open = false): Call => {
  const body = Buffer.alloc(MESSAGE_HEAD_BYTES + message.length);
  body.writeUInt32BE(message.length, 1);
  body.set(message, MESSAGE_HEAD_BYTES);
  const frames = [frame(HEADERS, END_HEADERS, 1, headers)];
  for (let at = 0; at < body.length; at += MOST_FRAME_BYTES) {
    const last = at + MOST_FRAME_BYTES >= body.length;
    frames.push(frame(DATA, last && !open ? END_STREAM : 0, 1, body.subarray(at, at + MOST_FRAME_BYTES)));
  }
  const streamsAt: number[] = [];
  let at = 0;
  for (const { length } of frames) {
    streamsAt.push(at + 5);
    at += length;
  }
  const messageAt = 2 * FRAME_HEAD_BYTES + headers.length + MESSAGE_HEAD_BYTES;
  return { bytes: Buffer.concat(frames), messageAt, streamsAt };
};

export const onStream = (call: Call, stream: number): Buffer => {
  for (const at of call.streamsAt) call.bytes.writeUInt32BE(stream, at);
  return call.bytes;
};

/** A client that reads no more of an answer than its frames' heads, so that it costs little beside what it measures. */
export const openConnection = ({ host, port }: Address, answers: Answers): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let rest: Buffer | undefined;
    let closed = false;
    const lost = (reason: string): void => {
      if (closed) return;
      closed = true;
      socket.destroy();
      answers.lost(reason);
      reject(new Error(reason));
    };
    const control = (type: number, flags: number, payload: Buffer): void => {
      if (type === SETTINGS && (flags & ACK) === 0) socket.write(SETTINGS_ACK);
      if (type === PING && (flags & ACK) === 0) socket.write(frame(PING, ACK, 0, payload));
      if (type === RST_STREAM) lost(`a stream was reset with code ${payload.readUInt32BE(0)}`);
      if (type === GOAWAY) lost(`the server closed: ${payload.subarray(8).toString('latin1')}`);
    };
    socket.on('connect', () => {
      socket.write(PREFACE);
      resolve({
        write: (bytes) => socket.write(bytes),
        close: () => {
          closed = true;
          socket.destroy();
        },
      });
    });
    socket.on('error', (error) => lost(error.message));
    socket.on('close', () => lost('the connection was closed'));
    socket.on('data', (chunk: Buffer) => {
      const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (bytes.length - at >= FRAME_HEAD_BYTES && !closed) {
        const end = at + FRAME_HEAD_BYTES + bytes.readUIntBE(at, 3);
        if (end > bytes.length) break;
        const type = bytes[at + 3] as number;
        const flags = bytes[at + 4] as number;
        const stream = bytes.readUInt32BE(at + 5);
        if (type === DATA) answers.data(stream, bytes.subarray(at + FRAME_HEAD_BYTES, end));
        else if (type !== HEADERS) control(type, flags, bytes.subarray(at + FRAME_HEAD_BYTES, end));
        if (type <= HEADERS && (flags & END_STREAM) !== 0) answers.end(stream);
        at = end;
      }
      rest = at === bytes.length ? undefined : bytes.subarray(at);
    });
  });
