import type { Id } from '#commands/codec/scalar';
import { addressBlock, bridging, type AddressBlockEvent } from '#aggregates/prismnet/address-block';
import { setBits } from '#aggregates/prismnet/bitmap';
import { port } from '#aggregates/prismnet/port';
import { quarantineMs, type Port, type Subnet } from '#aggregates/prismnet/network';
import { subnet } from '#aggregates/prismnet/subnet';
import { decisions } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';

const holder = 'subnet/shop/front';
const idOf = (number: number) => `${holder}/0000${number}` as Id<'address-block'>;
const id = idOf(0);
const reserved = `c${'0'.repeat(63)}`;
const front = held(subnet, 'shop/front', { vpc: 'shop/main', cidr: '10.0.0.0/22', gateway: '10.0.0.1' } as Subnet);
const using = (address: string) =>
  held(port, `shop/at-${address}`, {
    ...{ vpc: 'shop/main', subnet: 'shop/front', address, mac: address, securityGroups: [] as const },
    ...{ addressGiven: false, macGiven: false },
  } as unknown as Port);
const other = (number: number, gap: number) =>
  held(addressBlock, idOf(number), { holder, number, reserved: reserved, taken: reserved, resting: [], gap });

const take = (offset = 2, block = id) => ({ kind: 'address-block.take', id: block, body: { offset } }) as const;
const release = (offset = 2) => ({ kind: 'address-block.release', id, body: { offset } }) as const;
const bridge = { kind: 'address-block.bridge', id, body: {} } as const;
const expire = { kind: 'address-block.expire', id, body: {} } as const;
const drop = { kind: 'address-block.drop', id, body: {} } as const;

const made = (gap = 3): AddressBlockEvent => ({
  kind: 'address-block.made',
  body: { holder, number: 0, reserved, gap },
});
const taken = (offset = 2): AddressBlockEvent => ({ kind: 'address-block.taken', body: { offset } });
const now = 3_600_000;
const released = (until = now + quarantineMs, offset = 2): AddressBlockEvent => ({
  kind: 'address-block.released',
  body: { offset, until },
});
const bridged = (gap: number): AddressBlockEvent => ({ kind: 'address-block.bridged', body: { gap } });
const expired: AddressBlockEvent = { kind: 'address-block.expired', body: {} };
const dropped: AddressBlockEvent = { kind: 'address-block.dropped', body: {} };
const inFront = { facts: [front] };
const usedIn = { facts: [front, using('10.0.0.2')] };

decisions(addressBlock, [
  ['makes a block for its first address', [], take(), [made(), taken()], usedIn],
  ['knows which blocks are made', [], take(), [made(1), taken()], { facts: [front, using('10.0.0.2'), other(2, 1)] }],
  ['takes one address more', [made(), taken()], take(3), [taken(3)], { facts: [front, using('10.0.0.3')] }],
  ['takes an address once', [made(), taken()], take(), [], usedIn],
  ['refuses what nobody has', [made()], take(), 'address-block.unheld', inFront],
  ['refuses a range that is not there', [], take(), 'address-block.absent'],
  ['refuses a block beyond the range', [], take(2, idOf(4)), 'address-block.absent', inFront],
  ['takes an address back', [made(), taken()], release(), [released()], inFront],
  ['takes it back once', [made(), taken(), released()], release(), [], inFront],
  ['takes nothing back of a block that is not made', [], release(), []],
  ['keeps what is never given', [made(), taken()], release(1), [], inFront],
  ['keeps what somebody has', [made(), taken()], release(), 'address-block.used', usedIn],
  ['counts what follows', [made(3), taken()], bridge, [bridged(0)], { facts: [front, other(1, 2)] }],
  ['counts it once', [made(3), bridged(2)], bridge, [], { facts: [front, other(3, 0)] }],
  ['counts nothing behind nothing', [], bridge, 'address-block.absent'],
  ['forgets a block out of quarantine', [made(), taken(), released(now)], expire, [expired]],
  ['keeps one that rests', [made(), taken(), released(now + 1)], expire, []],
  ['keeps one that is used', [made(), taken(3), taken(), released(now)], expire, []],
  ['forgets nothing twice', [made(), expired], expire, []],
  ['drops a block of nobody', [made(), taken(), released()], drop, [dropped]],
  ['drops it once', [made(), dropped], drop, []],
  ['keeps a block of a subnet', [made()], drop, 'address-block.used', inFront],
]);

const at = { position: 1, now, level: 1, principal: '', credential: '', address: '' };
const after = (...events: readonly AddressBlockEvent[]) =>
  events.reduce<ReturnType<typeof addressBlock.evolve>>(
    (state, event) => addressBlock.evolve(state, event, at),
    undefined,
  );

test('is due when the last of its addresses rested', () => {
  const due = (...events: readonly AddressBlockEvent[]) => {
    const state = after(...events);
    return state === undefined ? undefined : addressBlock.due?.(state);
  };
  expect(due(made(), taken(), taken(3), released(now + 5))).toBeUndefined();
  expect(due(made(), taken(), taken(3), released(now + 5), released(now + 7, 3))).toBe(now + 7);
});

test('forgets what rested when something changes', () => {
  expect(after(made(), taken(), released(now), taken(3))?.resting).toEqual([]);
  const state = after(made(), taken(), released(now + 1), taken(3), taken());
  expect([state?.resting, setBits(state?.taken ?? '')]).toEqual([[], [0, 1, 2, 3]]);
});

test('a block that is made or forgotten is told to the one before it', () => {
  for (const [on, reaction] of bridging.map((each) => [each.on, each] as const)) {
    const react = (...objects: Parameters<typeof factsHolding>[0]) =>
      reaction.react({ kind: on, id: idOf(3), body: {} }, factsHolding(objects), at);
    expect(react(front, other(1, 2), other(0, 0))).toEqual([{ kind: 'address-block.bridge', id: idOf(1), body: {} }]);
    expect(react(front)).toEqual([]);
  }
});
