import { isLeft } from 'fp-ts/lib/Either';
import { catalog } from '#gateways/catalog';
import { inMemory, type InMemory } from '#harness/in-memory';

const iam = catalog.filter(({ name }) => name === 'iam');

const begun = (): InMemory => {
  const memory = inMemory(iam);
  const run = (kind: string, id: string, body: unknown = {}): void => {
    const done = memory.run({ kind, id, body });
    if (isLeft(done)) throw new Error(`${kind} ${id} is refused: ${done.left.code}`);
  };
  run('organisation.create', 'acme');
  run('project.create', 'shop', { organisation: 'acme' });
  run('user.create', 'alice', { organisation: 'acme' });
  run('group.create', 'acme/developers');
  run('service-account.create', 'shop/ci');
  return memory;
};

/** Everything is done as the break-glass token, which may grant everything. */
const events = (memory: InMemory, kind: string, id: string): readonly string[] => {
  const done = memory.run({ kind, id, body: {} });
  if (isLeft(done)) throw new Error(done.left.code);
  return done.right.events.map((event) => `${event.kind} ${event.id}`);
};

test('with nobody, nothing goes but what it was', () => {
  expect(events(begun(), 'user.delete', 'alice')).toEqual(['user.deleted alice', 'policy.touched cluster']);
});

test.each([
  ['user.delete', 'alice', 'user/alice'],
  ['service-account.delete', 'shop/ci', 'service-account/shop/ci'],
])('%s takes bindings and memberships along', (kind, id, subject) => {
  const memory = begun();
  memory.run({ kind: 'group.add', id: 'acme/developers', body: { member: subject } });
  // A denial asks for nothing that whoever makes it must hold.
  memory.run({ kind: 'binding.create', id: 'b', body: { subject, role: 'viewer', effect: 'deny' } });
  expect(events(memory, kind, id)).toEqual(
    expect.arrayContaining(['binding.deleted b', 'group.left acme/developers', 'policy.touched cluster']),
  );
});

test('a group takes its bindings along', () => {
  const memory = begun();
  const body = { subject: 'group/acme/developers', role: 'viewer', effect: 'deny' };
  memory.run({ kind: 'binding.create', id: 'b', body });
  expect(events(memory, 'group.delete', 'acme/developers')).toContain('binding.deleted b');
});

test('a project takes along what was granted in it', () => {
  const memory = begun();
  memory.run({ kind: 'service-account.delete', id: 'shop/ci', body: {} });
  const body = { subject: 'user/alice', role: 'viewer', effect: 'deny', project: 'shop' };
  memory.run({ kind: 'binding.create', id: 'b', body });
  expect(events(memory, 'project.delete', 'shop')).toContain('binding.deleted b');
});
