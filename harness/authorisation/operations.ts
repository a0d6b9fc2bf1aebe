import * as fc from 'fast-check';
import type { ObjectCodec } from '#commands/codec/codec';
import { encode } from '#commands/codec/encode';
import type { AnyCommandSpec } from '#commands/command';
import { catalog } from '#gateways/catalog';
import { fixedRoutes } from '#gateways/fixed-routes';
import { commandsOf } from '#gateways/openapi';
import { arbitrary } from '#harness/arbitrary';

/** One request of the HTTP API that is well formed. */
export interface Operation {
  /** As in `POST /v1/keys/{id}/put`. */
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly open: boolean;
  /** Absent: it depends on what is asked. */
  readonly permission?: string;
}

/** Objects of the organisation `acme` and its project, by noun; others are the cluster's. */
export const objectsOfAcme: Readonly<Record<string, string>> = {
  organisation: 'acme',
  project: 'shop',
  user: 'olga',
  group: 'acme/developers',
  'service-account': 'shop/ci',
  role: 'acme/deployer',
  binding: 'of-olga',
  authenticator: 'olga',
  vpc: 'shop/main',
  subnet: 'shop/front',
  port: 'shop/web1',
  'security-group': 'shop/web',
};

const sample = (codec: ObjectCodec<unknown>): unknown =>
  encode(codec, fc.sample(arbitrary(codec), { seed: 7, numRuns: 1 })[0]);

const idFor = ({ noun, id }: { readonly noun: string; readonly id?: AnyCommandSpec['id'] }): string => {
  const known = objectsOfAcme[noun];
  if (known !== undefined) return encodeURIComponent(known);
  if (id === undefined) return '';
  const drawn = encode(id, fc.sample(arbitrary(id), { seed: 7, numRuns: 1 })[0]);
  return encodeURIComponent(typeof drawn === 'string' ? drawn : 'any');
};

/** A body that an operator would send, or else any. */
const bodyOf = ({ examples, body }: AnyCommandSpec): unknown => examples[0]?.body ?? sample(body);

export const commandOperations: readonly Operation[] = catalog.flatMap((component) =>
  commandsOf(component).map((spec) => ({
    name: `POST ${spec.route}`,
    method: 'POST',
    path: spec.route.replace('{id}', exampleId(spec) ?? idFor(spec)),
    body: bodyOf(spec),
    open: false,
    ...(spec.permission === undefined ? {} : { permission: spec.permission }),
  })),
);

/** What is created is not there yet; everything else is asked of what there is. */
function exampleId(spec: AnyCommandSpec): string | undefined {
  const id = spec.examples[0]?.id;
  return spec.kind.endsWith('.create') && id !== undefined ? encodeURIComponent(id) : undefined;
}

export const listOperations: readonly Operation[] = catalog.flatMap(({ views }) =>
  views.map(({ spec }) => ({
    name: `GET ${spec.route}`,
    method: 'GET',
    path: `${spec.route}?limit=1000`,
    open: false,
    permission: spec.permission,
  })),
);

export const oneOperations: readonly Operation[] = catalog.flatMap(({ views }) =>
  views.map(({ spec }) => ({
    name: `GET ${spec.route}/{id}`,
    method: 'GET',
    path: `${spec.route}/${idFor(spec)}`,
    open: false,
    permission: spec.permission,
  })),
);

/** What happened to an object of each noun, and why it is as it is. */
export const pastOperations: readonly Operation[] = catalog.flatMap(({ views }) =>
  views.flatMap(({ spec }) =>
    ['timeline', 'why'].map((about) => ({
      name: `GET /v1/${about}/${spec.noun}/{id}`,
      method: 'GET' as const,
      path: `/v1/${about}/${spec.noun}/${idFor(spec)}`,
      open: false,
      permission: spec.permission,
    })),
  ),
);

const parts: Readonly<Record<string, string>> = { noun: 'project', id: 'shop', position: '1', request: '1' };

const queries: Readonly<Record<string, string>> = {
  '/v1/watch': '?of=project&watch=0',
  '/v1/network/trace': '?from=port/shop/web1&to=10.0.1.9&protocol=icmp',
  '/v1/iam/can': '?permission=project.read&resource=project/shop',
  '/v1/iam/who-can': '?permission=project.read&resource=project/shop',
};

const csr = `-----BEGIN CERTIFICATE REQUEST-----
MIH6MIGhAgEAMBAxDjAMBgNVBAMMBW5vZGUxMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAE0uOTqoC4UpA5ojPufsmt5HERd/pT+Ab6lgplH047JiDTGTs4CJ2Fxvfn
c+aeafdMVnFhBsdS62wU6i1J/4DI8qAvMC0GCSqGSIb3DQEJDjEgMB4wHAYDVR0R
BBUwE4IRbm9kZTEuZXhhbXBsZS5uZXQwCgYIKoZIzj0EAwIDSAAwRQIgPlTIisVV
d9CTenTSS7UFXcCYAzqVal5aZ+XD+JMxkggCIQC8Bq5JvdC69zff+DgK4TLkLM04
K8JuMQOfEZagEebmtw==
-----END CERTIFICATE REQUEST-----
`;

/** Where a drawn body would be no request. */
const bodies: Readonly<Record<string, unknown>> = {
  '/v1/certificate-requests': { csr, purpose: 'host', subject: 'host/node1' },
  '/v1/certificate-renewals': { csr, of: '0'.repeat(32) },
  '/v1/ssh-host-certificates': {
    host: 'node1',
    publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMJ2u9P9rjEdcZOFVl0HHr4s9w2raqlfD3sQTvzmEibo node1',
    names: ['node1.example.net'],
  },
};

const pathOf = (path: string): string =>
  path === '/v1/leases/{id}/renew'
    ? '/v1/leases/7/renew'
    : path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => parts[name] ?? '1');

export const fixedOperations: readonly Operation[] = fixedRoutes.map((route) => ({
  name: `${route.method} ${route.path}`,
  method: route.method,
  path: `${pathOf(route.path)}${queries[route.path] ?? ''}`,
  ...(route.body === undefined ? {} : { body: bodies[route.path] ?? sample(route.body) }),
  open: route.open,
  ...(route.permission === undefined ? {} : { permission: route.permission }),
}));

export const operations: readonly Operation[] = [
  ...commandOperations,
  ...listOperations,
  ...oneOperations,
  ...fixedOperations,
];
