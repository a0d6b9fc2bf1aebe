import { orderedKey } from '#aggregates/ordered-key';
import { groupOfVpc, inVpc, quarantineMs } from '#aggregates/prismnet/network';

test('times sort as keys', () => {
  const times = [0, 9, 10, 1_700_000_000_000, 9_999_999_999_999];
  expect([...times].map(orderedKey).sort().map(Number)).toEqual(times);
});

test('what rests does so for five minutes', () => expect(quarantineMs).toBe(300_000));

test('keys of a VPC begin with it', () => expect(inVpc('shop/main', '10.0.0.1')).toBe('shop/main 10.0.0.1'));

test('the group of a VPC has its name', () => expect(groupOfVpc('shop/main')).toBe('shop/main'));
