import * as fc from 'fast-check';
import {
  addressOf,
  contains,
  eui64,
  firstOf,
  isCanonical,
  lastOf,
  networkOf,
  networkText,
  overlaps,
  sortable,
  textOf,
  type Address,
  type Network,
} from '#aggregates/prismnet/cidr';

const sure = <A>(found: A | undefined): A => {
  if (found === undefined) throw new Error('not what was written');
  return found;
};
const net = (text: string): Network => sure(networkOf(text));
const at = (text: string): Address => sure(addressOf(text));

describe('an address', () => {
  test.each(['0.0.0.0', '10.0.1.255', '255.255.255.255', '::', '::1', 'fd00::1:0:0:1', '1:2:3:4:5:6:7:8', 'fe80::'])(
    '%s is written as it was read',
    (text) => expect(textOf(at(text))).toBe(text),
  );

  test.each([
    ['FD00:0:0:0:0:0:0:1', 'fd00::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['1::2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['0001::', '1::'],
  ])('%s is %s', (text, shortest) => expect(textOf(at(text))).toBe(shortest));

  test.each([
    ...[
      '',
      '10',
      '10.0.0',
      '10.0.0.0.0',
      '10.0.0.256',
      '010.0.0.1',
      '10.0.0.01',
      '10.0.0.-1',
      '10.0.0.1 ',
      '0x0a.0.0.1',
    ],
    ...[':', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', '1::2:3:4:5:6:7:8', 'fd00::g', '12345::', ':1::2'],
    ...['::ffff:10.0.0.1', 'fd00::1%eth0', '1:2:3:4:5:6:7:'],
  ])('is not %j', (text) => expect(addressOf(text)).toBeUndefined());

  test('of any value comes back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), (value) => {
        for (const address of [
          { family: 6, value } as const,
          { family: 4, value: value & 0xffffffffn } as const,
          { family: 6, value: value & 0xffff0000ffff0000000000000000ffffn } as const,
        ]) {
          expect(at(textOf(address))).toEqual(address);
        }
      }),
    );
  });

  test('sorts as its number does', () => {
    const sorted = ['2.0.0.0', '10.0.0.0', '9.255.0.0'].map(at).sort((a, b) => (sortable(a) < sortable(b) ? -1 : 1));
    expect(sorted.map(textOf)).toEqual(['2.0.0.0', '9.255.0.0', '10.0.0.0']);
    expect(sortable(at('fd00::1'))).toHaveLength(32);
  });
});

describe('a range', () => {
  test.each(['0.0.0.0/0', '10.0.1.0/24', '10.0.1.1/32', '::/0', 'fd00:0:0:1::/64', 'fd00::1/128'])(
    '%s is canonical',
    (text) => expect(isCanonical(text)).toBe(true),
  );

  test.each([
    ...['10.0.1.1/24', '0.0.0.1/0', 'fd00::1/64', 'FD00::/64', 'fd00:0:0:0::/64', 'fd00:0::/64'],
    ...['10.0.1.0', '10.0.1.0/', '10.0.1.0/33', '10.0.1.0/024', '10.0.1.0/24/8', '10.0.1.0/-1', '10.01.1.0/24', '/24'],
    ...['fd00::/129', 'fd00::/64 ', 'fd00:/64', ''],
  ])('%j is not', (text) => expect(isCanonical(text)).toBe(false));

  test('says what it would be without host bits', () => {
    expect(networkText(net('10.0.1.77/29'))).toBe('10.0.1.72/29');
    expect(networkText(net('fd00:0:0:1:2::/64'))).toBe('fd00:0:0:1::/64');
  });

  test.each([
    ['10.0.1.0/24', '10.0.1.0', '10.0.1.255'],
    ['10.0.1.72/29', '10.0.1.72', '10.0.1.79'],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['fd00::/64', 'fd00::', 'fd00::ffff:ffff:ffff:ffff'],
  ])('%s is from %s to %s, and ends there', (text, first, last) => {
    const network = net(text);
    expect([textOf(firstOf(network)), textOf(lastOf(network))]).toEqual([first, last]);
    expect([at(first), at(last)].map((address) => contains(network, address))).toEqual([true, true]);
    expect(contains(network, { ...at(last), value: at(last).value + 1n })).toBe(false);
    expect(contains(network, { ...at(first), value: at(first).value - 1n })).toBe(false);
  });

  test('of IPv4 holds no address of IPv6', () => {
    expect(contains(net('0.0.0.0/0'), at('::1'))).toBe(false);
    expect(overlaps(net('0.0.0.0/0'), net('::/0'))).toBe(false);
  });

  test('overlaps what holds one of its addresses', () => {
    const numbers = fc.tuple(fc.nat(1023), fc.integer({ min: 22, max: 32 }));
    const written = ([offset, bits]: readonly [number, number]): Network =>
      net(`10.0.${offset >> 8}.${offset & 255}/${bits}`);
    fc.assert(
      fc.property(numbers, numbers, (one, other) => {
        const [a, b] = [written(one), written(other)];
        const shared = Array.from({ length: 1024 }, (_, offset) => at(`10.0.${offset >> 8}.${offset & 255}`)).some(
          (address) => contains(a, address) && contains(b, address),
        );
        expect(overlaps(a, b)).toBe(shared);
        expect(overlaps(b, a)).toBe(shared);
      }),
      { numRuns: 50 },
    );
  });
});

test('a machine gives itself the address of its MAC', () => {
  expect(textOf(eui64(net('fd00:0:0:1::/64'), '02:01:0a:00:01:02'))).toBe('fd00::1:1:aff:fe00:102');
  expect(textOf(eui64(net('fd00::/64'), '52:54:00:12:34:56'))).toBe('fd00::5054:ff:fe12:3456');
});
