import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { formsOf } from '#gateways/http/event-form';
import { iamRoutes } from '#gateways/http/iam-routes';
import { startTestApi, type Json, type Reply, type TestApi } from '#harness/http';

/** Who may do what, asked over HTTP. */

let api: TestApi;
/** Tokens by service account. */
const tokens = new Map<string, string>();

const done = async (path: string, body: unknown = {}): Promise<Json> => {
  const { status, json } = await api.call('POST', path, body);
  if (status !== 200) throw new Error(`${path}: ${JSON.stringify(json)}`);
  return json;
};

/** A program that shows an access key. */
const program = async (project: string, name: string): Promise<void> => {
  const account = `${project}/${name}`;
  await done(`/v1/service-accounts/${project}%2F${name}/create`);
  const { id, key, digest } = api.node.identity.makeAccessKey();
  const who = { principal: 'admin', credential: 'admin.token', source: 'test', address: '' };
  const body = { serviceAccount: account, digest };
  const { result } = await api.node.engine.submit({ kind: 'access-key.create', id, body, ...who });
  expect(result.status).toBe('accepted');
  tokens.set(account, key);
};

const as = (account: string, method: string, path: string, body?: unknown, key?: string): Promise<Reply> =>
  api.call(method, path, body, {
    authorization: `Bearer ${tokens.get(account) ?? ''}`,
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  });

beforeAll(async () => {
  api = await startTestApi();
  for (const organisation of ['acme', 'other']) await done(`/v1/organisations/${organisation}/create`);
  await done('/v1/projects/shop/create', { organisation: 'acme' });
  await done('/v1/projects/bank/create', { organisation: 'other' });
  await done('/v1/users/alice/create', { organisation: 'acme' });
  await done('/v1/roles/acme%2Fkeeper/create', { permissions: ['service-account.create', 'project.read'] });
  await program('shop', 'ci');
  await program('shop', 'auditor');
  await done('/v1/bindings/ci-looks/create', {
    subject: 'service-account/shop/ci',
    role: 'viewer',
    project: 'shop',
  });
  await done('/v1/bindings/ci-keys/create', {
    subject: 'service-account/shop/ci',
    role: 'key-editor',
    noun: 'key',
    prefix: 'app/',
  });
  await done('/v1/bindings/auditor/create', { subject: 'service-account/shop/auditor', role: 'auditor' });
});
afterAll(() => api.stop());

describe('whoami', () => {
  test('tells who asks, what was shown and what was granted', async () => {
    const { json } = await as('shop/ci', 'GET', '/v1/whoami');
    expect(json).toMatchObject({
      principal: 'service-account/shop/ci',
      credential: expect.stringMatching(/^access-key\/[0-9a-f]{32}$/),
      address: '127.0.0.1',
      grants: [
        { binding: 'ci-keys', role: 'key-editor', place: 'key/app/…', effect: 'allow' },
        { binding: 'ci-looks', role: 'viewer', place: 'project/shop' },
      ],
    });
  });

  test('tells that the break-glass token is above bindings', async () => {
    const { json } = await api.call('GET', '/v1/whoami');
    expect(json).toMatchObject({ principal: 'admin', unlimited: true, grants: [] });
  });
});

