import { connect } from 'node:net';
import { kind } from '#aggregates/facts';
import { startHttpGateway, type HttpGateway, type HttpOptions } from '#gateways/http/gateway';
import { startTestNode, type TestNode, type TestNodeOptions } from '#harness/node';

/** A JSON object as it came. */
export type Json = { readonly [field: string]: unknown };

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Json;
}

export interface Lines {
  /** Waits until so many lines have come, or the stream has ended; gives all lines so far. */
  take(count: number): Promise<readonly Json[]>;
  close(): void;
}

/** A node with its HTTP gateway on a free port. */
export interface TestApi {
  readonly node: TestNode;
  readonly gateway: HttpGateway;
  /** A text is sent as it is, anything else as JSON; with the administrator's token, unless a header says otherwise. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  follow(path: string): Promise<Lines>;
  /** Writes bytes to a connection of their own; gives what came back until it ended. */
  raw(bytes: string | Buffer, options?: { readonly end?: boolean }): Promise<string>;
  stop(): Promise<void>;
}

export const startTestApi = async (options: Partial<HttpOptions> & TestNodeOptions = {}): Promise<TestApi> => {
  const node = await startTestNode(options);
  const gateway = await startHttpGateway(node, { host: '127.0.0.1', port: 0, ...options });
  const authorization = `Bearer ${node.token}`;
  const request = (method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>) =>
    fetch(`http://127.0.0.1:${gateway.port}${path}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  // The first use of the token is noted in the log; what is measured afterwards begins behind that.
  if (options.tls === undefined) {
    await request('GET', '/v1/whoami', undefined, {});
    await noted(node);
  }
  return {
    node,
    gateway,
    call: async (method, path, body, headers = {}) => {
      const response = await request(method, path, body, headers);
      const text = await response.text();
      const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json') === true;
      return {
        status: response.status,
        headers: response.headers,
        json: (isJson ? JSON.parse(text) : { text }) as Json,
      };
    },
    follow: async (path) => {
      const response = await request('GET', path, undefined, {});
      if (response.body === null || response.status !== 200) throw new Error(`${path}: ${response.status}`);
      return linesOf(response.body);
    },
    raw: (bytes, { end = false } = {}) =>
      new Promise((resolve, reject) => {
        const socket = connect(gateway.port, '127.0.0.1');
        let answer = '';
        socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
        socket.on('close', () => resolve(answer));
        socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
        socket.on('connect', () => (end ? socket.end(bytes) : socket.write(bytes)));
      }),
    stop: async () => {
      await gateway.close();
      await node.stop();
    },
  };
};

const breakGlassKind = kind('break-glass');

const noted = async ({ engine }: TestNode): Promise<void> => {
  while (engine.facts.get(breakGlassKind, '127.0.0.1') === undefined) await new Promise(setImmediate);
};

const linesOf = (body: ReadableStream<Uint8Array>): Lines => {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const lines: Json[] = [];
  let rest = '';
  const read = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    if (done) return false;
    const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Json);
    return true;
  };
  return {
    take: async (count) => {
      while (lines.length < count && (await read())) continue;
      return lines;
    },
    close: () => void reader.cancel(),
  };
};
