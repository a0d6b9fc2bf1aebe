import { startTestApi, type TestApi } from '#harness/http';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  for (const consistency of ['strong', 'local']) {
    await api.call('POST', `/v1/namespaces/${consistency}/create`, { consistency });
    await api.call('POST', `/v1/docs/${consistency}%2Fa/put`, { document: 1 });
  }
});
afterAll(() => api.stop());

test.each([
  ['a document of a strong namespace', '/v1/docs/strong%2Fa', 'linearizable'],
  ['a document of a local namespace', '/v1/docs/local%2Fa', 'local'],
  ['a document that is not there', '/v1/docs/local%2Fb', 'local'],
  ['a list of a local namespace', '/v1/docs?namespace=local', 'local'],
  ['a list over namespaces', '/v1/docs', 'linearizable'],
  ['what is asked for', '/v1/docs/local%2Fa?consistency=linearizable', 'linearizable'],
  ['what is asked for of a list', '/v1/docs?namespace=strong&consistency=local', 'local'],
  ['a key, which has none of its own', '/v1/keys', null],
])('%s is read as its namespace or the caller says', async (_what, path, expected) => {
  const { headers } = await api.call('GET', path);
  expect(headers.get('x-ultracloud-consistency')).toBe(expected);
});
