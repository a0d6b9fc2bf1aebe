import {
  bool,
  bytes,
  each,
  id64,
  int64,
  key,
  list,
  message,
  nested,
  numbers,
  text,
  uint64,
} from '#gateways/etcd/protobuf/message';
import { Malformed } from '#gateways/etcd/protobuf/reader';
import { WatchRequest } from '#gateways/etcd/messages/watch';

const Inner = message({ name: [1, text], count: [2, int64] });
const Everything = message({
  bool: [1, bool],
  int64: [2, int64],
  id64: [3, id64],
  uint64: [4, uint64],
  bytes: [5, bytes],
  key: [6, key],
  text: [7, text],
  nested: [8, nested(Inner)],
  list: [9, list(Inner)],
  each: [10, each(key)],
  numbers: [11, numbers],
});

const nothing = {
  bool: false,
  int64: 0,
  id64: '0',
  uint64: 0n,
  bytes: Buffer.alloc(0),
  key: '',
  text: '',
  nested: undefined,
  list: [],
  each: [],
  numbers: [],
};

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');

test('What is written is read, at the ends of each range too.', () => {
  const full = {
    bool: true,
    int64: -1,
    id64: '-9223372036854775808',
    uint64: 2n ** 64n - 1n,
    bytes: Buffer.from([0, 255]),
    key: 'k\0\xff',
    text: 'é',
    nested: { name: '', count: 2 ** 53 },
    list: [
      { name: 'a', count: 0 },
      { name: '', count: 0 },
    ],
    each: ['', 'b'],
    numbers: [0, 1, -1, 300],
  };
  expect(Everything.decode(Everything.encode(full))).toEqual(full);
  expect(Everything.encode(nothing)).toHaveLength(0);
  expect(Everything.decode(Buffer.alloc(0))).toEqual(nothing);
});

test('Fields of unknown numbers are passed over, whatever their type.', () => {
  const unknown = hex('a0 06 01  a1 06 0102030405060708  a2 06 02 0102  a5 06 01020304');
  expect(Everything.decode(Buffer.concat([unknown, hex('10 05'), unknown]))).toEqual({ ...nothing, int64: 5 });
});

test('Of a field that comes twice the last counts.', () => {
  expect(Everything.decode(hex('10 05 10 06')).int64).toBe(6);
});

test.each([
  ['a varint that is cut off', '10 80'],
  ['a varint without end', '10 ffffffffffffffffffff01'],
  ['bytes that are cut off', '2a 05 61'],
  ['a length beyond all memory', '2a ffffffff0f'],
  ['a negative length', '2a ffffffffffffffffff01'],
  ['a message that is cut off', '42 05 12'],
  ['a length inside a message that reaches out of it', '42 03 0a 05 61 61 61 61 61'],
  ['a fixed number that is cut off', 'a1 06 0102'],
  ['a group', '13'],
  ['the end of a group', '14'],
  ['a reserved wire type', '17'],
  ['a number where bytes belong', '28 01'],
  ['bytes where a number belongs', '12 01 01'],
  ['a fixed number where numbers belong', '59 0102030405060708'],
  ['numbers that are cut off', '5a 02 01'],
])('Refused: %s.', (_what, digits) => {
  expect(() => Everything.decode(hex(digits))).toThrow(Malformed);
});

test('Numbers that come one by one cost no more than numbers that come together.', () => {
  const filters = Buffer.alloc(400_000);
  for (let at = 0; at < filters.length; at += 2) filters.writeUInt16BE(0x2801, at);
  const create = Buffer.concat([hex('0a 80b518'), filters]);
  expect(WatchRequest.decode(create).create?.filters).toHaveLength(200_000);
});
