import {
  blockCount,
  freeAddress,
  freeFrom,
  placeOf,
  reservedAs,
  reservedIn,
  restsUntil,
  type AddressBlock,
} from '#aggregates/prismnet/addresses';
import { addressBlock } from '#aggregates/prismnet/address-block';
import { noBits, setBits, withBit, withoutBit } from '#aggregates/prismnet/bitmap';
import { subnet } from '#aggregates/prismnet/subnet';
import type { Subnet } from '#aggregates/prismnet/network';
import { factsHolding, held, type Held } from '#harness/facts';

const holder = 'subnet/shop/front';
const of = (cidr: string, gateway: string) => held(subnet, 'shop/front', { vpc: 'shop/main', cidr, gateway } as Subnet);
const wide = { cidr: '10.1.0.0/16', gateway: '10.1.0.1' };
const small = { cidr: '10.1.0.64/29', gateway: '10.1.0.66' };
const full = 'f'.repeat(64);
const block = (number: number, more: Partial<AddressBlock> = {}): Held =>
  held(addressBlock, `${holder}/${String(number).padStart(5, '0')}`, {
    ...{ holder, number, reserved: noBits, taken: full, resting: [], gap: 0 },
    ...more,
  });

describe('a range', () => {
  test('is counted in blocks from its first address on', () => {
    expect(blockCount(wide)).toBe(256);
    expect(blockCount(small)).toBe(1);
    expect(placeOf(wide, '10.1.2.3')).toEqual({ number: 2, offset: 3 });
    expect(placeOf(small, '10.1.0.66')).toEqual({ number: 0, offset: 2 });
  });

  test.each(['10.2.0.0', '10.0.255.255', '::1', 'ten', ''])('has no %j', (address) => {
    expect(placeOf(wide, address)).toBeUndefined();
  });

  test('keeps its first and last address and its gateway', () => {
    expect(['10.1.0.64', '10.1.0.71', '10.1.0.66', '10.1.0.65'].map((one) => reservedAs(small, one))).toEqual([
      ...['network', 'broadcast', 'gateway'],
      undefined,
    ]);
    expect(setBits(reservedIn(small, 0)).slice(0, 4)).toEqual([0, 2, 7, 8]);
    expect(setBits(reservedIn(small, 0))).toHaveLength(3 + 248);
    expect(setBits(reservedIn(wide, 0))).toEqual([0, 1]);
    expect(setBits(reservedIn(wide, 7))).toEqual([]);
    expect(setBits(reservedIn(wide, 255))).toEqual([255]);
  });
});

describe('a block has a free address', () => {
  const state = (taken: string, ...resting: AddressBlock['resting']) =>
    freeFrom({ holder, number: 0, reserved: noBits, taken, resting, gap: 0 });

  test('at once, later or never', () => {
    expect(state(noBits)).toBe(0);
    expect(state(full)).toBeUndefined();
    expect(state(withoutBit(full, 9), { offset: 9, until: 70 })).toBe(70);
    expect(state(withoutBit(withoutBit(full, 9), 8), { offset: 9, until: 70 })).toBe(0);
  });
});

describe('the next address', () => {
  const next = (now: number, ...objects: readonly Held[]) => freeAddress(factsHolding(objects), holder, now);

  test('is the first of an unused range', () => expect(next(0, of(small.cidr, small.gateway))).toBe('10.1.0.65'));
  test('is none of a range that is not there', () => expect(next(0)).toBeUndefined());

  const range = of(wide.cidr, wide.gateway);

  test('is of a block that has one, before a new block', () => {
    expect(next(0, range, block(0, { gap: 1 }), block(2, { taken: withoutBit(full, 4), gap: 253 }))).toBe('10.1.2.4');
  });

  test('is of the first block that was not made', () => {
    expect(next(0, range, block(0, { gap: 2 }), block(3, { gap: 252 }))).toBe('10.1.1.0');
    expect(next(0, range, block(3, { gap: 252 }))).toBe('10.1.0.2');
  });

  test('is one that rested, not one that rests', () => {
    const taken = withoutBit(withoutBit(full, 4), 5);
    const resting = [
      { offset: 4, until: 90 },
      { offset: 5, until: 70 },
    ];
    expect(next(69, of('10.1.0.0/24', '10.1.0.1'), block(0, { taken, resting }))).toBeUndefined();
    expect(next(70, of('10.1.0.0/24', '10.1.0.1'), block(0, { taken, resting }))).toBe('10.1.0.5');
    expect(next(90, of('10.1.0.0/24', '10.1.0.1'), block(0, { taken, resting }))).toBe('10.1.0.4');
    expect(restsUntil(factsHolding([range, block(0, { taken, resting })]), holder, '10.1.0.4', 80)).toBe(90);
    expect(restsUntil(factsHolding([range, block(0, { taken, resting })]), holder, '10.1.0.4', 90)).toBeUndefined();
    expect(restsUntil(factsHolding([range]), holder, '10.1.0.4', 90)).toBeUndefined();
  });

  test('is none of a full range', () => {
    expect(next(0, of('10.1.0.0/24', '10.1.0.1'), block(0, { taken: withBit(full, 0) }))).toBeUndefined();
  });
});
