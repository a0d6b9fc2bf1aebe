import { startHttpGateway, type HttpGateway } from '#gateways/http/gateway';
import { startTestNode, type TestNode } from '#harness/node';

let node: TestNode;
let gateway: HttpGateway;

beforeAll(async () => {
  node = await startTestNode();
  gateway = await startHttpGateway(node, { host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  await gateway.close();
  await node.stop();
});

const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${node.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: JSON.parse(text), text };
};

test('smoke', async () => {
  const p = await call('POST', '/v1/keys/a%2Fb%00/put', { value: 'x' });
  console.log(p.status, p.text, [...p.headers]);
  for (const [m, path, body] of [
    ['GET', '/v1/keys/a%2Fb%00'],
    ['GET', '/v1/keys?prefix=a'],
    ['GET', '/v1/keys/zz'],
    ['POST', '/v1/keys/zz/delete'],
    ['POST', '/v1/keys/zz/put?dryRun=true', { value: 'q' }],
    ['POST', '/v1/keys/zz/putt', { value: 'q' }],
    ['POST', '/v1/keys/zz', { value: 'q' }],
    ['POST', '/v1/keys/zz/put?dryrun=1', { valu: 'q' }],
    [
      'POST',
      '/v1/txn',
      {
        compare: [{ key: 'a', target: 'version', op: '=', value: 0 }],
        success: [{ put: { key: 'a', value: '1' } }],
        failure: [{ get: { key: 'a' } }],
      },
    ],
    [
      'POST',
      '/v1/whatif',
      {
        commands: [
          { command: 'key.put', id: 'a', body: { value: '2' } },
          { command: 'key.delete', id: 'a' },
        ],
        at: 1,
      },
    ],
    [
      'POST',
      '/v1/apply',
      {
        commands: [
          { command: 'key.put', id: 'a', body: { value: '2' } },
          { command: 'key.delete', id: 'zz' },
        ],
      },
    ],
    ['GET', '/v1/timeline/key/a'],
    ['GET', '/v1/why/key/a'],
    ['GET', '/v1/log?from=2&limit=1'],
    ['GET', '/v1/status'],
    ['GET', '/readyz'],
    ['GET', '/version'],
    ['GET', '/v1/keys/a?at=2'],
    ['POST', '/v1/leases/12/grant', { ttlSeconds: 5 }],
    ['POST', '/v1/leases/12/renew'],
    ['GET', '/v1/leases'],
    ['GET', '/v1/backups'],
  ] as const) {
    const a = await call(m, path, body);
    console.log(m, path, a.status, a.headers.get('x-ultracloud-position'), a.text);
  }
});
