import { startStage, type Person, type Stage } from '#harness/authorisation/stage';

jest.setTimeout(120_000);

describe('credits and quotas', () => {
  let stage: Stage;
  /** Owns the organisation `acme`, and with it the project `shop`. */
  let owner: Person;
  let viewer: Person;
  /** Runs the cluster. */
  let operator: Person;
  /** Owns the organisation `rival`. */
  let rival: Person;

  const topUp = { amountMicroCredits: 100, reference: 'a' };
  const given: readonly (readonly [path: string, body: object])[] = [
    ['/v1/wallets/shop/topUp', topUp],
    ['/v1/wallets/shop/withdraw', { ...topUp, reference: 'b' }],
    ['/v1/quotas/shop/set', { vms: 1_000 }],
    ['/v1/quotas/shop/clear', {}],
  ];

  beforeAll(async () => {
    stage = await startStage();
    owner = await stage.person('olga', 'acme', { role: 'owner', organisation: 'acme' });
    viewer = await stage.person('vera', 'acme', { role: 'viewer', organisation: 'acme' });
    operator = await stage.person('omar', 'acme', { role: 'operator' });
    rival = await stage.person('otto', 'rival', { role: 'owner', organisation: 'rival' });
  });
  afterAll(() => stage.stop());

  const refusedTo = async (person: Person): Promise<readonly unknown[]> => {
    const answers = await Promise.all(given.map(([path, body]) => stage.call(person, 'POST', path, body)));
    return answers.map(({ status }) => status);
  };

  test('are not given by those who own the project', async () => {
    for (const person of [owner, viewer, rival]) expect(await refusedTo(person)).toEqual(given.map(() => 403));
  });

  test('are not given by whom an owner grants it to, however near', async () => {
    const roles: readonly (readonly [id: string, body: object])[] = [
      ['at-project', { project: 'shop' }],
      ['at-wallet', { noun: 'wallet', object: 'shop' }],
      ['at-quota', { noun: 'quota', object: 'shop' }],
    ];
    for (const [id, where] of roles) {
      const body = { subject: 'user/vera', role: 'owner', ...where };
      expect([id, (await stage.call(owner, 'POST', `/v1/bindings/${id}/create`, body)).status]).toEqual([id, 200]);
    }
    expect(await refusedTo(viewer)).toEqual(given.map(() => 403));
    for (const { name } of [owner, viewer]) {
      const asked = `/v1/iam/can?principal=${encodeURIComponent(name)}&permission=wallet.topUp&resource=wallet%2Fshop`;
      expect((await stage.call(stage.administrator, 'GET', asked)).json['allowed']).toBe(false);
    }
    const { json } = await stage.call(
      stage.administrator,
      'GET',
      '/v1/iam/who-can?permission=wallet.topUp&resource=wallet%2Fshop',
    );
    const allowed = json['allowed'] as readonly { readonly principal: string }[];
    expect(allowed.map(({ principal }) => principal)).toContain('user/omar');
    expect(allowed.map(({ principal }) => principal)).not.toContain('user/olga');
  });

  test('are given by operators of the cluster, and seen by whoever sees the project', async () => {
    expect(await refusedTo(operator)).toEqual(given.map(() => 200));
    for (const path of [
      '/v1/wallets/shop',
      '/v1/quotas/shop',
      '/v1/wallet-entries/shop%2Fa',
      '/v1/projects/shop/bill',
    ]) {
      expect([path, (await stage.call(viewer, 'GET', path)).status]).toEqual([path, 200]);
      expect([path, (await stage.call(rival, 'GET', path)).status]).toEqual([path, 404]);
    }
  });

  test('bills by other prices are for those who may see them', async () => {
    await stage.act('price-list.create', 'secret', { vcpuHour: 1 });
    const path = '/v1/projects/shop/bill?prices=secret';
    expect((await stage.call(viewer, 'GET', path)).status).toBe(403);
    expect((await stage.call(operator, 'GET', path)).json['priceLists']).toEqual(['secret']);
  });
});
