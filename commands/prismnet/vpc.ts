import { object, optional } from '#commands/codec/object';
import { integer } from '#commands/codec/scalar';
import { command, type CommandOf } from '#commands/command';
import { Description, Labels, VpcId, VpcNumber } from '#commands/prismnet/name';
import { view } from '#commands/view';

const about = { description: optional(Description), labels: optional(Labels) };

export const createVpc = command('vpc', 'create', {
  summary:
    'Create a VPC: a network of a project that nothing outside it reaches. It gets a security group of its name.',
  id: VpcId,
  body: about,
  examples: [{ title: 'For the shop.', id: 'shop/main', body: { description: 'The shop', labels: { tier: 'front' } } }],
});

export const updateVpc = command('vpc', 'update', {
  summary: 'Change the description or the labels of a VPC; what is left out stays.',
  id: VpcId,
  body: about,
  examples: [{ title: 'Say what it is for.', id: 'shop/main', body: { description: 'The shop and its database' } }],
});

export const deleteVpc = command('vpc', 'delete', {
  summary: 'Delete a VPC in which nothing is left but its own security group.',
  id: VpcId,
  body: {},
});

export const VpcCreated = object({ number: VpcNumber, ...about });

export const VpcUpdated = object(about);

export const VpcDeleted = object({ number: VpcNumber });

export type VpcCommand = CommandOf<typeof createVpc | typeof updateVpc | typeof deleteVpc>;

export const vpcs = view('vpc', {
  summary: 'VPCs, each a network of one project.',
  id: VpcId,
  row: object({
    id: VpcId,
    number: VpcNumber,
    ...about,
    createPosition: integer('position', { summary: 'Where it was created.', unit: 'position' }),
    modPosition: integer('position', { summary: 'Where it was last changed.', unit: 'position' }),
  }),
  columns: [
    { title: 'VPC', path: 'id' },
    { title: 'NUMBER', path: 'number' },
    { title: 'DESCRIPTION', path: 'description' },
  ],
});
