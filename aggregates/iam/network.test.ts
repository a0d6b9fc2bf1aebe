import { contains, networkOf } from '#aggregates/iam/network';

test.each([
  '10/8',
  '010.0.0.0/8',
  '0x0a.0.0.0/8',
  '10.0.0.0/33',
  '10.0.0.0',
  '2001:db8::/129',
  'office',
  '300.0.0.0/8',
])('%s is no network', (written) => expect(networkOf(written)).toBeUndefined());

test.each([
  ['10.0.0.0/8', '10.255.0.1'],
  ['192.0.2.7/32', '192.0.2.7'],
  ['2001:db8::/32', '2001:db8::7'],
  ['::/0', '2001:db8::7'],
])('%s contains %s', (written, address) => {
  const network = networkOf(written);
  expect(network !== undefined && contains(network, address)).toBe(true);
  expect(network !== undefined && contains(network, '203.0.113.1')).toBe(false);
});
