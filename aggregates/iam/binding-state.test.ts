import { placeKey, placeOf, type Binding } from '#aggregates/iam/binding-state';
import { fewWords } from '#harness/iam-words';

const binding: Binding = { subject: 'everyone', role: 'viewer' };

test.each<readonly [Partial<Binding>, ReturnType<typeof placeOf>, string]>([
  [{}, { at: 'cluster' }, 'cluster'],
  [{ organisation: 'acme' }, { at: 'organisation/acme' }, 'organisation/acme'],
  [{ project: 'shop' }, { at: 'project/shop' }, 'project/shop'],
  [
    { noun: 'vm', object: 'shop/a' },
    { at: 'vm', objects: { noun: 'vm', from: 'shop/a', to: 'shop/a\0' } },
    'vm\0shop/a',
  ],
  [{ noun: 'key', prefix: 'a/' }, { at: 'key', objects: { noun: 'key', from: 'a/', to: 'a0' } }, 'key\0a/'],
  [{ noun: 'key', object: 'é' }, { at: 'key', objects: { noun: 'key', from: 'Ã©', to: 'Ã©\0' } }, 'key\0Ã©'],
])('%j is at %j', (where, place, key) => {
  expect(placeOf({ ...binding, ...where }, fewWords)).toEqual(place);
  expect(placeKey(place)).toBe(key);
});
