import { isSignable, isSignableAddress } from '#aggregates/iam/signable';

test.each(['a', 'node1', 'node1.example.net', 'xn--bcher-kva.example', `${'a'.repeat(63)}.b`, '1a.2b'])(
  'the name %s is signed',
  (name) => expect(isSignable(name)).toBe(true),
);

test.each([
  ...['', '.', '*', '*.example.net', 'node*.example.net', 'a..b', '.a', 'a.', 'Node1', 'a b', 'a_b', '-a', 'a-'],
  ...['192.0.2.7', 'a.1', '1', 'bücher.example', 'a\0.example', 'a/b', 'host/node1', 'a,b', 'a\n'],
  ...[`${'a'.repeat(64)}.b`, `${'abcdefg.'.repeat(32)}ab`],
])('the name %j is not', (name) => expect(isSignable(name)).toBe(false));

test.each(['127.0.0.1', '192.0.2.7', '255.0.0.1', '::1', '2001:db8::7', 'fe80::1', '1:2:3:4:5:6:7:8', '1::'])(
  'the address %s is signed',
  (address) => expect(isSignableAddress(address)).toBe(true),
);

test.each([
  ...['', '0.0.0.0', '0.1.2.3', '255.255.255.255', '224.0.0.1', '239.1.1.1', '::', '0:0:0:0:0:0:0:0', 'ff02::1'],
  ...['192.0.2.256', '192.0.2', '192.0.2.07', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', '12345::', ':1', '1:'],
  ...['1:2:3:4:5:6:7:8::', '::ffff:192.0.2.7', '192.0.2.0/24', 'g::', 'node1'],
])('the address %j is not', (address) => expect(isSignableAddress(address)).toBe(false));
