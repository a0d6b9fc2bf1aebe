import { Agent, request } from 'node:http';
import { absent, done, failed, heldAnswer, type KeyAction } from '#harness/linearizability/key-model';

/** The same request may be sent again: it takes effect once, and is answered as it was. */
export type RequestId = string | undefined;

/** One client of a server. */
export interface KeyClient {
  /** Rejects with `Lost` when nobody can tell what happened, with `Refused` when nothing did. */
  run(key: string, action: KeyAction, requestId: RequestId): Promise<string>;
  close(): void;
}

export class Lost extends Error {}
export class Refused extends Error {}

export interface Endpoint {
  readonly url: string;
  readonly token: string;
}

interface Answered {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

const PATIENCE_MS = 20_000;

/** A client of the derived API with one connection, which follows a server that moves to another port. */
export const httpKeyClient = (endpoint: () => Endpoint): KeyClient => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  const send = (method: string, path: string, body: unknown, requestId: RequestId): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const { url, token } = endpoint();
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${token}`,
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...(requestId === undefined ? {} : { 'idempotency-key': requestId }),
      };
      const sent = request(`${url}${path}`, { method, agent, headers, timeout: PATIENCE_MS }, (response) => {
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (answer += chunk));
        response.on('error', (error) => reject(new Lost(error.message)));
        response.on('end', () => {
          if (!response.complete) return reject(new Lost('the answer was cut off'));
          resolve({ status: response.statusCode ?? 0, json: JSON.parse(answer) as Answered['json'] }); // JSON of ours.
        });
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
      sent.on('error', (error) => {
        const refused = 'code' in error && error.code === 'ECONNREFUSED';
        reject(refused ? new Refused(error.message) : new Lost(error.message));
      });
      sent.end(text);
    });

  const checked = async (work: Promise<Answered>, expected: readonly number[]): Promise<Answered> => {
    const answered = await work;
    if (expected.includes(answered.status)) return answered;
    if (answered.status === 503) throw new Refused('overloaded');
    if (answered.status === 504) throw new Lost('the outcome is unknown');
    throw new Error(`status ${answered.status}: ${JSON.stringify(answered.json)}`);
  };

  return {
    close: () => agent.destroy(),
    run: async (key, action, requestId) => {
      const path = `/v1/keys/${encodeURIComponent(key)}`;
      switch (action.kind) {
        case 'get': {
          const found = await checked(
            send('GET', `${path}?consistency=linearizable`, undefined, undefined),
            [200, 404],
          );
          if (found.status === 404) return absent;
          return heldAnswer({ value: String(found.json['value']), version: Number(found.json['version']) });
        }
        case 'put':
          await checked(send('POST', `${path}/put`, { value: action.value }, requestId), [200]);
          return done;
        case 'delete': {
          const { json } = await checked(send('POST', `${path}/delete`, undefined, requestId), [200]);
          const events = json['events'] as readonly unknown[]; // The form of an accepted command.
          return events.length === 0 ? absent : done;
        }
        case 'swap': {
          const { expected, value } = action;
          const compare =
            expected === undefined
              ? { key, target: 'version', op: '=', value: 0 }
              : { key, target: 'value', op: '=', value: expected };
          const body = { compare: [compare], success: [{ put: { key, value } }] };
          const { json } = await checked(send('POST', '/v1/txn', body, requestId), [200]);
          return json['succeeded'] === true ? done : failed;
        }
      }
    },
  };
};
