import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { catalog } from '#gateways/catalog';
import { startEtcdGateway } from '#gateways/etcd/gateway';
import { startHttpGateway } from '#gateways/http/gateway';
import { oidcRoutes } from '#gateways/oidc/routes';
import {
  openDataDirectory,
  removeEndpoints,
  removeStaleEndpoints,
  writeEndpoints,
} from '#gateways/server/data-directory';
import { defaultFloorBytes } from '#gateways/server/disk-guard';
import { startBackups } from '#gateways/server/backup-schedule';
import type { Verification } from '#gateways/node';
import { copyKeyring, putKeyringBack } from '#gateways/server/keyring/keyring-copy';
import { equip } from '#gateways/server/founding';
import { initialise as makeDirectory } from '#gateways/server/initialise';
import { restoreBackup } from '#gateways/server/restore';
import { newSigningRequest as newRequest } from '#gateways/new-request';
import { removeBundle } from '#gateways/server/certificates/server-identity';
import { serverNames } from '#gateways/server/certificates/server-names';
import { startNode } from '#gateways/server/running-node';
import { verifyDirectory } from '#gateways/server/verify-log';
import type { TlsPair } from '#gateways/tls-identity';

export interface ServeOptions {
  readonly data: string;
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly http: string;
  readonly etcd: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Show a certificate of the cluster's own authority, and take those of hosts. */
  readonly tls?: boolean;
  /** Names and addresses by which it is reached, beside those that it knows. */
  readonly tlsNames?: readonly string[];
  /** The URL by which clients and browsers reach this API, which tokens name; that of `http` unless given. */
  readonly issuer?: string;
  readonly diskFloorBytes?: number;
  /** A backup every so many hours, the newest `backupKeep` of them kept. */
  readonly backupEveryHours?: number;
  readonly backupKeep?: number;
  readonly version: string;
  /** Lines for people; the default writes to standard error. */
  readonly say?: (line: string) => void;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Serves until SIGTERM or SIGINT; resolves with the exit code. Errors of the start name what to change. */
export const serve = async (options: ServeOptions): Promise<number> => {
  const say = options.say ?? ((line: string) => process.stderr.write(`${line}\n`));
  const http = addressOf('--http', options.http);
  const etcd = addressOf('--etcd', options.etcd);
  const issuer = issuerOf(options.issuer);
  const given = givenPair(options);
  const isSecure = given !== undefined || options.tls === true;
  const certified = options.tls === true ? serverNames([http.host, etcd.host], options.tlsNames ?? []) : undefined;
  for (const [flag, address] of [['--http', http] as const, ['--etcd', etcd] as const]) {
    if (!isSecure && !loopback(address.host)) {
      throw new Error(
        `${flag}: ${address.host} can be reached from other machines, so give --tls, or --tls-cert and --tls-key too.`,
      );
    }
  }
  const data = openDataDirectory(options.data);
  removeStaleEndpoints(data.path);
  let stop: (code: number) => void = () => undefined;
  const stopped = new Promise<number>((resolve) => (stop = resolve));
  const node = await startNode(data, {
    components: catalog,
    version: options.version,
    now: () => Date.now(),
    diskFloorBytes: options.diskFloorBytes ?? defaultFloorBytes,
    say,
    onFault: (error) => {
      say(`fatal: ${error.message}`);
      process.exit(1);
    },
  });
  const closers: (() => Promise<void> | void)[] = [() => node.stop()];
  try {
    // No other server has the directory now, whatever process the file names.
    removeEndpoints(data.path);
    closers.unshift(startBackups(node.operations, data, options, say));
    await equip(node, say);
    const own = certified === undefined ? undefined : await node.serverIdentity(certified);
    if (own === undefined) removeBundle(data.path);
    else closers.unshift(() => own.stop());
    const tls = given ?? own;
    const secured = tls === undefined ? {} : { tls };
    const routes = oidcRoutes(node.identity);
    const api = await startHttpGateway(node, { ...http, ...secured, routes }).catch(
      notListening('--http', options.http),
    );
    closers.unshift(() => api.close());
    const kv = await startEtcdGateway(node, { ...etcd, ...secured }).catch(notListening('--etcd', options.etcd));
    closers.unshift(() => kv.close());
    const scheme = tls === undefined ? 'http' : 'https';
    const endpoints = {
      http: `${scheme}://${urlHost(api.host)}:${api.port}`,
      etcd: `${scheme}://${urlHost(kv.host)}:${kv.port}`,
      pid: process.pid,
    };
    node.identity.serveAs(issuer ?? endpoints.http);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(0));
    writeEndpoints(data.path, endpoints);
    notify('--ready');
    say(`ultracloud ${options.version}: serving ${data.path} at position ${node.engine.head.position}`);
    say(`  http  ${endpoints.http}`);
    say(`  etcd  ${endpoints.etcd}`);
    return await stopped;
  } finally {
    notify('--stopping');
    removeEndpoints(data.path);
    for (const close of closers) await close();
  }
};

