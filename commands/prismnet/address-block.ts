import { object } from '#commands/codec/object';
import { id, integer, text, time } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';

/** Which addresses of a block, one bit each, the lowest address first. */
const Bitmap = text('bitmap', {
  summary: 'A bit for each of 256 addresses, in hexadecimal digits; the lowest address is the first bit.',
  pattern: '[0-9a-f]{64}',
  minLength: 64,
  maxLength: 64,
});

/** With leading zeros, so that ids are in the order of the addresses. */
const AddressBlockId = id('address-block', {
  summary: 'Whose addresses they are, and the number of the block with five digits.',
  pattern: '(?:subnet/[a-z0-9-]{1,63}/|address-pool/)[a-z0-9-]{1,63}/[0-9]{5}',
  maxLength: 150,
  example: 'subnet/shop/front/00000',
});

const Offset = integer('offset', { summary: 'Which address of the block.', unit: 'number', max: 255 });

const Gap = integer('gap', { summary: 'Blocks that follow and are not made yet.', unit: 'count', max: 65_535 });

export const takeAddress = command('address-block', 'take', {
  summary: 'Take an address of a block, which is made when it is the first.',
  id: AddressBlockId,
  body: { offset: Offset },
  internal: true,
  examples: [{ title: 'For a new port.', id: 'subnet/shop/front/00000', body: { offset: 2 } }],
});

export const releaseAddress = command('address-block', 'release', {
  summary: 'Take an address back, to be given again after its quarantine.',
  id: AddressBlockId,
  body: { offset: Offset },
  internal: true,
  examples: [{ title: 'Of a deleted port.', id: 'subnet/shop/front/00000', body: { offset: 2 } }],
});

export const bridgeAddressBlocks = command('address-block', 'bridge', {
  summary: 'Count again how many blocks follow that are not made.',
  id: AddressBlockId,
  body: {},
  internal: true,
});

export const expireAddressBlock = command('address-block', 'expire', {
  summary: 'Forget a block whose addresses are all free and out of quarantine.',
  id: AddressBlockId,
  body: {},
  internal: true,
});

export const dropAddressBlock = command('address-block', 'drop', {
  summary: 'Forget a block of addresses that are nobody’s any more.',
  id: AddressBlockId,
  body: {},
  internal: true,
});

const Holder = text('holder', {
  summary: 'What the addresses are of, as `noun/id`.',
  pattern: 'subnet/[a-z0-9-]{1,63}/[a-z0-9-]{1,63}|address-pool/[a-z0-9-]{1,63}',
  maxLength: 134,
  example: 'subnet/shop/front',
});

export const AddressBlockMade = object({
  holder: Holder,
  number: integer('block', { summary: 'Which block of the range.', unit: 'number', max: 65_535 }),
  reserved: Bitmap,
  gap: Gap,
});

export const AddressTaken = object({ offset: Offset });

export const AddressReleased = object({
  offset: Offset,
  until: time('end of quarantine', { summary: 'When it may be given again.' }),
});

export const AddressBlocksBridged = object({ gap: Gap });

export type AddressBlockCommand = CommandOf<
  | typeof takeAddress
  | typeof releaseAddress
  | typeof bridgeAddressBlocks
  | typeof expireAddressBlock
  | typeof dropAddressBlock
>;
