import { Agent, request } from 'node:https';

/** How a connection is made: whom it trusts, and what it shows. */
export interface Trust {
  /** Undefined: anybody, for what is checked by other means. */
  readonly authorities?: string;
  /** A private key and its certificate. */
  readonly pair?: string;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface ControlPlane {
  /** Rejects with `Unreachable` when no answer comes. */
  ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answered>;
  close(): void;
}

/** No answer came, for a reason that may pass. */
export class Unreachable extends Error {}

/** The control plane refuses this machine for good; the message says what an operator must do. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

const patienceMs = 10_000;
const maxBytes = 8_388_608;

/** Requests to a control plane, one connection kept. */
export const controlPlane = (endpoint: string, { authorities, pair }: Trust): ControlPlane => {
  const url = new URL(endpoint);
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 2,
    ...(authorities === undefined ? { rejectUnauthorized: false } : { ca: authorities }),
    ...(pair === undefined ? {} : { key: pair, cert: pair }),
  });
  return {
    ask: (method, path, body) =>
      new Promise((resolve, reject) => {
        const text = body === undefined ? '' : JSON.stringify(body);
        const headers = {
          'user-agent': 'ultracloud-host',
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        };
        const failed = (error: Error): void => reject(new Unreachable(`${endpoint}: ${error.message}`));
        const sent = request(new URL(path, url), { method, agent, headers, timeout: patienceMs }, (response) => {
          const parts: Buffer[] = [];
          let bytes = 0;
          response.on('data', (part: Buffer) => {
            bytes += part.length;
            if (bytes > maxBytes) response.destroy(new Error('the answer is too long'));
            else parts.push(part);
          });
          response.on('error', failed);
          response.on('end', () => {
            const answer = Buffer.concat(parts).toString('utf8');
            resolve({ status: response.statusCode ?? 0, text: answer, json: objectIn(answer) });
          });
        });
        sent.on('timeout', () => sent.destroy(new Error(`no answer for ${patienceMs / 1_000} seconds`)));
        sent.on('error', failed);
        sent.end(text);
      }),
    close: () => agent.destroy(),
  };
};

const objectIn = (text: string): Answered['json'] => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Answered['json']) : {};
  } catch {
    return {};
  }
};

/** What an answer that is no success says to people. */
export const faultOf = ({ status, json }: Answered): string => {
  const { message, code, fix, problems } = json;
  const detail = Array.isArray(problems) ? ` ${JSON.stringify(problems[0])}` : '';
  return typeof message === 'string'
    ? `${message} (${String(code)})${detail}${typeof fix === 'string' ? ` ${fix}` : ''}`
    : `an answer ${status} that was not expected`;
};
