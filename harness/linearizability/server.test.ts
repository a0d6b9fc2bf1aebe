import { startTestApi } from '#harness/http';
import { checkHistory, textOf } from '#harness/linearizability/checker';
import type { Operation } from '#harness/linearizability/history';
import { httpKeyClient, type Endpoint, type KeyClient } from '#harness/linearizability/key-client';
import { keyModel, type KeyAction } from '#harness/linearizability/key-model';
import { record } from '#harness/linearizability/recording';
import { randomOf } from '#harness/simulator/random';

const CLIENTS = 6;
const KEYS = ['one', 'two/and a slash', 'three'];

jest.setTimeout(60_000);

const expectLinearizable = (history: readonly Operation<KeyAction>[]): void =>
  expect(textOf(checkHistory(keyModel, history))).toBe('linearizable');

const withClients = async (
  endpoint: () => Endpoint,
  work: (clients: readonly KeyClient[]) => Promise<readonly Operation<KeyAction>[]>,
): Promise<readonly Operation<KeyAction>[]> => {
  const clients = Array.from({ length: CLIENTS }, () => httpKeyClient(endpoint));
  try {
    return await work(clients);
  } finally {
    for (const client of clients) client.close();
  }
};

describe('clients of one node', () => {
  const recorded = async (
    count: number,
    seed: number,
    change: (client: KeyClient) => KeyClient,
  ): Promise<readonly Operation<KeyAction>[]> => {
    const api = await startTestApi();
    const endpoint = { url: `http://127.0.0.1:${api.gateway.port}`, token: api.node.token };
    try {
      return await withClients(
        () => endpoint,
        (clients) => record({ clients: clients.map(change), keys: () => KEYS, seed, goOn: (begun) => begun < count }),
      );
    } finally {
      await api.stop();
    }
  };

  test('see one order', async () => {
    const history = await recorded(1_200, 1, (client) => client);
    expectLinearizable(history);
    for (const kind of ['get', 'put', 'swap', 'delete'] as const) {
      const answers = history.flatMap(({ action, answer }) => (action.kind === kind ? [answer] : []));
      expect(new Set(answers).size).toBeGreaterThan(kind === 'put' ? 0 : 1);
    }
  });

  test('of which one reads what it has read before are found out', async () => {
    const random = randomOf(2);
    const known = new Map<string, string>();
    const stale = (client: KeyClient): KeyClient => ({
      ...client,
      run: async (key, action, requestId) => {
        const before = known.get(key);
        if (action.kind === 'get' && before !== undefined && random.chance(0.05)) return before;
        const answer = await client.run(key, action, requestId);
        if (action.kind === 'get') known.set(key, answer);
        return answer;
      },
    });
    expect(checkHistory(keyModel, await recorded(600, 2, stale))).toMatchObject({ kind: 'violated' });
  });

  test('whose writes are made twice now and then are found out', async () => {
    const random = randomOf(3);
    const doubled = (client: KeyClient): KeyClient => ({
      ...client,
      run: async (key, action, requestId) => {
        const answer = await client.run(key, action, requestId);
        if (action.kind === 'put' && random.chance(0.05)) await client.run(key, action, undefined);
        return answer;
      },
    });
    expect(checkHistory(keyModel, await recorded(600, 3, doubled))).toMatchObject({ kind: 'violated' });
  });
});
