import type { Asked } from '#harness/why/asked';

const digest = 'd'.repeat(64);
const machine = {
  capacity: { cpuCount: 4, memoryBytes: 1_000, diskBytes: 1_000 },
  capabilities: { accelerators: ['tcg'], diskFormats: ['qcow2'], features: [] },
  agentVersion: '1',
};
const create = (name: string, body = {}): Asked => ['host.create', name, body];

/** How the refusals of hosts come about. */
export const hostRefusals: Readonly<Record<string, readonly Asked[]>> = {
  'host.absent': [['host.cordon', 'nowhere', {}]],
  'host.exists': [create('same'), create('same', { labels: { zone: 'a' } })],
  'host.fenced': [
    create('fenced'),
    ['host.join', 'fenced', {}],
    ['host.lose', 'fenced', { epoch: 1, holderPosition: 0 }],
  ],
  'host.inUse': [create('used'), ['host.join', 'used', {}], ['host.delete', 'used', {}]],
  'host.uninvited': [create('stranger'), ['host.enrol', 'stranger', { digest }]],
  'host.outdated': [create('late'), ['host.report', 'late', { epoch: 1, ...machine }]],
};
