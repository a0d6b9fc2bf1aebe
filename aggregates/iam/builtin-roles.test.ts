import { builtinRoles, ownPermissions } from '#aggregates/iam/builtin-roles';
import { permitsOf, permitsOne } from '#aggregates/iam/permits';
import { catalog, everyPermission } from '#gateways/catalog';

const permitsOfRole = (role: string) => {
  const { permissions = [], except = [] } = builtinRoles[role] ?? {};
  return permitsOf(permissions, except);
};

/** What commands of these components ask for. */
const asked = (isWanted: (component: string) => boolean): readonly string[] =>
  catalog
    .filter(({ name }) => isWanted(name))
    .flatMap(({ aggregates, procedures }) => [
      ...aggregates.flatMap(({ commands }) => commands),
      ...procedures.map(({ command }) => command),
    ])
    .flatMap(({ permission, internal }) => (permission === undefined || internal ? [] : [permission]));

test.each(Object.entries(builtinRoles))(
  '%s names only permissions that there are',
  (_name, { permissions, except = [] }) => {
    for (const pattern of permissions) {
      expect([pattern, everyPermission().some((one) => permitsOne(permitsOf([pattern]), one))]).toEqual([
        pattern,
        true,
      ]);
    }
    expect(except.filter((one) => !everyPermission().includes(one))).toEqual([]);
  },
);

test('what everybody may do to itself is there to be done', () => {
  expect([...ownPermissions.exact].filter((one) => !everyPermission().includes(one))).toEqual([]);
});

test('an editor works with everything of tenants, and decides nothing about people or the cluster', () => {
  const editor = permitsOfRole('editor');
  const ofCluster = ['cluster', 'iam', 'node-agent'];
  const flavours = ['flavour.create', 'flavour.describe', 'flavour.delete'];
  const credit = [
    'wallet.topUp',
    'wallet.withdraw',
    ...['create', 'update', 'use', 'delete'].map((verb) => `price-list.${verb}`),
  ];
  const cluster = [
    'alarm.disarm',
    'key-quota.set',
    'key-quota.lift',
    'quota.set',
    'quota.clear',
    ...credit,
    ...flavours,
  ];
  const ofTenants = asked((name) => !ofCluster.includes(name)).filter((one) => !cluster.includes(one));
  expect(ofTenants.filter((one) => !permitsOne(editor, one))).toEqual([]);
  expect(asked((name) => ofCluster.includes(name)).filter((one) => permitsOne(editor, one))).toEqual([]);
});

test('a viewer changes nothing, and an operator nothing about people', () => {
  expect(asked(() => true).filter((one) => permitsOne(permitsOfRole('viewer'), one))).toEqual([]);
  const aboutPeople = /^(organisation|project|user|group|service-account|role|binding|access-key|authenticator)\./;
  const operator = permitsOfRole('operator');
  expect(asked(() => true).filter((one) => aboutPeople.test(one) && permitsOne(operator, one))).toEqual([]);
});
