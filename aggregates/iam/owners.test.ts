import { ownedByOrganisation, principalOwners, userOwners } from '#aggregates/iam/owners';
import { project } from '#aggregates/iam/project';
import { userOf } from '#aggregates/iam/user';
import { ownedByProject } from '#aggregates/owners';
import { factsHolding, held } from '#harness/facts';
import { fewWords } from '#harness/iam-words';

const facts = factsHolding([
  held(project, 'shop', { organisation: 'acme' }),
  held(userOf(fewWords), 'alice', { organisation: 'acme', disabled: false }),
]);

test('what a tenant has is of its project and of the organisation of that', () => {
  expect(ownedByProject('shop/web', facts)).toEqual(['organisation/acme', 'project/shop']);
  expect(ownedByProject('none/web', facts)).toEqual(['project/none']);
});

test('what an organisation has is of it; without one it is the cluster’s own', () => {
  expect(ownedByOrganisation('acme/developers')).toEqual(['organisation/acme']);
  expect(ownedByOrganisation('reader')).toEqual([]);
});

test('what somebody has is of that one, and of what is above', () => {
  expect(userOwners('alice', facts)).toEqual(['organisation/acme', 'user/alice']);
  expect(userOwners('none', facts)).toEqual(['user/none']);
  expect(principalOwners('user/alice', facts)).toEqual(['organisation/acme', 'user/alice']);
  expect(principalOwners('service-account/shop/ci', facts)).toEqual([
    'organisation/acme',
    'project/shop',
    'service-account/shop/ci',
  ]);
  expect(principalOwners('host/n1', facts)).toEqual(['host/n1']);
});
