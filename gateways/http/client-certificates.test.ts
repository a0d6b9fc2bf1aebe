import { Agent, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { authorityKind, clusterAuthority } from '#aggregates/authority';
import { startHttpGateway, type HttpGateway } from '#gateways/http/gateway';
import { newSigningRequest, type NewRequest } from '#gateways/new-request';
import { randomSerial } from '#gateways/server/certificates/authority-keys';
import { readSigningRequest } from '#gateways/server/certificates/signing-request';
import { signCertificate } from '#gateways/server/certificates/signer';
import type { ServerIdentity } from '#gateways/server/certificates/server-identity';
import { makeHosts } from '#harness/known-host';
import type { Json } from '#harness/http';
import { startTestNode, type TestNode } from '#harness/node';

// Other work may share the machine.
jest.setTimeout(60_000);

/** What a client shows, in PEM. */
interface Shown {
  readonly cert: string;
  readonly key: string;
}

interface Answered {
  readonly status: number;
  readonly json: Json;
  readonly isResumed: boolean;
}

let nowMs: number;
let node: TestNode;
let identity: ServerIdentity;
let gateway: HttpGateway;
let agents: Agent[];

beforeEach(async () => {
  nowMs = Date.now();
  agents = [];
  node = await startTestNode({ now: () => nowMs });
  await makeHosts(node, 'node1', 'node2');
  identity = await node.serverIdentity({ subject: 'server/here', names: ['localhost'], addresses: ['127.0.0.1'] });
  gateway = await startHttpGateway(node, { host: '127.0.0.1', port: 0, tls: identity });
});
afterEach(async () => {
  for (const agent of agents) agent.destroy();
  await gateway.close();
  identity.stop();
  await node.stop();
});

/** Requests on connections on which this is shown; one after another they take the same connection. */
const client = (shown: Partial<Shown> = {}, { keepAlive = true } = {}) => {
  const agent = new Agent({ ca: node.certificates.bundle(), keepAlive, maxSockets: 1, ...shown });
  agents.push(agent);
  return (method: string, path: string, body?: unknown, token?: string): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      };
      const target = { host: '127.0.0.1', port: gateway.port, method, path, agent, headers };
      const sending = request(target, (response) => {
        const isResumed = (response.socket as TLSSocket).isSessionReused();
        let answer = '';
        response.on('data', (chunk: Buffer) => (answer += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, json: JSON.parse(answer) as Json, isResumed });
        });
      });
      sending.on('error', reject);
      sending.end(text);
    });
};

const asked = (subject: string, names: readonly string[] = ['node1.example.net']): Promise<NewRequest> =>
  newSigningRequest([...names, ...(subject === '' ? [subject] : [])]);

/** A certificate that the administrator of a node asked for. */
const signedFor = async (
  subject = 'host/node1',
  { purpose = 'host', from = node } = {},
): Promise<Shown & { readonly serial: string }> => {
  const { key, csr } = await asked(subject);
  const by = { principal: 'admin', credential: 'admin.token', source: 'test', address: '' };
  const came = await from.certificates.request({ csr, purpose: purpose as 'host' | 'server', subject }, by);
  if (!('issued' in came)) throw new Error(JSON.stringify(came));
  return { key, cert: came.issued.certificate, serial: came.issued.serial };
};

const put = ['POST', '/v1/keys/mutual/put', { value: '1' }] as const;
const refused = (reason: string) => ({ status: 401, json: { code: 'certificate.refused', detail: { reason } } });

/** As whom the newest command was sent. */
const newest = (): readonly [principal: string | undefined, credential: string | undefined] => {
  const outcome = node.engine.outcome(node.engine.head.position);
  return [outcome?.principal, outcome?.credential];
};

test('a host is who its certificate says, on each request of a connection', async () => {
  const shown = await signedFor();
  const call = client(shown);
  for (let at = 0; at < 2; at++) {
    expect(await call(...put)).toMatchObject({ status: 403, json: { code: 'request.forbidden' } });
    expect(newest()).toEqual(['host/node1', `certificate/${shown.serial}`]);
  }
});

test('a connection that is taken up again is of the same host', async () => {
  const shown = await signedFor();
  const call = client(shown, { keepAlive: false });
  const answers = [await call(...put), await call(...put), await call(...put)];
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  expect(answers.some(({ isResumed }) => isResumed)).toBe(true);
  expect(newest()[0]).toBe('host/node1');
});

test('without a certificate a token says who sends a request', async () => {
  const call = client();
  expect(await call(...put, node.token)).toMatchObject({ status: 200 });
  expect(await call(...put)).toMatchObject({ status: 401, json: { code: 'request.unauthenticated' } });
});

test('two identities in one request are refused, whatever they are worth', async () => {
  const good = client(await signedFor());
  const bad = client(await signedFor('server/web', { purpose: 'server' }));
  for (const [call, token] of [[good, node.token] as const, [good, 'wrong'] as const, [bad, node.token] as const]) {
    expect(await call(...put, token)).toMatchObject({ status: 400, json: { code: 'identity.ambiguous' } });
  }
});

