import type { Asker } from '#aggregates/access';
import { heldOf, type Conditions } from '#aggregates/iam/conditions';

/** Wednesday, the 21st of November 2001. */
const at = (time: string): number => Date.parse(`2001-11-21T${time}:00Z`);

const unmet = (conditions: Conditions, now: number, address = '192.0.2.7', labels = {}): string | undefined => {
  const asker: Asker = { principal: 'user/a', credential: 'test', address, now };
  return heldOf(conditions)?.(asker, () => labels);
};

test('without conditions there is nothing to ask', () => {
  expect(heldOf({})).toBeUndefined();
});

test.each<readonly [Conditions, string, string | undefined]>([
  [{ dailyFrom: '08:00', dailyTo: '18:00' }, '07:59', 'daily'],
  [{ dailyFrom: '08:00', dailyTo: '18:00' }, '08:00', undefined],
  [{ dailyFrom: '08:00', dailyTo: '18:00' }, '17:59', undefined],
  [{ dailyFrom: '08:00', dailyTo: '18:00' }, '18:00', 'daily'],
  [{ dailyFrom: '22:00', dailyTo: '06:00' }, '23:30', undefined],
  [{ dailyFrom: '22:00', dailyTo: '06:00' }, '05:59', undefined],
  [{ dailyFrom: '22:00', dailyTo: '06:00' }, '12:00', 'daily'],
  [{ dailyFrom: '12:00' }, '11:00', 'daily'],
  [{ dailyTo: '12:00' }, '11:00', undefined],
  [{ days: ['wednesday'] }, '12:00', undefined],
  [{ days: ['tuesday', 'thursday'] }, '12:00', 'days'],
])('%j at %s', (conditions, time, expected) => {
  expect(unmet(conditions, at(time))).toBe(expected);
});

test('an instant ends and begins exactly', () => {
  expect(unmet({ notBefore: 5 }, 4)).toBe('notBefore');
  expect(unmet({ notBefore: 5 }, 5)).toBeUndefined();
  expect(unmet({ expiresAt: 5 }, 4)).toBeUndefined();
  expect(unmet({ expiresAt: 5 }, 5)).toBe('expiresAt');
});

test.each([
  ['192.0.2.0/24', '192.0.2.7', true],
  ['192.0.2.0/25', '192.0.2.200', false],
  ['192.0.2.0/24', '2001:db8::1', false],
  ['2001:db8::/32', '2001:db8:1::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '', false],
  ['0.0.0.0/0', 'nonsense', false],
])('%s has %s: %s', (network, address, expected) => {
  expect(unmet({ networks: [network] }, 0, address)).toBe(expected ? undefined : 'networks');
});

test('all labels must be there', () => {
  const labels = { environment: 'test', team: 'a' };
  expect(unmet({ labels: { environment: 'test' } }, 0, '', labels)).toBeUndefined();
  expect(unmet({ labels: { environment: 'test', team: 'b' } }, 0, '', labels)).toBe('labels');
  expect(unmet({ labels: { environment: 'test' } }, 0, '')).toBe('labels');
});
