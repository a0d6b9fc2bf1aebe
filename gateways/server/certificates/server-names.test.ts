import { hostname } from 'node:os';
import { serverNames } from '#gateways/server/certificates/server-names';

test('a server on loopback is reached by the loopback and the name of the machine', () => {
  const { names, addresses, subject } = serverNames(['127.0.0.1', '::1'], []);
  expect(names).toContain('localhost');
  expect(addresses).toEqual(['127.0.0.1', '::1']);
  expect(subject).toMatch(/^server\/[a-z0-9-]+$/);
  if (/^[a-z0-9-]+$/.test(hostname())) expect(names).toContain(hostname());
});

test('what is given comes first, and each once', () => {
  const { names, addresses } = serverNames(['cloud.example.net', '192.0.2.7'], ['Cloud.example.net', '2001:DB8:0::7']);
  expect(names.slice(0, 2)).toEqual(['cloud.example.net', 'localhost']);
  expect(addresses).toEqual(['2001:db8::7', '192.0.2.7', '127.0.0.1', '::1']);
});

test.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])('%s stands for all and is in no certificate', (host) => {
  const { names, addresses } = serverNames([host], []);
  expect([...names, ...addresses]).not.toContain(host);
  expect(addresses.length).toBeLessThanOrEqual(16);
});

test.each(['*.example.net', '', 'a b', 'a_b', 'https://example.net', 'example.net:7070', '10.0.0.0/8'])(
  '%j names no server',
  (name) => expect(() => serverNames(['127.0.0.1'], [name])).toThrow(/^--tls-name: expected a DNS name/),
);