test('a certificate of another cluster is refused', async () => {
  const other = await startTestNode();
  await makeHosts(other, 'node1');
  const shown = await signedFor('host/node1', { from: other });
  await other.stop();
  expect(await client(shown)(...put)).toMatchObject(refused('unknownAuthority'));
});

test('a certificate of a server is none of a client', async () => {
  const shown = await signedFor('server/web', { purpose: 'server' });
  expect(await client(shown)(...put)).toMatchObject(refused('wrongPurpose'));
});

test('an expired certificate is refused, on an open connection too', async () => {
  const call = client(await signedFor());
  expect(await call(...put)).toMatchObject({ status: 403 });
  nowMs += 86_400_000;
  expect(await call(...put)).toMatchObject(refused('expired'));
});

test('a certificate that does not hold yet is refused', async () => {
  const call = client(await signedFor());
  nowMs -= 3_600_000;
  expect(await call(...put)).toMatchObject(refused('notYetValid'));
});

test('a revocation holds from its position on, on an open connection too', async () => {
  const shown = await signedFor();
  const call = client(shown);
  const admin = client();
  expect(await call(...put)).toMatchObject({ status: 403 });
  expect(await admin('POST', `/v1/certificates/${shown.serial}/revoke`, {}, node.token)).toMatchObject({ status: 200 });
  expect(await call(...put)).toMatchObject(refused('revoked'));
  expect(await client(shown)('GET', '/v1/status')).toMatchObject(refused('revoked'));
});

test('what a host sent is refused where it is decided behind the revocation', async () => {
  const { serial } = await signedFor();
  const from = { principal: 'host/node1', credential: `certificate/${serial}`, source: 'test', address: '' };
  const sent = { ...from, kind: 'key.put', id: 'mutual', body: { value: Buffer.from('1') } };
  const by = { principal: 'admin', credential: 'admin.token', source: 'test', address: '' };
  const revoke = { ...by, kind: 'certificate.revoke', id: serial, body: {} };
  const outcomes = await Promise.all([sent, revoke, sent].map((each) => node.engine.submit(each)));
  expect(outcomes.map(({ result }) => (result.status === 'rejected' ? result.code : result.status))).toEqual([
    'request.forbidden',
    'accepted',
    'credential.ended',
  ]);
});

test('what the authority signed and the log does not know is refused', async () => {
  const { key, csr } = await asked('host/node1');
  const read = await readSigningRequest(csr);
  const authority = node.engine.facts.get(authorityKind, clusterAuthority)?.state.current;
  if (read._tag === 'Left' || authority === undefined) throw new Error('unreadable');
  const { serial } = await signedFor();
  const about = { purpose: 'host' as const, subject: 'host/node1', ...read.right };
  for (const number of [randomSerial(), serial]) {
    const times = { notBefore: nowMs - 60_000, notAfter: nowMs + 3_600_000 };
    const cert = await signCertificate(node.keyring, authority, { ...about, serial: number, ...times });
    expect(await client({ key, cert })(...put)).toMatchObject(refused('unknown'));
  }
});

test('a host renews its own certificate, with a new key, and nobody else’s', async () => {
  const own = await signedFor('host/node1');
  const other = await signedFor('host/node2');
  const { key, csr } = await asked('host/node1', ['node2.example.net']);
  const call = client(own);
  const renewed = await call('POST', '/v1/certificate-renewals', { csr });
  expect(renewed).toMatchObject({ status: 200, json: { subject: 'host/node1', purpose: 'host' } });
  const cert = String(renewed.json['certificate']);
  expect(await client({ key, cert })(...put)).toMatchObject({ status: 403 });
  expect(newest()).toEqual(['host/node1', `certificate/${String(renewed.json['serial'])}`]);
  // It is about what it was about, whatever the request asked for.
  const { json } = await client()('GET', `/v1/certificates/${String(renewed.json['serial'])}`, undefined, node.token);
  expect(json).toMatchObject({ names: ['node1.example.net'], renews: own.serial, phase: 'issued' });

  expect(await call('POST', '/v1/certificate-renewals', { csr, of: other.serial })).toMatchObject({ status: 403 });
  const subject = 'host/node1';
  expect(await call('POST', '/v1/certificate-requests', { csr, purpose: 'host', subject })).toMatchObject({
    status: 403,
  });
  expect(
    await client(await signedFor('server/web', { purpose: 'server' }))('POST', '/v1/certificate-renewals', { csr }),
  ).toMatchObject(refused('wrongPurpose'));
});

test('a revoked certificate is renewed by nobody', async () => {
  const own = await signedFor();
  const { csr } = await asked('host/node1');
  const admin = client();
  await admin('POST', `/v1/certificates/${own.serial}/revoke`, { reason: 'keyCompromise' }, node.token);
  expect(await client(own)('POST', '/v1/certificate-renewals', { csr })).toMatchObject(refused('revoked'));
  expect(await admin('POST', '/v1/certificate-renewals', { csr, of: own.serial }, node.token)).toMatchObject({
    status: 409,
    json: { code: 'certificate.invalid' },
  });
});

