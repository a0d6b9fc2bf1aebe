import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { plainAddressOf } from '#gateways/server/certificates/signing-request';
import type { ServerNames } from '#gateways/server/certificates/server-identity';

/** As many as a certificate may have. */
const most = 16;

/**
 * What a server is reached by that listens on these hosts: the names of this machine, its loopback, the hosts, and what
 * else is given. Whoever listens everywhere is reached by every address of the machine.
 */
export const serverNames = (hosts: readonly string[], given: readonly string[]): ServerNames => {
  for (const name of given) {
    if (isName(name.toLowerCase()) || isIP(name) !== 0) continue;
    throw new Error(`--tls-name: expected a DNS name without wildcards or an IP address, got ${name}`);
  }
  const own = hostname().toLowerCase();
  const named = [...given, ...hosts.filter((host) => !standsForAll(host))].map((name) => name.toLowerCase());
  const known = ['localhost', ...(isName(own) ? [own] : [])];
  return {
    subject: `server/${isName(own) ? (own.split('.')[0] ?? '') : 'node'}`,
    names: unique([...named.filter((name) => isIP(name) === 0), ...known]),
    addresses: unique([
      ...named.filter((name) => isIP(name) !== 0).map(plainAddressOf),
      '127.0.0.1',
      '::1',
      ...(hosts.some(standsForAll) ? addressesOfMachine() : []),
    ]),
  };
};

/** 0.0.0.0 and ::, however they are written. */
const standsForAll = (host: string): boolean => /^[0.:]+$/.test(host);

const isName = (name: string): boolean =>
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name);

const unique = (all: readonly string[]): readonly string[] => [...new Set(all)].slice(0, most);

/** Those that others reach it by; addresses of one link are no use without the link. */
const addressesOfMachine = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ internal, scopeid }) => !internal && (scopeid === undefined || scopeid === 0))
    .map(({ address }) => plainAddressOf(address));
