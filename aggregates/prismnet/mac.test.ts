import { isMadeMac, madeMac } from '#aggregates/prismnet/mac';

test('a MAC is made from the number of the VPC and the address', () => {
  expect(madeMac(1, '10.0.1.2')).toBe('02:01:0a:00:01:02');
  expect(madeMac(0x1ff, '255.255.255.255')).toBe('02:ff:ff:ff:ff:ff');
});

test('what could be made in a VPC, and what is no address, is told from others', () => {
  expect(isMadeMac(1, '02:01:00:00:00:00')).toBe(true);
  expect(isMadeMac(257, '02:01:00:00:00:00')).toBe(true);
  expect(isMadeMac(2, '02:01:00:00:00:00')).toBe(false);
  expect(isMadeMac(2, '00:00:00:00:00:00')).toBe(true);
});
