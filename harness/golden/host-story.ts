import type { Entry } from '#log/entry';

type Written = Pick<Entry, 'kind' | 'id' | 'body'> & Partial<Entry>;

const digest = 'd'.repeat(64);
const machine = {
  capacity: { cpuCount: 4, memoryBytes: 1_000, diskBytes: 1_000 },
  capabilities: { accelerators: ['tcg'], diskFormats: ['qcow2'], features: ['bridge'] },
  agentVersion: '1',
};
const host = (verb: string, body: unknown = {}): Written => ({ kind: `host.${verb}`, id: 'node1', body });

/** A host from its invitation to its end: it comes, reports, is lost, comes back and is forgotten. */
export const hostStory: readonly Written[] = [
  { kind: 'duty.acquire', id: 'liveness', body: { holder: 'one' } },
  host('create', { labels: { zone: 'a' } }),
  host('create', { labels: { zone: 'a' } }),
  host('update', { description: 'In the corner', ttlSeconds: 10 }),
  host('invite', { digest }),
  host('enrol', { digest: 'e'.repeat(64) }),
  host('enrol', { digest }),
  host('enrol', { digest }),
  host('join'),
  host('report', { epoch: 9, ...machine }),
  host('report', { epoch: 8, ...machine }),
  { kind: 'group.create', id: 'acme/none', body: {} },
  { kind: 'binding.create', id: 'of-node1', body: { subject: 'host/node1', role: 'viewer' } },
  host('cordon', { reason: 'repair' }),
  host('uncordon'),
  host('delete'),
  host('lose', { epoch: 9, holderPosition: 2 }),
  host('lose', { epoch: 9, holderPosition: 1 }),
  host('join'),
  host('lose', { epoch: 19, holderPosition: 1 }),
  host('delete'),
  host('join'),
];
