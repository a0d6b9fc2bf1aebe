import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { enrol } from '#gateways/host/membership/enrolment';
import {
  openHostDirectory,
  readHostIdentity,
  writeHostIdentity,
  type HostIdentity,
} from '#gateways/host/membership/host-directory';
import { stayMember, type HostReport } from '#gateways/host/membership/membership';

export interface HostOptions {
  /** Where the machine keeps its key and what it was told. */
  readonly directory: string;
  /** URL of the control plane; needed with an invitation. */
  readonly endpoint?: string;
  readonly invitation?: string;
  readonly version: string;
  readonly say: (line: string) => void;
}

/** Takes part in a cluster until SIGTERM or SIGINT. Throws what an operator has to see to. */
export const runHost = async (options: HostOptions): Promise<void> => {
  const { directory, say, version } = options;
  openHostDirectory(directory);
  const identity = readHostIdentity(directory) ?? (await enrolled(options));
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.abort());
  const report = () => reportOf(directory, version);
  await stayMember({ directory, identity, report, say, signal: ending.signal });
};

const enrolled = async ({ directory, endpoint, invitation, say }: HostOptions): Promise<HostIdentity> => {
  if (invitation === undefined || endpoint === undefined) {
    throw new Error(
      `${directory} has no certificate of a host. Have the machine invited with \`ultracloud host invite NAME\`, and ` +
        'give --endpoint and --invitation.',
    );
  }
  const identity = await enrol(originOf(endpoint), readFileSync(invitation === '-' ? 0 : invitation, 'utf8').trim());
  writeHostIdentity(directory, identity);
  say(`This machine is host/${identity.name} now; its key is in ${directory}`);
  return identity;
};

const originOf = (endpoint: string): string => {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol === 'https:' && url.href === `${url.origin}/`) return url.origin;
  throw new Error(
    `--endpoint: expected a URL such as https://cloud.example.org:7070, got ${endpoint}. Hosts show certificates, so ` +
      'the server must be started with --tls.',
  );
};

const reportOf = async (directory: string, agentVersion: string): Promise<HostReport> => {
  const { blocks, bsize } = await statfs(directory);
  return {
    capacity: { cpuCount: cpus().length, memoryBytes: totalmem(), diskBytes: blocks * bsize },
    capabilities: { accelerators: [], diskFormats: [], features: [] },
    agentVersion,
  };
};
