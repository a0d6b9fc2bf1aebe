import type { Asked } from '#harness/why/asked';

const project = (id: string): readonly Asked[] => [
  ['organisation.create', id, {}],
  ['project.create', id, { organisation: id }],
];
const topUp = (id: string, amountMicroCredits: number, reference = 'a'): Asked => [
  'wallet.topUp',
  id,
  { amountMicroCredits, reference },
];
const reserve = (id: string, amountMicroCredits: number): Asked => ['hold.reserve', id, { amountMicroCredits }];
const begin = (id: string, vcpus: number): Asked => ['usage.begin', id, { quantities: { vcpus } }];

/** How the refusals of credits come about. */
export const creditRefusals: Readonly<Record<string, readonly Asked[]>> = {
  'hold.ended': [['hold.post', 'nobody/nothing', { amountMicroCredits: 1 }]],
  'hold.exceeded': [
    ...project('exceeding'),
    topUp('exceeding', 10),
    reserve('exceeding/a', 4),
    ['hold.post', 'exceeding/a', { amountMicroCredits: 5 }],
  ],
  'hold.exists': [...project('holding'), topUp('holding', 10), reserve('holding/a', 4), reserve('holding/a', 5)],
  'price-list.absent': [['price-list.use', 'none', {}]],
  'price-list.exists': [
    ['price-list.create', 'twice', { vcpuHour: 1 }],
    ['price-list.create', 'twice', { vcpuHour: 2 }],
  ],
  'price-list.inUse': [
    ['price-list.create', 'current', {}],
    ['price-list.use', 'current', {}],
    ['price-list.delete', 'current', {}],
  ],
  'usage.absent': [['usage.change', 'nobody/vm/a', { quantities: {} }]],
  'usage.exists': [...project('using'), begin('using/vm/a', 1), begin('using/vm/a', 2)],
  'wallet.full': [...project('rich'), topUp('rich', 1_000_000_000_000_000, 'a'), topUp('rich', 1, 'b')],
  'wallet.referenceUsed': [...project('booking'), topUp('booking', 1), topUp('booking', 2)],
  'wallet.short': [
    ...project('poor'),
    topUp('poor', 1),
    ['wallet.withdraw', 'poor', { amountMicroCredits: 2, reference: 'b' }],
  ],
};
