import { startStage, type Answered, type Person, type Stage } from '#harness/authorisation/stage';

jest.setTimeout(120_000);

describe('what is past', () => {
  let stage: Stage;
  /** Looks at the whole organisation `acme`. */
  let viewer: Person;
  /** Owns the organisation `rival`. */
  let rival: Person;

  beforeAll(async () => {
    stage = await startStage();
    viewer = await stage.person('vera', 'acme', { role: 'viewer', organisation: 'acme' });
    rival = await stage.person('otto', 'rival', { role: 'owner', organisation: 'rival' });
  });
  afterAll(() => stage.stop());

  const get = (person: Person, path: string): Promise<Answered> => stage.call(person, 'GET', path);

  const follow = async (person: Person, path: string, until: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${stage.port}${path}`, {
      headers: { authorization: `Bearer ${person.token}` },
    });
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    let text = '';
    while (reader !== undefined && !text.includes(until)) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value);
    }
    await reader?.cancel();
    return text;
  };

  test('is read with the rights of the present, and of whom it belonged to then', async () => {
    const created = await stage.act('user.create', 'gone', { organisation: 'acme' });
    const deleted = await stage.act('user.delete', 'gone');
    expect((await get(viewer, '/v1/users/gone')).status).toBe(404);
    expect((await get(viewer, `/v1/users/gone?at=${created}`)).json).toMatchObject({ id: 'gone' });
    expect((await get(rival, `/v1/users/gone?at=${created}`)).json['code']).toBe('object.absent');
    const listed = async (person: Person): Promise<boolean> =>
      (await get(person, `/v1/users?at=${created}`)).text.includes('"gone"');
    expect([await listed(viewer), await listed(rival)]).toEqual([true, false]);
    expect((await get(viewer, '/v1/timeline/user/gone')).json['items']).toEqual([
      expect.objectContaining({ position: created }),
      expect.objectContaining({ position: deleted }),
    ]);
    expect((await get(viewer, '/v1/why/user/gone')).json).toMatchObject({
      exists: false,
      because: { position: deleted },
    });
    expect((await get(rival, '/v1/timeline/user/gone')).json['code']).toBe('object.absent');
    expect(await follow(viewer, `/v1/users?watch=${created - 1}`, 'user.deleted')).toContain('user.created');
    await stage.act('user.create', 'theirs', { organisation: 'rival' });
    expect(await follow(rival, `/v1/users?watch=${created - 1}`, 'theirs')).not.toContain('gone');
  });

  test('of a project is not that of a later one of its name', async () => {
    await stage.act('project.create', 'reborn', { organisation: 'acme' });
    const first = await stage.act('service-account.create', 'reborn/spy');
    await stage.act('service-account.delete', 'reborn/spy');
    await stage.act('project.delete', 'reborn');
    await stage.act('project.create', 'reborn', { organisation: 'rival' });
    await stage.act('binding.create', 'of-reborn', { subject: rival.name, role: 'owner', project: 'reborn' });
    const second = await stage.act('service-account.create', 'reborn/spy');
    const path = '/v1/service-accounts/reborn%2Fspy';
    expect((await get(rival, path)).status).toBe(200);
    expect((await get(rival, `${path}?at=${first}`)).json['code']).toBe('object.absent');
    expect((await get(viewer, `${path}?at=${first}`)).status).toBe(200);
    expect((await get(viewer, path)).json['code']).toBe('object.absent');
    const { json } = await get(rival, '/v1/timeline/service-account/reborn%2Fspy');
    expect((json['items'] as readonly { position: number }[]).map(({ position }) => position)).toEqual([second]);
  });
});

describe('a long list', () => {
  test('is looked at in bounded parts, and its cursors say nothing', async () => {
    const stage = await startStage();
    try {
      for (let at = 0; at < 45; at++) {
        const commands = Array.from({ length: 50 }, (_, next) => ({
          command: 'key.put',
          id: `a/${at * 50 + next}`,
          body: { value: Buffer.from('x') },
        }));
        await stage.act('batch.apply', '', { commands });
      }
      await stage.act('key.put', 'zoo/1', { value: Buffer.from('x') });
      const zoo = await stage.person('zoe', 'acme', { role: 'key-viewer', noun: 'key', prefix: 'zoo/' });
      const first = await stage.call(zoo, 'GET', '/v1/keys');
      const { items, cursor } = first.json as { readonly items: readonly unknown[]; readonly cursor: string };
      expect([items, typeof cursor]).toEqual([[], 'string']);
      expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toContain('a/');
      const second = await stage.call(zoo, 'GET', `/v1/keys?cursor=${cursor}`);
      expect(second.json).toMatchObject({ items: [{ key: 'zoo/1' }] });
      expect(second.json['cursor']).toBeUndefined();
      const another = `${cursor.slice(0, 10)}${cursor[10] === 'A' ? 'B' : 'A'}${cursor.slice(11)}`;
      for (const forged of [another, '.', '.AAAA', cursor.slice(0, 30)]) {
        expect((await stage.call(zoo, 'GET', `/v1/keys?cursor=${forged}`)).json['code']).toBe('request.malformed');
      }
    } finally {
      await stage.stop();
    }
  });
});
