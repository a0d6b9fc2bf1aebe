import { PutRequest, TxnRequest, TxnResponse } from '#gateways/etcd/messages/kv';
import { ourPeer, type OurPeer } from '#harness/etcd/raw-peer';

// Other work may share the machine.
jest.setTimeout(120_000);

const bytes = (text: string): Buffer => Buffer.from(text);

let peer: OurPeer;

beforeAll(async () => {
  peer = await ourPeer();
});
afterAll(() => peer.stop());

const put = async (key: string, value: string): Promise<number> => {
  const request = PutRequest.encode({ key, value: bytes(value) });
  expect(await peer.client.call('/etcdserverpb.KV/Put', request)).toHaveProperty('answer');
  return peer.server.node.engine.head.position;
};

const txn = async (request: Parameters<typeof TxnRequest.encode>[0]) => {
  const answered = await peer.client.call('/etcdserverpb.KV/Txn', TxnRequest.encode(request));
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
  expect(peer.server.node.engine.head.position).toBe(position);
});
