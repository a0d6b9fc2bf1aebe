import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as Listener, Socket } from 'node:net';
import { metadataAddress } from '#gateways/host/network/host-network';
import { within } from '#gateways/host/network/programs';

/** What a guest is told about itself, in the form of cloud-init's NoCloud source. */
export interface GuestData {
  /** YAML, with `instance-id`. */
  readonly metaData: string;
  readonly userData: string;
  readonly vendorData?: string;
  readonly networkConfig?: string;
}

const READY_MS = 20_000;
const REQUEST_MS = 10_000;
const CONNECTIONS = 256;

/**
 * Opens a socket where it is started, hands it over and ends. The place may be taken for a moment still by the one that
 * an agent which was killed had asked for.
 */
const opener = `
const server = require('node:net').createServer();
const listen = () => server.listen({ host: process.argv[1], port: 80 });
let tries = 40;
server.on('error', (error) => {
  if (error.code !== 'EADDRINUSE' || tries-- === 0) throw error;
  setTimeout(listen, 50);
});
server.on('listening', () => process.send('open', server, { keepOpen: false }, () => process.exit(0)));
process.on('disconnect', () => process.exit(0));
listen();
`;

/** Listens in another namespace without a process there: a socket stays in the one in which it was opened. */
const listenIn = (namespace: string): Promise<Listener> =>
  new Promise((resolve, reject) => {
    const [program = '', ...before] = within(namespace);
    const args = [...before, process.execPath, '-e', opener, metadataAddress];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], timeout: READY_MS });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('message', (_, handle) => resolve(handle as Listener)); // As the opener sends it.
    child.once('error', reject);
    child.once('close', (exitCode) => {
      reject(new Error(`no metadata service in ${namespace}: ${said.trim() || `exit code ${exitCode}`}`));
    });
  });

/** By address of the guest. */
type GuestDataOf = (address: string) => GuestData | undefined;

const documentOf = (path: string, data: GuestData): string | undefined => {
  switch (path) {
    case '/meta-data':
      return data.metaData;
    case '/user-data':
      return data.userData;
    case '/vendor-data':
      return data.vendorData ?? '';
    case '/network-config':
      return data.networkConfig;
    case '/':
      return 'meta-data\nuser-data\nvendor-data\n';
    default:
      return undefined;
  }
};

const answer = (request: IncomingMessage, response: ServerResponse, guestData: GuestDataOf): void => {
  const data = guestData(request.socket.remoteAddress ?? '');
  const path = (request.url ?? '').split('?')[0] ?? '';
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const text = data === undefined || !isRead ? undefined : documentOf(path, data);
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('connection', 'close');
  response.statusCode = text === undefined ? (isRead ? 404 : 405) : 200;
  response.end(text ?? 'There is nothing here.\n');
};

/** Answers guests of one VPC until it is stopped. */
export interface MetadataService {
  stop(): void;
}

/** Tells each guest of a gateway's VPC about itself, by the address that it asks from and that it cannot forge. */
export const serveMetadata = async (namespace: string, guestData: GuestDataOf): Promise<MetadataService> => {
  const listener = await listenIn(namespace);
  const http: Server = createServer((request, response) => answer(request, response, guestData));
  http.requestTimeout = REQUEST_MS;
  http.headersTimeout = REQUEST_MS;
  const sockets = new Set<Socket>();
  const take = (socket: Socket): void => {
    if (sockets.size >= CONNECTIONS) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    http.emit('connection', socket);
  };
  listener.on('connection', take);
  listener.unref();
  return {
    stop: () => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};
