import { connect } from 'node:net';
import { keyOf, value, writeDigits } from '#harness/bench/etcd-message';
import type { Address } from '#harness/bench/http2-client';
import { measured, type LoadResult } from '#harness/bench/load-result';

export interface HttpLoad {
  readonly address: Address;
  readonly token?: string;
  /** Whose API is spoken: the derived one, or that of etcd's gRPC gateway. */
  readonly api: 'ultracloud' | 'etcd';
  readonly clients: number;
  readonly keys: number;
  readonly seconds: number;
}

const MARK = '\0key\0';

/** A put over and over; `keyed` changes the key in it. */
const request = (load: HttpLoad): { readonly bytes: Buffer; readonly keyed: (index: number) => void } => {
  const [path, body] =
    load.api === 'etcd'
      ? ['/v3/kv/put', { key: Buffer.from(keyOf(0)).toString('base64'), value: value.toString('base64') }]
      : [`/v1/keys/k%2F${MARK}/put`, { value: value.toString() }];
  const json = JSON.stringify(body);
  const lines = [
    `POST ${path.replace(MARK, keyOf(0).slice(2))} HTTP/1.1`,
    'host: localhost',
    'content-type: application/json',
    `content-length: ${json.length}`,
    ...(load.token === undefined ? [] : [`authorization: Bearer ${load.token}`]),
  ];
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${json}`);
  if (load.api === 'ultracloud') {
    const at = `POST ${path}`.indexOf(MARK);
    return { bytes, keyed: (index) => writeDigits(bytes, at, index) };
  }
  const at = bytes.indexOf('"key":"') + 7;
  return { bytes, keyed: (index) => bytes.write(Buffer.from(keyOf(index)).toString('base64'), at) };
};

/** Each client has one keep-alive connection with one request in flight. */
export const runHttpLoad = async (load: HttpLoad): Promise<LoadResult> => {
  const latencies: number[] = [];
  const state = { failed: 0, running: true };
  const sockets = Array.from({ length: load.clients }, () => startClient(load, latencies, state));
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, load.seconds * 1000));
  state.running = false;
  const seconds = (performance.now() - startedAt) / 1000;
  for (const socket of sockets) socket.destroy();
  return measured(latencies, latencies.length, seconds, state.failed);
};

const startClient = (load: HttpLoad, latencies: number[], state: { failed: number; running: boolean }) => {
  const { bytes, keyed } = request(load);
  const socket = connect({ ...load.address, noDelay: true });
  let sentAt = 0;
  let answer = '';
  const send = (): void => {
    keyed(Math.floor(Math.random() * load.keys));
    sentAt = performance.now();
    socket.write(bytes);
  };
  socket.on('connect', send);
  socket.on('error', () => state.failed++);
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
    if (!complete(answer)) return;
    if (answer.startsWith('HTTP/1.1 200')) latencies.push(performance.now() - sentAt);
    else state.failed++;
    answer = '';
    if (state.running) send();
  });
  return socket;
};

const complete = (answer: string): boolean => {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer);
  if (length === null || length.index > headEnd) return answer.endsWith('\r\n0\r\n\r\n');
  return answer.length >= headEnd + 4 + Number(length[1]);
};
