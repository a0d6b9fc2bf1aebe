import type { Entry } from '#log/entry';

type Written = Pick<Entry, 'kind' | 'id' | 'body'> & Partial<Entry>;

const hourMs = 3_600_000;
const at = (hours: number): Partial<Entry> => ({ stampedAtMs: 1_700_000_000_000 + hours * hourMs });
const of =
  (noun: string, id: string) =>
  (verb: string, body: object, more: Partial<Entry> = {}): Written => ({
    kind: `${noun}.${verb}`,
    id,
    body,
    ...more,
  });

const quota = of('quota', 'shop');
const wallet = of('wallet', 'shop');
const entry = of('wallet-entry', 'shop/by-hand');
const prices = of('price-list', 'standard');
const hold = of('hold', 'shop/trial');
const web = of('usage', 'shop/vm/web1');
const record = of('usage-record', 'shop/vm/old/0');
const booked = (amountMicroCredits: number, reference: string) => ({ amountMicroCredits, reference });
const tick = (hours: number): Written => ({ kind: 'clock.advance', id: '', body: {}, ...at(hours) });
const two = { quantities: { vcpus: 2, memoryBytes: 2 ** 30 } };
const one = { quantities: { vcpus: 1, memoryBytes: 2 ** 30 } };
const amount = (amountMicroCredits: number) => ({ amountMicroCredits });

/** A project that is charged until its credits are used up, gets others, and is deleted. */
export const creditStory: readonly Written[] = [
  { kind: 'organisation.create', id: 'acme', body: {}, ...at(0) },
  { kind: 'project.create', id: 'shop', body: { organisation: 'acme' }, ...at(0) },
  quota('begin', {}, at(0)),
  quota('set', { vms: 2, memoryBytes: 4 * 2 ** 30 }, at(0)),
  quota('set', { vms: 2 }, at(0)),
  quota('clear', {}, at(0)),
  prices('create', { vcpuHour: 100 }, at(0)),
  prices('update', { memoryGibHour: 50 }, at(0)),
  prices('use', {}, at(0)),
  prices('delete', {}, at(0)),
  web('begin', two, at(0)),
  wallet('topUp', booked(1_000, 'invoice-1'), at(0)),
  wallet('topUp', booked(1_000, 'invoice-1'), at(0)),
  wallet('topUp', booked(2_000, 'invoice-1'), at(0)),
  wallet('withdraw', booked(100, 'refund-1'), at(0)),
  wallet('post', amount(1), at(0)),
  entry('record', { direction: 'in', amountMicroCredits: 1 }, at(0)),
  entry('drop', {}, at(0)),
  hold('reserve', amount(10), at(0)),
  hold('post', amount(4), at(0)),
  hold('post', amount(4), at(0)),
  hold('reserve', { ...amount(10), expiresAt: 1_700_000_000_000 + hourMs / 2 }, at(0)),
  hold('expire', {}, at(0)),
  web('begin', two, at(0)),
  web('begin', one, at(0)),
  tick(0.75),
  hold('reserve', amount(10), at(0.75)),
  hold('void', {}, at(0.75)),
  tick(1),
  web('change', one, at(1.5)),
  web('charge', {}, at(1.5)),
  prices('update', { vcpuHour: 200 }, at(1.5)),
  ...[2.5, 3.5, 4.5].map(tick),
  wallet('topUp', booked(300, 'invoice-2'), at(5)),
  ...[6, 7, 30, 31, 32].map(tick),
  web('change', two, at(33)),
  wallet('topUp', booked(5_000, 'invoice-3'), at(34)),
  web('change', two, at(34)),
  web('end', {}, at(34.25)),
  wallet('close', {}, at(34.25)),
  { kind: 'project.delete', id: 'shop', body: {}, ...at(34.25) },
  record(
    'keep',
    {
      segment: {
        ...{ project: 'shop', from: 0, to: hourMs, quantities: { vcpus: 1 } },
        ...{ priceList: 'standard', prices: { vcpuHour: 100 } },
      },
    },
    at(34.5),
  ),
  record('drop', {}, at(34.5)),
  { kind: 'project.create', id: 'bank', body: { organisation: 'acme' }, ...at(35) },
  of('wallet', 'bank')('topUp', booked(5, 'a'), at(35)),
  of('wallet', 'bank')('withdraw', booked(5, 'b'), at(35)),
  of('quota', 'bank')('end', {}, at(35)),
  { kind: 'project.delete', id: 'bank', body: {}, ...at(35) },
  { kind: 'price-list.create', id: 'other', body: {}, ...at(35) },
  { kind: 'price-list.use', id: 'other', body: {}, ...at(35) },
  prices('delete', {}, at(35)),
  tick(24 * 401),
];
