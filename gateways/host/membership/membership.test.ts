import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHttpGateway, type HttpGateway } from '#gateways/http/gateway';
import { newSigningRequest } from '#gateways/new-request';
import type { ServerIdentity } from '#gateways/server/certificates/server-identity';
import { Refused } from '#gateways/host/membership/control-plane';
import { readHostIdentity, validityOf, writeHostIdentity } from '#gateways/host/membership/host-directory';
import { stayMember } from '#gateways/host/membership/membership';
import { makeHosts } from '#harness/known-host';
import { startTestNode, type TestNode } from '#harness/node';

let node: TestNode;
let identity: ServerIdentity;
let gateway: HttpGateway;
let directory: string;
const by = { principal: 'admin', credential: 'admin.token', source: 'test', address: '' };

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ultracloud-host-'));
  node = await startTestNode();
  await makeHosts(node, 'node1');
  identity = await node.serverIdentity({ subject: 'server/here', names: ['localhost'], addresses: ['127.0.0.1'] });
  gateway = await startHttpGateway(node, { host: '127.0.0.1', port: 0, tls: identity });
});
afterEach(async () => {
  await gateway.close();
  identity.stop();
  await node.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** A host with a certificate that lives for so long; gives its serial number. */
const enrolled = async (lifetimeSeconds: number): Promise<string> => {
  const { key, csr } = await newSigningRequest(['node1']);
  const asked = { csr, purpose: 'host' as const, subject: 'host/node1', lifetimeSeconds };
  const came = await node.certificates.request(asked, by);
  if (!('issued' in came)) throw new Error(JSON.stringify(came));
  writeHostIdentity(directory, {
    name: 'node1',
    endpoint: `https://127.0.0.1:${gateway.port}`,
    pair: `${key}${came.issued.certificate}`,
    authorities: node.certificates.bundle() ?? '',
  });
  return came.issued.serial;
};

const report = {
  capacity: { cpuCount: 1, memoryBytes: 1, diskBytes: 1 },
  capabilities: { accelerators: [], diskFormats: [], features: [] },
  agentVersion: 'test',
};

/** A member until it says these words; gives all that it has said. */
const memberUntil = async (words: string): Promise<readonly string[]> => {
  const kept = readHostIdentity(directory);
  if (kept === undefined) throw new Error('nothing is kept');
  const ending = new AbortController();
  const said: string[] = [];
  const say = (line: string): void => {
    said.push(line);
    if (line.includes(words)) ending.abort();
  };
  await stayMember({ directory, identity: kept, report: () => Promise.resolve(report), say, signal: ending.signal });
  return said;
};

test('a certificate that is nearly over is renewed with another key, and is needed no more', async () => {
  const serial = await enrolled(60);
  const before = readFileSync(join(directory, 'host.pem'), 'utf8');
  await memberUntil('is up');
  const after = readFileSync(join(directory, 'host.pem'), 'utf8');
  expect(after).not.toBe(before);
  expect(after.slice(0, 200)).not.toBe(before.slice(0, 200));
  expect(validityOf(after).notAfter).toBeGreaterThan(validityOf(before).notAfter + 3_600_000);
  expect(readdirSync(directory).sort()).toEqual(['ca.pem', 'host.json', 'host.pem']);
  const body = { reason: 'superseded' };
  const revoked = await node.engine.submit({ ...by, kind: 'certificate.revoke', id: serial, body });
  expect(revoked.result.status).toBe('accepted');
  expect(await memberUntil('is up')).toHaveLength(1);
});

test('a host whose certificate was revoked is refused, with the reason', async () => {
  const id = await enrolled(3_600);
  await node.engine.submit({ ...by, kind: 'certificate.revoke', id, body: { reason: 'keyCompromise' } });
  await expect(memberUntil('is up')).rejects.toThrow(Refused);
  await expect(memberUntil('is up')).rejects.toThrow('(certificate.refused)');
});

test('a host may say nothing about another, and do nothing else', async () => {
  await enrolled(3_600);
  await makeHosts(node, 'node2');
  const own = { principal: 'host/node1', credential: 'certificate/none', source: 'test', address: '' };
  for (const [kind, id, body] of [
    ['host.join', 'node2', {}],
    ['host.report', 'node2', { epoch: 1, ...report }],
    ['host.cordon', 'node1', {}],
    ['host.delete', 'node1', {}],
  ] as const) {
    const { result } = await node.engine.submit({ kind, id, body, ...own });
    expect({ kind, status: result.status }).toEqual({ kind, status: 'rejected' });
  }
});