/** Without a path, since that of each operation is put behind it. */
const issuerOf = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new Error(`--issuer: expected a URL without a path, such as https://cloud.example.org, got ${text}`);
};

const addressOf = (flag: string, text: string): Address => {
  const at = text.lastIndexOf(':');
  const host = text.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(at + 1));
  if (at <= 0 || !/^\d+$/.test(text.slice(at + 1)) || port > 65_535) {
    throw new Error(`${flag}: expected HOST:PORT such as 127.0.0.1:7070 (port 0 takes a free one), got ${text}`);
  }
  return { host, port };
};

const loopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** Where programs on this machine reach it; an address that stands for all of them is in no certificate. */
const urlHost = (host: string): string => {
  if (isIP(host) !== 6) return host === '0.0.0.0' ? '127.0.0.1' : host;
  return /^[0:]+$/.test(host) ? '[::1]' : `[${host}]`;
};

const givenPair = ({ tls, tlsCert, tlsKey, tlsNames = [] }: ServeOptions): TlsPair | undefined => {
  if (tls === true && (tlsCert ?? tlsKey) !== undefined) {
    throw new Error('--tls: expected --tls alone, or --tls-cert and --tls-key.');
  }
  if (tls !== true && tlsNames.length > 0) throw new Error('--tls-name: expected --tls with it.');
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new Error('--tls-cert and --tls-key: expected both or neither.');
  const pair = { cert: readPem('--tls-cert', tlsCert), key: readPem('--tls-key', tlsKey) };
  try {
    createSecureContext(pair);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`--tls-cert and --tls-key: expected a certificate and its private key in PEM (${reason}).`, {
      cause: error,
    });
  }
  return pair;
};

const readPem = (flag: string, file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${flag}: ${file} cannot be read. Name a PEM file that this user may read.`, { cause: error });
  }
};

const unavailable: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process. Choose another port, or 0 for a free one',
  EACCES: 'is not for this user. Choose a port from 1024 on, or 0 for a free one',
  EADDRNOTAVAIL: 'is no address of this machine. Choose one that it has, such as 127.0.0.1',
  ENOTFOUND: 'is no name that this machine can resolve. Choose an address that it has, such as 127.0.0.1',
};

const notListening =
  (flag: string, address: string) =>
  (error: unknown): never => {
    const why = unavailable[String((error as { code?: unknown } | null)?.code)];
    throw why === undefined ? error : new Error(`${flag}: ${address} ${why}.`, { cause: error });
  };

/** systemd's own client speaks the protocol, which needs a kind of socket that Node does not have. */
const notify = (state: '--ready' | '--stopping'): void => {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  execFile('systemd-notify', [state, `--pid=${process.pid}`], () => undefined);
};

/** Verifies a data directory that no process serves; the report is printed as it is. */
export const verify = async (options: {
  readonly data: string;
  readonly progress: (phrase: string) => void;
}): Promise<Verification & { readonly ok: boolean }> => {
  const found = await verifyDirectory(options.data, catalog, (position) => options.progress(`position ${position}`));
  return { ok: found.difference === undefined, ...found };
};

/** Makes a key, and a request to have a certificate signed for it. */
export const newSigningRequest = newRequest;

/** Makes a data directory from a backup; the report is printed as it is. */
export const restore = restoreBackup;

/** Copies the keyring of a data directory to a file, and back; the report is printed as it is. */
export const backUpKeyring = copyKeyring;
export const restoreKeyring = putKeyringBack;

/** Makes a data directory under names of the caller's choice; the report is printed as it is. */
export const initialise = makeDirectory;