describe('can', () => {
  const ask = (account: string, query: string) => as(account, 'GET', `/v1/iam/can?${query}`);

  test('answers whoever asks of itself, with the rule that decides', async () => {
    const { status, json } = await ask('shop/ci', 'permission=key.put&resource=key/app/a');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      principal: 'service-account/shop/ci',
      permission: 'key.put',
      resource: 'key/app/a',
      allowed: true,
      reason: 'granted',
      binding: 'ci-keys',
    });
  });

  test('says what is missing, and the command line that would be enough', async () => {
    const { json } = await ask('shop/ci', 'permission=service-account.create&resource=service-account/shop/web');
    expect(json).toMatchObject({ allowed: false, reason: 'missing' });
    expect(json['enough']).toContainEqual({
      role: 'acme/keeper',
      command:
        'ultracloud binding create shop-ci-acme-keeper --subject service-account/shop/ci --role acme/keeper ' +
        '--project shop',
    });
  });

  test('tells nothing of what may not be known, be it there or not', async () => {
    const of = async (name: string) => {
      const { json } = await ask('shop/ci', `permission=project.update&resource=project/${name}`);
      return json;
    };
    const [there, absent] = [await of('bank'), await of('nowhere')];
    expect(there).toMatchObject({ allowed: false, reason: 'hidden' });
    expect({ ...there, resource: '' }).toEqual({ ...absent, resource: '' });
    expect(there['enough']).toBeUndefined();
  });

  test('answers of others whom the bindings may be shown to, and nobody else', async () => {
    const query = 'principal=service-account/shop/ci&permission=key.put&resource=key/app/a';
    expect((await ask('shop/auditor', query)).json).toMatchObject({ allowed: true, binding: 'ci-keys' });
    const other = 'principal=service-account/shop/auditor&permission=key.put&resource=key/app/a';
    expect((await ask('shop/ci', other)).json).toMatchObject({
      code: 'request.forbidden',
      detail: { permission: 'binding.read', resource: 'key/app/a' },
    });
  });

  test('tells of others no binding that is elsewhere and may not be read', async () => {
    const subject = 'service-account/shop/auditor';
    await done('/v1/bindings/elsewhere/create', { subject, role: 'viewer', project: 'bank' });
    const query = `principal=${subject}&permission=project.read&resource=project/shop`;
    const bindings = (json: Json) => (json['considered'] as readonly Json[]).map(({ binding }) => binding);
    expect(bindings((await ask('shop/ci', query)).json)).toEqual(['auditor']);
    expect(bindings((await ask('shop/auditor', query)).json)).toEqual(['auditor', 'elsewhere']);
  });

  test.each<[query: string, path: string, hint: string | undefined]>([
    ['permission=key.putt&resource=cluster', 'permission', 'did you mean key.put?'],
    ['permission=key.put&resource=projekt/shop', 'resource', 'did you mean project?'],
    ['permission=key.put&resource=project', 'resource', undefined],
    ['permission=key.put&resource=project/Shop', 'resource', undefined],
    ['permission=key.put', 'resource', undefined],
    ['resource=cluster', 'permission', undefined],
    ['principal=alice&permission=key.put&resource=cluster', 'principal', 'did you mean user/alice?'],
  ])('says what is wrong with %s', async (query, path, hint) => {
    const { status, json } = await api.call('GET', `/v1/iam/can?${query}`);
    expect(status).toBe(400);
    const [problem] = json['problems'] as readonly Json[];
    expect(problem).toMatchObject({ path, ...(hint === undefined ? {} : { hint }) });
  });
});

test('who can lists whoever may, by which binding', async () => {
  const path = '/v1/iam/who-can?permission=key.put&resource=key/app/a';
  const { json } = await as('shop/auditor', 'GET', path);
  const principals = (json['allowed'] as readonly Json[]).map(({ principal, binding }) => [principal, binding]);
  expect(principals).toContainEqual(['service-account/shop/ci', 'ci-keys']);
  expect(principals.map(([principal]) => principal)).not.toContain('service-account/shop/auditor');
  expect((await as('shop/ci', 'GET', path)).json).toMatchObject({ code: 'request.forbidden' });
});

