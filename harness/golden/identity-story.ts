import type { Entry } from '#log/entry';

type Written = Pick<Entry, 'kind' | 'id' | 'body'> & Partial<Entry>;

const session = '4f1c2d3e5a6b7c8d9e0f1a2b3c4d5e6f';

/** Who alice is once she has logged in, from an address of her office. */
const alice = { principal: 'user/alice', credential: `session/${session}`, address: '192.0.2.10' };

const login = {
  principal: 'user/alice',
  method: 'federated',
  client: 'ultracloud-cli',
  family: 'a'.repeat(64),
  current: 'b'.repeat(64),
};

/** An organisation from its first day to its last: grants, refusals of every kind, and what ends with whom. */
export const identityStory: readonly Written[] = [
  { kind: 'break-glass.use', id: '192.0.2.10', body: { gateway: 'http' } },
  { kind: 'organisation.create', id: 'acme', body: {} },
  { kind: 'project.create', id: 'shop', body: { organisation: 'acme', labels: { environment: 'test' } } },
  { kind: 'user.create', id: 'alice', body: { organisation: 'acme' } },
  { kind: 'user.create', id: 'root', body: { organisation: 'acme' } },
  { kind: 'binding.create', id: 'root', body: { subject: 'user/root', role: 'owner' } },
  { kind: 'user.delete', id: 'root', body: {} },
  { kind: 'session.open', id: session, body: login },
  { kind: 'key.put', id: 'app/a', body: { value: Buffer.from('1') }, ...alice },
  { kind: 'project.update', id: 'shop', body: { displayName: 'Shop' }, ...alice },
  { kind: 'role.create', id: 'acme/writer', body: { permissions: ['key.put', 'key.read', 'project.read'] } },
  { kind: 'binding.create', id: 'writer', body: { subject: 'user/alice', role: 'acme/writer', project: 'shop' } },
  { kind: 'project.update', id: 'shop', body: { displayName: 'Shop' }, ...alice },
  {
    kind: 'binding.create',
    id: 'app',
    body: { subject: 'user/alice', role: 'key-editor', noun: 'key', prefix: 'app/', networks: ['192.0.2.0/24'] },
  },
  { kind: 'key.put', id: 'app/a', body: { value: Buffer.from('1') }, ...alice },
  { kind: 'key.put', id: 'app/a', body: { value: Buffer.from('2') }, ...alice, address: '203.0.113.1' },
  { kind: 'key.put', id: 'other/a', body: { value: Buffer.from('1') }, ...alice },
  {
    kind: 'key.txn',
    id: '',
    body: { success: [{ put: { key: 'app/b', value: Buffer.from('1') } }, { get: { key: 'other/a' } }] },
    ...alice,
  },
  { kind: 'binding.create', id: 'own', body: { subject: 'user/alice', role: 'owner', project: 'shop' }, ...alice },
  { kind: 'group.create', id: 'acme/writers', body: {} },
  { kind: 'group.add', id: 'acme/writers', body: { member: 'user/alice' } },
  { kind: 'binding.create', id: 'writers', body: { subject: 'group/acme/writers', role: 'owner', project: 'shop' } },
  { kind: 'service-account.create', id: 'shop/ci', body: {}, ...alice },
  { kind: 'service-account.disable', id: 'shop/ci', body: {}, ...alice },
  { kind: 'service-account.enable', id: 'shop/ci', body: {}, ...alice },
  { kind: 'service-account.delete', id: 'shop/ci', body: {}, ...alice },
  {
    kind: 'binding.create',
    id: 'no',
    body: { subject: 'user/alice', role: 'key-editor', effect: 'deny', noun: 'key', object: 'app/secret' },
  },
  { kind: 'key.put', id: 'app/secret', body: { value: Buffer.from('1') }, ...alice },
  { kind: 'binding.delete', id: 'no', body: {}, ...alice },
  { kind: 'binding.delete', id: 'no', body: {} },
  {
    kind: 'binding.create',
    id: 'brief',
    body: { subject: 'everyone', role: 'viewer', organisation: 'acme', expiresAt: 1_700_000_030_000 },
  },
  { kind: 'clock.advance', id: '', body: {}, stampedAtMs: 1_700_000_060_000 },
  { kind: 'group.remove', id: 'acme/writers', body: { member: 'user/alice' }, stampedAtMs: 1_700_000_060_000 },
  { kind: 'user.disable', id: 'alice', body: {}, stampedAtMs: 1_700_000_060_000 },
  { kind: 'key.put', id: 'app/a', body: { value: Buffer.from('3') }, ...alice, stampedAtMs: 1_700_000_060_000 },
  { kind: 'user.enable', id: 'alice', body: {}, stampedAtMs: 1_700_000_060_000 },
  { kind: 'key.put', id: 'app/a', body: { value: Buffer.from('3') }, ...alice, stampedAtMs: 1_700_000_060_000 },
  { kind: 'user.delete', id: 'alice', body: {}, stampedAtMs: 1_700_000_060_000 },
  { kind: 'role.update', id: 'acme/writer', body: { permissions: ['key.read'] }, stampedAtMs: 1_700_000_060_000 },
  { kind: 'role.delete', id: 'acme/writer', body: {}, stampedAtMs: 1_700_000_060_000 },
  { kind: 'group.delete', id: 'acme/writers', body: {}, stampedAtMs: 1_700_000_060_000 },
  { kind: 'project.delete', id: 'shop', body: {}, stampedAtMs: 1_700_000_060_000 },
  { kind: 'namespace-usage.change', id: 'space', body: { documents: 1, bytes: 10 }, stampedAtMs: 1_700_000_060_000 },
];