test('what is asked for wrongly is refused with what belongs there', async () => {
  const admin = client();
  const { csr } = await asked('host/node1');
  const problemsOf = async (path: string, body: unknown): Promise<unknown> => {
    const { status, json } = await admin('POST', path, body, node.token);
    return [status, (json['problems'] as readonly { readonly path: string }[]).map(({ path: where }) => where)];
  };
  const host = { purpose: 'host', subject: 'host/node1' };
  expect(await problemsOf('/v1/certificate-requests', { ...host, csr: 'x' })).toEqual([400, ['csr']]);
  expect(await problemsOf('/v1/certificate-requests', { csr, ...host, purpose: 'authority' })).toEqual([
    400,
    ['purpose'],
  ]);
  expect(await problemsOf('/v1/certificate-requests', { csr, ...host, subject: 'user/alice' })).toEqual([
    400,
    ['subject'],
  ]);
  expect(await problemsOf('/v1/certificate-renewals', { csr })).toEqual([400, ['']]);
  expect(await problemsOf('/v1/certificate-renewals', { of: 'a'.repeat(32) })).toEqual([400, ['']]);
  const ssh = { host: 'node1', names: ['node1'] };
  expect(await problemsOf('/v1/ssh-host-certificates', { ...ssh, publicKey: 'x' })).toEqual([400, ['publicKey']]);
});

test('what everybody needs to trust the rest is had without a token', async () => {
  const paths = ['/v1/authority/ca.pem', '/v1/authority/crl.pem', '/v1/authority/ssh-ca.pub'];
  const get = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const agent = new Agent({ ca: node.certificates.bundle() });
      agents.push(agent);
      request({ host: '127.0.0.1', port: gateway.port, path, agent }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      })
        .on('error', reject)
        .end();
    });
  expect(await get(paths[0] ?? '')).toBe(node.certificates.bundle());
  expect(await get(paths[1] ?? '')).toMatch(/^-----BEGIN X509 CRL-----\n/);
  expect(await get(paths[2] ?? '')).toMatch(/^@cert-authority \* ssh-ed25519 /);
});

test('the server shows a renewed certificate without a new start, when its own is revoked or gets old', async () => {
  const shownNow = (): Promise<string> =>
    new Promise((resolve, reject) => {
      // The node is ahead of the clock that this client would check it by.
      const agent = new Agent({ rejectUnauthorized: false });
      agents.push(agent);
      request({ host: '127.0.0.1', port: gateway.port, path: '/healthz', agent }, (response) => {
        resolve((response.socket as TLSSocket).getPeerCertificate().serialNumber.toLowerCase());
        response.resume();
      })
        .on('error', reject)
        .end();
    });
  const until = async (before: string): Promise<string> => {
    for (;;) {
      const serial = await shownNow();
      if (serial !== before) return serial;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const first = await shownNow();
  const open = client();
  expect(await open(...put, node.token)).toMatchObject({ status: 200 });
  await open('POST', `/v1/certificates/${first}/revoke`, { reason: 'superseded' }, node.token);
  const second = await until(first);
  // The connection that was open goes on.
  expect(await open(...put, node.token)).toMatchObject({ status: 200 });
  nowMs += 61 * 86_400_000;
  // Whatever of the authority makes it look.
  await open('POST', '/v1/authorities/cluster/rotate', {}, node.token);
  expect(await until(second)).not.toBe(first);
});

test('a server shows a certificate of the new keys as soon as the former ones are distrusted', async () => {
  const fingerprint = node.engine.facts.get(authorityKind, clusterAuthority)?.state.current.fingerprint;
  const admin = client();
  await admin('POST', '/v1/authorities/cluster/rotate', {}, node.token);
  const trusted = (): number => node.certificates.bundle()?.match(/BEGIN/g)?.length ?? 0;
  while (trusted() < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  await admin('POST', '/v1/authorities/cluster/distrust', { fingerprint }, node.token);
  expect(trusted()).toBe(1);
  // A client that trusts the new keys only.
  const answers = async (): Promise<boolean> => {
    try {
      return (await client()('GET', '/healthz')).status === 200;
    } catch {
      return false;
    }
  };
  while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, 20));
});

test('without its keys the authority says so, and signs again with new ones', async () => {
  const shown = await signedFor();
  const { csr } = await asked('host/node1');
  const admin = client();
  await admin('POST', '/v1/secret-keys/authority%2Fcluster/forget', {}, node.token);
  const request = ['POST', '/v1/certificate-requests', { csr, purpose: 'host', subject: 'host/node1' }] as const;
  expect(await admin(...request, node.token)).toMatchObject({ status: 503, json: { code: 'authority.locked' } });
  expect(await admin('GET', '/v1/authority/crl.pem')).toMatchObject({ status: 503 });
  // What was signed holds.
  expect(await client(shown)(...put)).toMatchObject({ status: 403 });
  const before = node.certificates.bundle();
  await admin('POST', '/v1/authorities/cluster/rotate', {}, node.token);
  while (node.certificates.bundle() === before) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await admin(...request, node.token)).toMatchObject({ status: 200 });
  expect((await node.certificates.revocationLists())?.match(/BEGIN/g)).toHaveLength(1);
});
