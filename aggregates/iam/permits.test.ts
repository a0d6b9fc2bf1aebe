import { permitsOf, permitsOne } from '#aggregates/iam/permits';

test.each([
  [['*'], [], 'vm.create', true],
  [['*'], ['vm.create'], 'vm.create', false],
  [['vm.*'], [], 'vm.create', true],
  [['vm.*'], [], 'vmx.create', false],
  [['*.read'], [], 'vm.read', true],
  [['*.read'], [], 'vm.reads', false],
  [['vm.create'], [], 'vm.create', true],
  [['vm.create'], [], 'vm.created', false],
  [[], [], 'vm.create', false],
  [['service-account.*'], [], 'service-account.create', true],
] as const)('%j without %j and %s: %s', (patterns, except, permission, expected) => {
  expect(permitsOne(permitsOf(patterns, except), permission)).toBe(expected);
});

test('equal patterns share one set, and others do not', () => {
  expect(permitsOf(['key.*'], ['key.put'])).toBe(permitsOf(['key.*'], ['key.put']));
  expect(permitsOf(['key.*', 'key.put'])).not.toBe(permitsOf(['key.*'], ['key.put']));
});