describe('why denied', () => {
  test('names the permission, each rule, and what would be enough', async () => {
    const refused = await as('shop/ci', 'POST', '/v1/keys/other/put', { value: '1' }, 'req-1');
    expect(refused.json).toMatchObject({ code: 'request.forbidden' });
    const { position } = refused.json;
    const { json } = await as('shop/ci', 'GET', `/v1/iam/why-denied/${String(position)}`);
    expect(json).toMatchObject({
      position,
      command: 'key.put',
      denied: true,
      permission: 'key.put',
      resource: 'key/other',
      reason: 'missing',
      considered: [
        { binding: 'ci-keys', permits: true, covers: false },
        { binding: 'ci-looks', permits: false },
      ],
    });
    expect(json['enough']).toContainEqual({
      role: 'key-editor',
      command:
        'ultracloud binding create shop-ci-key-editor --subject service-account/shop/ci --role key-editor ' +
        '--noun key --object other',
    });
    expect((await as('shop/ci', 'GET', '/v1/iam/why-denied/req-1')).json).toEqual(json);
  });

  test('is answered on what was true then, whatever was granted since', async () => {
    const { json: refused } = await as('shop/ci', 'POST', '/v1/keys/late/put', { value: '1' });
    const body = { subject: 'service-account/shop/ci', role: 'key-editor', noun: 'key', object: 'late' };
    await done('/v1/bindings/ci-late/create', body);
    expect((await as('shop/ci', 'POST', '/v1/keys/late/put', { value: '1' })).status).toBe(200);
    const { json } = await as('shop/ci', 'GET', `/v1/iam/why-denied/${String(refused['position'])}`);
    expect(json).toMatchObject({ denied: true, reason: 'missing' });
  });

  test('finds the command of a batch that was refused', async () => {
    const commands = [
      { command: 'key.put', id: 'app/a', body: { value: '1' } },
      { command: 'service-account.create', id: 'shop/web' },
    ];
    const { json: refused } = await as('shop/ci', 'POST', '/v1/apply', { commands });
    expect(refused).toMatchObject({ code: 'request.forbidden', detail: { commandIndex: 1 } });
    const { json } = await as('shop/ci', 'GET', `/v1/iam/why-denied/${String(refused['position'])}`);
    expect(json).toMatchObject({ permission: 'service-account.create', resource: 'service-account/shop/web' });
  });

  test('tells whose object it was only to whoever reads the log', async () => {
    const { json: refused } = await as('shop/ci', 'POST', '/v1/projects/bank/update', { displayName: 'Mine' });
    expect(refused).toMatchObject({ code: 'object.absent' });
    const path = `/v1/iam/why-denied/${String(refused['position'])}`;
    const { json: own } = await as('shop/ci', 'GET', path);
    expect(own).toMatchObject({ denied: true, reason: 'hidden' });
    expect(JSON.stringify(own)).not.toContain('other');
    const { json: told } = await as('shop/auditor', 'GET', path);
    expect(told).toMatchObject({ reason: 'missing', permission: 'project.update' });
  });

  test('tells of nobody else, unless the log may be read', async () => {
    const { json: refused } = await as('shop/auditor', 'POST', '/v1/keys/a/put', { value: '1' }, 'req-2');
    const path = `/v1/iam/why-denied/${String(refused['position'])}`;
    expect((await as('shop/ci', 'GET', path)).json).toMatchObject({ code: 'request.absent' });
    const byKey = await api.call('GET', '/v1/iam/why-denied/req-2?principal=service-account/shop/auditor');
    expect(byKey.json).toMatchObject({ position: refused['position'], principal: 'service-account/shop/auditor' });
  });

  test('says when a request was not denied at all', async () => {
    const { json } = await as('shop/ci', 'POST', '/v1/keys/app%2Fb/put', { value: '1' });
    const answer = await as('shop/ci', 'GET', `/v1/iam/why-denied/${String(json['position'])}`);
    expect(answer.json).toEqual({ position: json['position'], outcome: 'accepted', denied: false });
    const refused = await as('shop/ci', 'POST', '/v1/keys/app%2Fb/put', { value: '1', lease: '99' });
    const why = await as('shop/ci', 'GET', `/v1/iam/why-denied/${String(refused.json['position'])}`);
    expect(why.json).toMatchObject({ denied: false, code: 'lease.absent' });
  });
});

