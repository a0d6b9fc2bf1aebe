import type { TypeOf } from '#commands/codec/codec';
import { list, object, oneOf, optional } from '#commands/codec/object';
import { bytes, bytesId, choice, id, integer, type Id } from '#commands/codec/scalar';
import { type AnyCommandSpec, command, type CommandOf } from '#commands/command';
import { categories } from '#commands/rejection';
import { type AnyViewSpec, view } from '#commands/view';

const VmId = id('vm');
const CpuCount = integer('CPU count', { summary: 'Virtual CPUs.', unit: 'count', min: 1, max: 256 });
const Value = bytes('value', { summary: 'The value.', maxBytes: 1024 });
const Key = bytesId('key', { maxBytes: 1024 });

const createVm = command('vm', 'create', {
  summary: 'Create a virtual machine.',
  id: VmId,
  body: { cpuCount: CpuCount, label: optional(choice('label', { summary: 'A label.', values: ['a', 'b'] })) },
});
const putKey = command('key', 'put', { summary: 'Put.', id: Key, body: { value: Value } });
const txn = command('txn', 'run', {
  summary: 'Compare and act.',
  id: undefined,
  route: '/v1/txn',
  body: {
    success: list(oneOf({ put: object({ key: Key, value: Value }), delete: object({ key: Key }) }), {
      summary: 'Operations.',
      maxItems: 128,
    }),
  },
});

type Command = CommandOf<typeof createVm | typeof putKey | typeof txn>;

/** Compiles only if the union narrows to the exact types. */
const narrow = (told: Command): string => {
  switch (told.kind) {
    case 'vm.create': {
      const vm: Id<'vm'> = told.id;
      const label: 'a' | 'b' | undefined = told.body.label;
      return `${vm} ${told.body.cpuCount.toFixed()} ${label}`;
    }
    case 'key.put': {
      const key: string = told.id;
      const value: Uint8Array = told.body.value;
      return `${key} ${value.length}`;
    }
    case 'txn.run': {
      const none: '' = told.id;
      return none + told.body.success.map((op) => ('put' in op ? op.put.value.length : op.delete.key)).join();
    }
  }
};

test('a command narrows by its kind', () => {
  const told: Command = { kind: 'key.put', id: 'a', body: { value: new Uint8Array(3) } };
  expect(narrow(told)).toBe('a 3');
  // @ts-expect-error The id of another noun is no vm id.
  const wrong: Command = { kind: 'vm.create', id: 'a' as Id<'subnet'>, body: { cpuCount: 1 } };
  // @ts-expect-error A required field is missing.
  const short: TypeOf<typeof createVm.body> = {};
  expect([wrong, short]).toHaveLength(2);
});

test('routes, words and permissions have defaults that a specification may replace', () => {
  const specs: readonly AnyCommandSpec[] = [createVm, putKey, txn];
  expect(specs.map((spec) => [spec.kind, spec.route, spec.cli.words.join(' '), spec.permission])).toEqual([
    ['vm.create', '/v1/vms/{id}/create', 'vm create', 'vm.create'],
    ['key.put', '/v1/keys/{id}/put', 'key put', 'key.put'],
    ['txn.run', '/v1/txn', 'txn run', 'txn.run'],
  ]);
});

test('views have a route and a permission', () => {
  const about = { summary: 'Keys.', id: Key, row: object({ key: Key, value: Value }), columns: [] };
  const views: readonly AnyViewSpec[] = [view('key', about), view('policy', { ...about, plural: 'policies' })];
  expect(views.map(({ route, permission }) => [route, permission])).toEqual([
    ['/v1/keys', 'key.read'],
    ['/v1/policies', 'policy.read'],
  ]);
});

test('every category has a status and an exit code of its own', () => {
  const all = Object.values(categories);
  expect(all.map(({ status }) => status)).toEqual([400, 403, 404, 409, 507, 503]);
  expect(all.map(({ exitCode }) => exitCode)).toEqual([2, 6, 4, 5, 7, 1]);
});
