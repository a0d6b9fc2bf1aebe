import { kind, type Facts } from '#aggregates/facts';
import { orderedKey } from '#aggregates/ordered-key';
import { named } from '#aggregates/named';
import { firstClear, noBits, size, withBit } from '#aggregates/prismnet/bitmap';
import { addressOf, contains, firstOf, lastOf, networkOf, textOf, type Network } from '#aggregates/prismnet/cidr';

/**
 * Which addresses of a range are free, without a scan: a range is kept in blocks of 256, each made when the first of
 * its addresses is taken. One index finds a block with a free address, another where a block was never made.
 */

/** What has addresses to give. */
export interface Ranged {
  readonly cidr: string;
  /** Never given. */
  readonly gateway?: string;
}

export interface AddressBlock {
  /** What the addresses are of, as `noun/id`. */
  readonly holder: string;
  readonly number: number;
  /** What is never given: the first and the last address of the range, the gateway, and what lies beyond. */
  readonly reserved: string;
  /** With what is reserved. */
  readonly taken: string;
  /** Not taken any more, and not to be given before a time. */
  readonly resting: readonly Resting[];
  /** Blocks that follow and are not made. */
  readonly gap: number;
}

export interface Resting {
  readonly offset: number;
  readonly until: number;
}

export const addressBlockKind = kind<AddressBlock>('address-block');

export const blockIndexes = {
  /** Blocks with a free address, by their holder and the time from which on there is one. */
  free: 'address-block.free',
  /** Blocks that are followed by one that is not made, by their holder. */
  gap: 'address-block.gap',
} as const;

/** Indexes of those who have an address of a range, by the holder and the address. */
export const addressUsers = { ports: 'port.by-held-address' } as const;

export const heldAddress = (holder: string, address: string): string => `${holder} ${address}`;

export const blockId = (holder: string, number: number): string => `${holder}/${String(number).padStart(5, '0')}`;

/** The holder and the number of a block. */
export const blockIn = (id: string): { readonly holder: string; readonly number: number } => {
  const slash = id.lastIndexOf('/');
  return { holder: id.slice(0, slash), number: Number(id.slice(slash + 1)) };
};

/** Undefined when there is no such holder. */
export const rangeOf = (facts: Facts, holder: string): Ranged | undefined => named<Ranged>(facts, holder)?.state;

const networkIn = ({ cidr }: Ranged): Network => {
  const network = networkOf(cidr);
  if (network === undefined) throw new Error(`${cidr} was let through as a range`);
  return network;
};

const sizeOf = (range: Ranged): number => 2 ** (32 - networkIn(range).bits);

export const blockCount = (range: Ranged): number => Math.ceil(sizeOf(range) / size);

/** Where an address is in its range; undefined when it is outside. */
export const placeOf = (range: Ranged, address: string): { number: number; offset: number } | undefined => {
  const [network, found] = [networkIn(range), addressOf(address)];
  if (found === undefined || !contains(network, found)) return undefined;
  const distance = Number(found.value - firstOf(network).value);
  return { number: Math.floor(distance / size), offset: distance % size };
};

const addressAt = (range: Ranged, number: number, offset: number): string =>
  textOf({ family: 4, value: firstOf(networkIn(range)).value + BigInt(number * size + offset) });

/** Why an address of a range is never given; undefined when it can be. */
export const reservedAs = (range: Ranged, address: string): 'network' | 'broadcast' | 'gateway' | undefined => {
  const network = networkIn(range);
  if (address === range.gateway) return 'gateway';
  if (address === textOf(firstOf(network))) return 'network';
  return address === textOf(lastOf(network)) ? 'broadcast' : undefined;
};

/** What of a block is never given. */
export const reservedIn = (range: Ranged, number: number): string => {
  const addresses = sizeOf(range);
  const offsets = [0, addresses - 1].map((distance) => distance - number * size);
  const gateway = range.gateway === undefined ? undefined : placeOf(range, range.gateway);
  if (gateway?.number === number) offsets.push(gateway.offset);
  for (let offset = addresses; offset < size; offset++) offsets.push(offset);
  return offsets.filter((offset) => offset >= 0 && offset < size).reduce(withBit, noBits);
};

/** From when on a block has a free address; undefined while all are taken. */
export const freeFrom = ({ taken, resting }: AddressBlock): number | undefined => {
  if (firstClear(taken, new Set(resting.map(({ offset }) => offset))) !== undefined) return 0;
  return resting.length === 0 ? undefined : Math.min(...resting.map(({ until }) => until));
};

/** Until when an address rests; undefined when it does not. */
export const restsUntil = (facts: Facts, holder: string, address: string, now: number): number | undefined => {
  const range = rangeOf(facts, holder);
  const place = range === undefined ? undefined : placeOf(range, address);
  if (place === undefined) return undefined;
  const block = facts.get(addressBlockKind, blockId(holder, place.number))?.state;
  const until = block?.resting.find(({ offset }) => offset === place.offset)?.until ?? 0;
  return until > now ? until : undefined;
};

/** Whether something that exists has an address of a block. */
export const isHeld = (facts: Facts, holder: string, number: number, offset: number): boolean => {
  const range = rangeOf(facts, holder);
  if (range === undefined) return false;
  const key = heldAddress(holder, addressAt(range, number, offset));
  return Object.values(addressUsers).some((index) => facts.count(index, key) > 0);
};

/** A free address; undefined when there is none. It reads a few rows, however large and full the range is. */
export const freeAddress = (facts: Facts, holder: string, now: number): string | undefined => {
  const range = rangeOf(facts, holder);
  if (range === undefined) return undefined;
  const [found] = facts.index(blockIndexes.free, {
    from: `${holder} `,
    to: `${holder} ${orderedKey(now + 1)}`,
    limit: 1,
  });
  const block = found === undefined ? undefined : facts.get(addressBlockKind, found.id)?.state;
  if (block !== undefined) {
    const resting = block.resting.filter(({ until }) => until > now).map(({ offset }) => offset);
    const offset = firstClear(block.taken, new Set(resting));
    return offset === undefined ? undefined : addressAt(range, block.number, offset);
  }
  const number = unmade(facts, holder);
  const offset = number === undefined ? undefined : firstClear(reservedIn(range, number));
  return number === undefined || offset === undefined ? undefined : addressAt(range, number, offset);
};

/** The first block that is not made. */
const unmade = (facts: Facts, holder: string): number | undefined => {
  if (facts.get(addressBlockKind, blockId(holder, 0)) === undefined) return 0;
  const [before] = facts.index(blockIndexes.gap, { from: holder, to: `${holder}\0`, limit: 1 });
  return before === undefined ? undefined : blockIn(before.id).number + 1;
};

/** The block that is made and stands next before another, or next behind it. */
export const neighbour = (facts: Facts, id: string, side: 'before' | 'behind'): AddressBlock | undefined => {
  const { holder } = blockIn(id);
  const range =
    side === 'before'
      ? { from: `${holder}/`, to: id, reverse: true, limit: 1 }
      : { from: `${id}\0`, to: `${holder}/:`, limit: 1 };
  return facts.range(addressBlockKind, range)[0]?.state;
};