describe('a trial of a policy', () => {
  const attempt = (body: unknown) => api.call('POST', '/v1/iam/try', body);

  test('lists each recorded answer that would change, and because of what', async () => {
    const since = api.node.engine.head.position + 1;
    await as('shop/ci', 'POST', '/v1/keys/app%2Fc/put', { value: '1' });
    await as('shop/ci', 'POST', '/v1/keys/open/put', { value: '1' });
    await as('shop/ci', 'POST', '/v1/apply', {
      commands: [{ command: 'key.put', id: 'app/d', body: { value: '1' } }],
    });
    const subject = 'service-account/shop/ci';
    const commands = [
      { command: 'binding.delete', id: 'ci-keys' },
      { command: 'binding.create', id: 'ci-open', body: { subject, role: 'key-editor', noun: 'key', object: 'open' } },
    ];
    const { status, json } = await attempt({ commands, since });
    expect(status).toBe(200);
    expect(json).toMatchObject({ from: since, lost: 2, gained: 1, unjudged: 0 });
    expect(json['items']).toMatchObject([
      {
        principal: subject,
        command: 'key.put',
        resource: 'key/app/c',
        was: 'allowed',
        wouldBe: 'refused',
        because: { binding: 'ci-keys', policy: 'present' },
      },
      { resource: 'key/open', was: 'refused', wouldBe: 'allowed', because: { binding: 'ci-open', policy: 'proposed' } },
      { command: 'batch.apply', resource: 'key/app/d', was: 'allowed', wouldBe: 'refused' },
    ]);
    const { json: page } = await attempt({ commands, since, limit: 1 });
    expect(page['items']).toHaveLength(1);
    const { json: rest } = await attempt({ commands, since: page['next'] });
    expect(rest['items']).toHaveLength(2);
    expect(rest['next']).toBeUndefined();
    expect((await as('shop/ci', 'POST', '/v1/keys/app%2Fc/put', { value: '2' })).status).toBe(200);
  });

  test('looks into transactions, which ask for nothing themselves', async () => {
    const since = api.node.engine.head.position + 1;
    const txn = { success: [{ put: { key: 'app/t', value: '1' } }] };
    const { json: made } = await as('shop/ci', 'POST', '/v1/txn', txn);
    expect(made['outcome']).toBe('accepted');
    const { json } = await attempt({ commands: [{ command: 'binding.delete', id: 'ci-keys' }], since });
    expect(json['items']).toMatchObject([{ command: 'key.txn', resource: 'key/app/t', wouldBe: 'refused' }]);
  });

  test('counts what it cannot judge once the entries are gone', async () => {
    const since = api.node.engine.head.position + 1;
    await as('shop/ci', 'POST', '/v1/keys/app%2Fg/put', { value: '1' });
    await as('shop/ci', 'POST', '/v1/txn', { success: [{ put: { key: 'app/h', value: '1' } }] });
    const { node } = api;
    const { position } = node.engine.head;
    const logBounds = () => Promise.resolve({ first: position + 1, end: position });
    const truncated = { ...node, operations: { ...node.operations, logBounds } };
    const route = iamRoutes(truncated, formsOf(node.engine.vocabulary)).find(({ path }) => path === '/v1/iam/try');
    const answered = await route?.handle({
      principal: { name: 'admin', credential: 'admin.token', address: '' },
      params: {},
      query: '',
      headers: {},
      body: { commands: [{ command: 'binding.delete', id: 'ci-keys' }], since },
      response: new ServerResponse(new IncomingMessage(new Socket())),
    });
    expect(JSON.parse(answered?.text ?? '')).toMatchObject({
      oldestEntry: position + 1,
      judged: 1,
      unjudged: 1,
      items: [{ resource: 'key/app/g', wouldBe: 'refused' }],
    });
  });

  test('denies, disables and judges at the time of the request', async () => {
    const since = api.node.engine.head.position + 1;
    await as('shop/ci', 'POST', '/v1/keys/app%2Fe/put', { value: '1' });
    const denial = {
      command: 'binding.create',
      id: 'nobody',
      body: { subject: 'everyone', role: 'key-editor', effect: 'deny' },
    };
    const { json: denied } = await attempt({ commands: [denial], since });
    expect(denied['items']).toMatchObject([{ because: { binding: 'nobody', effect: 'deny' } }]);
    const disabling = { command: 'service-account.disable', id: 'shop/ci' };
    const { json: disabled } = await attempt({ commands: [disabling], since });
    expect(disabled['items']).toMatchObject([{ because: { ended: 'service-account.disabled' } }]);
    const later = { ...denial, body: { ...denial.body, notBefore: '2999-01-01T00:00:00Z' } };
    expect((await attempt({ commands: [later], since })).json).toMatchObject({ judged: 1, lost: 0, items: [] });
  });

  test('refuses what the commands would be refused, and what is no point in time', async () => {
    const commands = [{ command: 'binding.delete', id: 'nowhere' }];
    const { status, json } = await attempt({ commands, since: 1 });
    expect([status, json['code'], json['command']]).toEqual([404, 'binding.absent', 'binding.delete']);
    for (const since of ['yesterday', 1e9, '2999-01-01T00:00:00Z']) {
      expect((await attempt({ commands, since })).json).toMatchObject({ problems: [{ path: 'since' }] });
    }
  });

  test('is for whoever reads the log', async () => {
    const body = { commands: [{ command: 'binding.delete', id: 'ci-late' }], since: 1 };
    expect((await as('shop/ci', 'POST', '/v1/iam/try', body)).status).toBe(403);
    expect((await as('shop/auditor', 'POST', '/v1/iam/try', body)).status).toBe(200);
  });

  test('takes a time for a beginning', async () => {
    const { json } = await attempt({
      commands: [{ command: 'binding.delete', id: 'ci-keys' }],
      since: '2020-01-01T00:00:00Z',
    });
    expect(json).toMatchObject({ from: 1, oldestEntry: 1 });
    expect(Number(json['lost'])).toBeGreaterThan(3);
  });
});

test('every permission is listed with what asks for it', async () => {
  const { json } = await as('shop/ci', 'GET', '/v1/iam/permissions');
  expect(json['items']).toContainEqual({
    permission: 'key.put',
    noun: 'key',
    askedBy: ['key.put'],
    summary: expect.any(String),
  });
});

test('roles are those that are built in, and those made ones that may be seen', async () => {
  const named = (json: Json) => (json['items'] as readonly Json[]).map(({ id }) => id);
  expect(named((await as('shop/auditor', 'GET', '/v1/iam/roles')).json)).toEqual(
    expect.arrayContaining(['owner', 'viewer', 'acme/keeper']),
  );
  const seen = named((await as('shop/ci', 'GET', '/v1/iam/roles')).json);
  expect(seen).toContain('viewer');
  expect(seen).not.toContain('acme/keeper');
});
