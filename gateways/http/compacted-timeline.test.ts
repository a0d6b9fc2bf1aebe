import { startTestApi, type TestApi } from '#harness/http';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const put = async (value: string): Promise<number> => {
  const { json } = await api.call('POST', '/v1/keys/t/put', { value });
  return Number(json['position']);
};

const timeline = async (): Promise<readonly [readonly unknown[], unknown]> => {
  const { json } = await api.call('GET', '/v1/timeline/key/t');
  const items = json['items'] as readonly { readonly position: number }[];
  return [items.map(({ position }) => position), json['oldestPosition']];
};

test('a timeline says from where on it is kept, and tells no more than that', async () => {
  const positions = [await put('1'), await put('2'), await put('3')];
  expect(await timeline()).toEqual([positions, undefined]);
  await api.call('POST', '/v1/histories/key/compact', { position: positions[1] });
  expect(await timeline()).toEqual([positions.slice(1), positions[1]]);
  const { json: deleted } = await api.call('POST', '/v1/keys/t/delete', {});
  await api.call('POST', '/v1/histories/key/compact', { position: deleted['position'] });
  expect(await timeline()).toEqual([[], deleted['position']]);
  const { json: why } = await api.call('GET', '/v1/why/key/t');
  expect(why).toMatchObject({ exists: false, oldestPosition: deleted['position'] });
  expect(why).not.toHaveProperty('because');
});
