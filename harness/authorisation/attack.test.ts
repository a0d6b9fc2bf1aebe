import { startStage, type Person, type Stage } from '#harness/authorisation/stage';

jest.setTimeout(120_000);

describe('somebody of another project', () => {
  let stage: Stage;
  /** Owns the project `shop` of `acme`. */
  let own: Person;
  /** Looks at it. */
  let viewer: Person;
  /** Owns the organisation `rival`. */
  let outsider: Person;
  /** Reads and changes keys below `app/`. */
  let app: Person;

  beforeAll(async () => {
    stage = await startStage();
    own = await stage.person('olga', 'acme', { role: 'owner', project: 'shop' });
    viewer = await stage.person('vera', 'acme', { role: 'viewer', project: 'shop' });
    outsider = await stage.person('otto', 'rival', { role: 'owner', organisation: 'rival' });
    app = await stage.person('anna', 'acme', { role: 'key-editor', noun: 'key', prefix: 'app/' });
    for (const key of ['app/a', 'app/b', 'secret/a', 'zoo'])
      await stage.act('key.put', key, { value: Buffer.from('x') });
  });
  afterAll(() => stage.stop());

  const objects = [
    ['organisations', 'organisation', 'acme', 'ghost'],
    ['projects', 'project', 'shop', 'ghost'],
    ['users', 'user', 'olga', 'ghost'],
    ['groups', 'group', 'acme/developers', 'acme/ghosts'],
    ['service-accounts', 'service-account', 'shop/ci', 'shop/ghost'],
    ['roles', 'role', 'acme/deployer', 'acme/ghost'],
    ['bindings', 'binding', 'of-olga', 'of-ghost'],
  ] as const;

  test.each(objects)(
    'cannot tell an object of %s that is there from one that is not',
    async (route, noun, id, ghost) => {
      const segment = encodeURIComponent(id);
      const missing = encodeURIComponent(ghost);
      for (const path of [
        (of: string) => `/v1/${route}/${of}`,
        (of: string) => `/v1/${route}/${of}?at=1`,
        (of: string) => `/v1/${route}/${of}?watch=1`,
        (of: string) => `/v1/timeline/${noun}/${of}`,
        (of: string) => `/v1/why/${noun}/${of}`,
      ]) {
        const found = await stage.call(outsider, 'GET', path(segment));
        const lost = await stage.call(outsider, 'GET', path(missing));
        expect([path(id), found.status, found.json['code']]).toEqual([path(id), 404, 'object.absent']);
        expect(found.text.replaceAll(id, '')).toBe(lost.text.replaceAll(ghost, ''));
      }
    },
  );

  test('sees nothing of it in a list', async () => {
    for (const [route, noun, id] of objects) {
      const { status, json, text } = await stage.call(outsider, 'GET', `/v1/${route}?limit=1000`);
      expect([route, status]).toEqual([route, 200]);
      expect([route, text.includes(`"${id}"`)]).toEqual([route, false]);
      expect([noun, (json['items'] as readonly unknown[]).length]).toEqual([noun, expect.any(Number)]);
    }
    const rivals = await stage.call(outsider, 'GET', '/v1/projects');
    expect((rivals.json['items'] as readonly { id: string }[]).map(({ id }) => id)).toEqual(['den']);
  });

  test('sees nothing of it in a stream', async () => {
    const from = stage.node.engine.head.position;
    const streams = await Promise.all(
      [outsider, viewer].map((person) =>
        fetch(`http://127.0.0.1:${stage.port}/v1/watch?of=project&of=service-account&watch=${from}`, {
          headers: { authorization: `Bearer ${person.token}` },
        }),
      ),
    );
    await stage.act('service-account.create', 'shop/new');
    await stage.act('service-account.create', 'den/new');
    const [theirs, ours] = await Promise.all(streams.map((response) => firstChange(response)));
    expect(theirs).toContain('den/new');
    expect(theirs).not.toContain('shop/new');
    expect(ours).toContain('shop/new');
    expect(ours).not.toContain('den/new');
  });

  test('changes nothing, whichever way it asks', async () => {
    const { position } = stage.node.engine.head;
    const create = { command: 'service-account.create', id: 'shop/evil', body: {} };
    const dry = await stage.call(outsider, 'POST', '/v1/service-accounts/shop%2Fevil/create?dryRun=true', {});
    expect([dry.status, dry.json['code']]).toEqual([404, 'object.absent']);
    const past = await stage.call(outsider, 'POST', '/v1/service-accounts/shop%2Fevil/create?dryRun=true&at=1', {});
    expect([past.status, past.json['code']]).toEqual([404, 'object.absent']);
    const whatif = await stage.call(outsider, 'POST', '/v1/whatif', { commands: [create] });
    expect(whatif.json).toMatchObject({ outcomes: [{ outcome: 'rejected', code: 'object.absent' }] });
    const batch = await stage.call(outsider, 'POST', '/v1/apply', { commands: [create] });
    expect(batch.status).toBe(404);
    const viewed = await stage.call(viewer, 'POST', '/v1/service-accounts/shop%2Fevil/create', {});
    expect([viewed.status, viewed.json]).toEqual([
      403,
      expect.objectContaining({
        code: 'request.forbidden',
        detail: { permission: 'service-account.create', resource: 'service-account/shop/evil' },
      }),
    ]);
    expect(stage.node.engine.facts.get({ noun: 'service-account' }, 'shop/evil')).toBeUndefined();
    expect(stage.node.engine.head.position).toBeGreaterThan(position);
  });

  test('has no deputy in a procedure', async () => {
    const put = { put: { key: 'secret/a', value: 'stolen' } };
    const attempts: readonly (readonly [string, unknown])[] = [
      ['/v1/txn', { success: [put] }],
      ['/v1/txn', { success: [{ get: { key: 'app/', rangeEnd: 'b' } }] }],
      ['/v1/txn', { success: [{ get: { key: 'app/a', rangeEnd: '\0' } }] }],
      ['/v1/txn', { compare: [{ key: 'secret/a', target: 'value', op: '=', value: 'x' }], success: [] }],
      ['/v1/txn', { success: [{ put: { key: 'app/a', value: 'x' } }, put] }],
      ['/v1/keys-delete-range', { key: 'app/', rangeEnd: '\0' }],
      ['/v1/keys-delete-range', { key: 'a', rangeEnd: 'app/b' }],
      ['/v1/sweeps/mine/start', { prefix: 'secret/' }],
      ['/v1/sweeps/mine/start', { prefix: 'app' }],
      ['/v1/docs/txn', { operations: [{ put: { id: 'users/ada', document: 1 } }] }],
      ['/v1/docs/load', { namespace: 'users', documents: [{ key: 'ada', document: 1 }] }],
      ['/v1/apply', { commands: [{ command: 'key.put', id: 'app/a', body: { value: '1' } }, evil] }],
    ];
    for (const [path, body] of attempts) {
      const { status, json } = await stage.call(app, 'POST', path, body);
      expect([path, body, [403, 404].includes(status), json['code']]).toEqual([path, body, true, expect.any(String)]);
    }
    const whole = await stage.call(app, 'POST', '/v1/txn', { success: [{ get: { key: 'app/', rangeEnd: 'app0' } }] });
    expect(whole.status).toBe(200);
    const kept = await stage.call(app, 'GET', '/v1/keys/app%2Fa');
    expect([kept.status, kept.json['version']]).toEqual([200, 1]);
  });

  test('lists the keys that it may read, page after page, and learns of no other', async () => {
    for (let at = 0; at < 40; at++) await stage.act('key.put', `hidden/${at}`, { value: Buffer.from('x') });
    const found: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 50; pages++) {
      const { json, text } = await stage.call(
        app,
        'GET',
        `/v1/keys?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      expect(text).not.toMatch(/hidden|secret|zoo/);
      found.push(...(json['items'] as readonly { key: string }[]).map(({ key }) => key));
      if (json['cursor'] === undefined) break;
      cursor = json['cursor'] as string;
      expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toMatch(/hidden|secret|zoo/);
    }
    expect(found).toEqual(['app/a', 'app/b']);
    const all = await stage.call(app, 'GET', '/v1/keys?prefix=app/');
    expect((all.json['items'] as readonly unknown[]).length).toBe(2);
  });

  test.each(['*', '%', '../secret/a', 'app', 'key/app/a', 'app/../secret/a', 'APP/a', 'app%2Fa', 'app\u0000/a', '*/a'])(
    'cannot write %j to get past its prefix',
    async (id) => {
      const segment = encodeURIComponent(id);
      const read = await stage.call(app, 'GET', `/v1/keys/${segment}`);
      // Below the prefix there are no folders: what begins so is below it, whatever else is in it.
      const below = id.startsWith('app/');
      expect([id, read.status]).toEqual([id, below ? 404 : 403]);
      const written = await stage.call(app, 'POST', `/v1/keys/${segment}/put?dryRun=true`, { value: 'x' });
      expect([id, written.status]).toEqual([id, below ? 200 : 403]);
    },
  );

  test('reads what it may read, and who may not change it is told why', async () => {
    expect((await stage.call(viewer, 'GET', '/v1/projects/shop')).status).toBe(200);
    expect((await stage.call(own, 'GET', '/v1/timeline/project/shop')).status).toBe(200);
    expect((await stage.call(own, 'POST', '/v1/service-accounts/shop%2Fmine/create', {})).status).toBe(200);
    for (const path of ['/v1/log', '/v1/log/1', '/v1/status', '/v1/backups', '/metrics', '/v1/log?follow=true']) {
      const { status, json } = await stage.call(own, 'GET', path);
      expect([path, status, json['code']]).toEqual([path, 403, 'request.forbidden']);
    }
  });

  test('sees nothing of what is denied to it in what it may see otherwise', async () => {
    const some = await stage.person('sam', 'acme', { role: 'viewer' });
    await stage.act('binding.create', 'not-sam', {
      subject: some.name,
      role: 'viewer',
      effect: 'deny',
      project: 'shop',
    });
    const denied = await stage.call(some, 'GET', '/v1/service-accounts/shop%2Fci');
    const listed = await stage.call(some, 'GET', '/v1/service-accounts');
    expect([denied.status, listed.text.includes('den/ci'), listed.text.includes('shop/ci')]).toEqual([
      404,
      true,
      false,
    ]);
    const response = await fetch(
      `http://127.0.0.1:${stage.port}/v1/service-accounts?watch=${stage.node.engine.head.position}`,
      { headers: { authorization: `Bearer ${some.token}` } },
    );
    await stage.act('service-account.create', 'shop/unseen');
    await stage.act('service-account.create', 'den/seen');
    expect(await firstChange(response)).not.toContain('unseen');
    const keys = await stage.call(some, 'GET', '/v1/keys');
    expect((keys.json['items'] as readonly unknown[]).length).toBeGreaterThan(3);
  });

  test('sees by labels only what bears them', async () => {
    await stage.act('project.create', 'lab', { organisation: 'acme', labels: { open: 'yes' } });
    await stage.act('project.create', 'lab-closed', { organisation: 'acme', labels: {} });
    const open = { labels: { open: 'yes' } } as unknown as Record<string, string>;
    const some = await stage.person('lara', 'acme', { role: 'viewer', ...open });
    const listed = await stage.call(some, 'GET', '/v1/projects');
    expect((listed.json['items'] as readonly { id: string }[]).map(({ id }) => id)).toEqual(['lab']);
    const response = await fetch(
      `http://127.0.0.1:${stage.port}/v1/watch?of=project/lab&watch=${stage.node.engine.head.position}`,
      { headers: { authorization: `Bearer ${some.token}` } },
    );
    await stage.act('project.update', 'lab-closed', { displayName: 'Closed' });
    await stage.act('project.update', 'lab', { displayName: 'service-account.created', labels: { open: 'yes' } });
    expect(await firstChange(response)).not.toContain('Closed');
  });

  test('is refused what was queued behind the end of its right', async () => {
    const queued = await stage.person('quentin', 'acme', { role: 'key-editor', noun: 'key', prefix: 'q/' });
    const value = Buffer.from('x');
    const [before, revoked, after] = await Promise.all([
      stage.submit(queued, 'key.put', 'q/1', { value }),
      stage.act('binding.delete', 'of-quentin'),
      stage.submit(queued, 'key.put', 'q/2', { value }),
    ]);
    expect(before.result.status).toBe('accepted');
    expect(after.position).toBe(revoked + 1);
    expect(after.result).toMatchObject({ status: 'rejected', code: 'request.forbidden' });
  });

  test('hears no more of a stream when its right or its session ends', async () => {
    const reader = await stage.person('rita', 'acme', { role: 'key-viewer', noun: 'key', prefix: 'r/' });
    const open = (): Promise<Response> =>
      fetch(`http://127.0.0.1:${stage.port}/v1/keys?prefix=r/&watch=${stage.node.engine.head.position}`, {
        headers: { authorization: `Bearer ${reader.token}` },
      });
    const value = Buffer.from('x');
    const first = await open();
    const [seen, revoked] = await Promise.all([
      stage.act('key.put', 'r/1', { value }),
      stage.act('binding.delete', 'of-rita'),
      stage.act('key.put', 'r/2', { value }),
    ]);
    const told = (await first.text()).trimEnd().split('\n');
    expect(JSON.parse(told.at(-1) ?? '')).toMatchObject({ closed: true, code: 'request.forbidden' });
    expect(told.join('\n')).not.toContain('r/2');
    expect(revoked).toBe(seen + 1);

    await stage.act('binding.create', 'of-rita-2', {
      subject: reader.name,
      role: 'key-viewer',
      noun: 'key',
      prefix: 'r/',
    });
    const second = await open();
    await stage.act('session.revoke', reader.credential.slice('session/'.length));
    const last = (await second.text()).trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({
      closed: true,
      code: 'credential.ended',
      detail: { reason: 'session.revoked' },
    });
    const later = await stage.call(reader, 'GET', '/v1/keys/r%2F1');
    expect([later.status, later.json['code']]).toEqual([403, 'credential.ended']);
  });
});

const evil = { command: 'key.put', id: 'secret/a', body: { value: 'stolen' } };

/** The text of a stream up to its second change at most, whichever it shows. */
const firstChange = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error('no body');
  let text = '';
  const decoder = new TextDecoder();
  while (!text.includes('service-account.created')) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value);
  }
  await reader.cancel();
  return text;
};
