import { object } from '#commands/codec/object';
import { id, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { VpcId, VpcNumber } from '#commands/prismnet/name';

/** With leading zeros, so that ids are in the order of the numbers. */
const NetworkNumberId = id('network-number', {
  summary: 'The number, with eight digits.',
  pattern: '[0-9]{8}',
  maxLength: 8,
  example: '00000001',
});

export const takeNetworkNumber = command('network-number', 'take', {
  summary: 'Give a number to a VPC.',
  id: NetworkNumberId,
  body: { vpc: VpcId },
  internal: true,
  examples: [{ title: 'For a new VPC.', id: '00000001', body: { vpc: 'shop/main' } }],
});

export const releaseNetworkNumber = command('network-number', 'release', {
  summary: 'Take a number back, to be given again after its quarantine.',
  id: NetworkNumberId,
  body: {},
  internal: true,
});

export const NetworkNumberTaken = object({ vpc: VpcId, number: VpcNumber });

export const NetworkNumberReleased = object({
  until: time('end of quarantine', { summary: 'When another VPC may have it.' }),
});

export type NetworkNumberCommand = CommandOf<typeof takeNetworkNumber | typeof releaseNetworkNumber>;
