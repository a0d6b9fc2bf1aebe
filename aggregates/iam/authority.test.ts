import type { Id } from '#commands/codec/scalar';
import { trustedAuthorities, type AuthorityMaterial } from '#aggregates/authority';
import { authority, type AuthorityEvent } from '#aggregates/iam/authority';
import { decisions } from '#harness/decisions';

const id = 'cluster' as Id<'authority'>;
const material = (number: number, notAfter = 10_000_000): AuthorityMaterial => ({
  certificate: `certificate ${number}`,
  fingerprint: String(number).repeat(64),
  notBefore: 0,
  notAfter,
  sshPublicKey: `ssh-ed25519 ${'A'.repeat(68)}`,
  sealedKey: 'sealed:v1:a:b:c',
  sealedSshKey: 'sealed:v1:a:d:e',
});
const create = (body: AuthorityMaterial) => ({ kind: 'authority.create' as const, id, body });
const replace = (body: AuthorityMaterial) => ({ kind: 'authority.replace' as const, id, body });
const rotate = { kind: 'authority.rotate' as const, id, body: {} };
const prune = { kind: 'authority.prune' as const, id, body: {} };
const distrust = (number: number) => ({
  kind: 'authority.distrust' as const,
  id,
  body: { fingerprint: String(number).repeat(64) },
});

const [one, two, three, four] = [material(1), material(2), material(3), material(4)];
const created: AuthorityEvent = { kind: 'authority.created', body: one };
const requested: AuthorityEvent = { kind: 'authority.rotationRequested', body: {} };
const rotated = (body: AuthorityMaterial): AuthorityEvent => ({ kind: 'authority.rotated', body });
const distrusted = (number: number): AuthorityEvent => ({
  kind: 'authority.distrusted',
  body: { fingerprint: String(number).repeat(64) },
});
const pruned = (...numbers: readonly number[]): AuthorityEvent => ({
  kind: 'authority.pruned',
  body: { fingerprints: numbers.map((number) => String(number).repeat(64)) },
});
const crowded = [created, rotated(two), rotated(three), rotated(four)];
/** The first ended at the time of the decision. */
const ended = { kind: 'authority.created' as const, body: material(1, 3_600_000) };

decisions(authority, [
  ['begins with keys', [], create(one), [created]],
  ['takes the same keys again as done', [created], create(one), []],
  ['refuses to begin again with others', [created], create({ ...one, sealedKey: 'sealed:x' }), 'authority.exists'],
  ['asks the process for new keys', [created], rotate, [requested]],
  ['asks once', [created, requested], rotate, []],
  ['asks again when they were made', [created, requested, rotated(two)], rotate, [requested]],
  ['signs with new keys', [created, requested], replace(two), [rotated(two)]],
  ['takes the same new keys again as done', [created, rotated(two)], replace(two), []],
  ['refuses new keys without old ones', [], replace(two), 'authority.absent'],
  ['refuses to ask for new keys without old ones', [], rotate, 'authority.absent'],
  ['refuses to ask for more keys than a bundle takes', crowded, rotate, 'authority.crowded'],
  ['refuses new keys that nobody asked for', [created], replace(two), 'authority.settled'],
  ['refuses the keys of whoever was slower', [created, requested, rotated(two)], replace(three), 'authority.settled'],
  ['has room again without one', [...crowded, distrusted(2)], rotate, [requested]],
  ['trusts a former certificate no longer', [created, rotated(two)], distrust(1), [distrusted(1)]],
  ['refuses to distrust what signs', [created, rotated(two)], distrust(2), 'authority.current'],
  ['refuses to distrust what is not trusted', [created], distrust(9), 'authority.untrusted'],
  ['refuses to distrust without an authority', [], distrust(1), 'authority.absent'],
  ['forgets what has ended', [ended, rotated(two), rotated(three)], prune, [pruned(1)]],
  ['forgets nothing that still holds', [created, rotated(two)], prune, []],
  ['forgets nothing twice', [ended, rotated(two), pruned(1)], prune, []],
  ['forgets nothing without an authority', [], prune, []],
]);

test('its timer is set for the first end of a former certificate', () => {
  const [first, second] = [material(1, 5_000), material(2, 4_000)];
  const state = { current: three, former: [first, second], rotationRequested: false };
  expect(authority.due?.(state)).toBe(4_000);
  expect(authority.due?.({ ...state, former: [] })).toBeUndefined();
});

test('what has ended is trusted no longer, whether it was forgotten or not', () => {
  const state = { current: two, former: [material(1, 5_000)], rotationRequested: false };
  expect(trustedAuthorities(state, 4_999).map(({ fingerprint }) => fingerprint[0])).toEqual(['2', '1']);
  expect(trustedAuthorities(state, 5_000).map(({ fingerprint }) => fingerprint[0])).toEqual(['2']);
});
