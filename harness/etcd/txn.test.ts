import { PutRequest, TxnRequest, TxnResponse } from '#gateways/etcd/messages/kv';
import { rawClientOf, type RawClient } from '#harness/etcd/raw-client';
import { startTestGateway, type TestGateway } from '#harness/etcd/test-gateway';

// Other work may share the machine.
jest.setTimeout(120_000);

const bytes = (text: string): Buffer => Buffer.from(text);

let server: TestGateway;
let client: RawClient;

beforeAll(async () => {
  server = await startTestGateway();
  client = rawClientOf(server.endpoint, server.token);
});
afterAll(async () => {
  client.close();
  await server.stop();
});

const put = async (key: string, value: string): Promise<number> => {
  const request = PutRequest.encode({ key, value: bytes(value) });
  expect(await client.call('/etcdserverpb.KV/Put', request)).toHaveProperty('answer');
  return server.node.engine.head.position;
};

const txn = async (request: Parameters<typeof TxnRequest.encode>[0]) => {
  const answered = await client.call('/etcdserverpb.KV/Txn', TxnRequest.encode(request));
  return 'answer' in answered ? TxnResponse.decode(answered.answer) : answered.refused;
};

test('a transaction that only reads compares, and leaves no trace', async () => {
  const position = await put('read', '1');
  const success = [{ range: { key: 'read' } }];
  const failure = [{ range: { key: 'none' } }];
  const compare = (version: number) => [{ key: 'read', version }];
  expect(await txn({ compare: compare(1), success, failure })).toMatchObject({
    succeeded: true,
    responses: [{ range: { kvs: [{ key: 'read', value: bytes('1') }], count: 1 } }],
  });
  expect(await txn({ compare: compare(2), success, failure })).toMatchObject({
    succeeded: false,
    responses: [{ range: { kvs: [], count: 0 } }],
  });
  expect(server.node.engine.head.position).toBe(position);
});
