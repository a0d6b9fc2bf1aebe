import { lineStreams } from '#gateways/http/ndjson';
import { metricsOf } from '#gateways/http/metrics';
import { routesOf } from '#gateways/http/gateway';
import { oidcRoutes } from '#gateways/oidc/routes';
import {
  commandOperations,
  fixedOperations,
  listOperations,
  objectsOfAcme,
  oneOperations,
  operations,
  pastOperations,
  type Operation,
} from '#harness/authorisation/operations';
import { startStage, type Answered, type Person, type Stage } from '#harness/authorisation/stage';

/** Nothing is asked of whoever uses these; each may only leave the list. */
const open: Readonly<Record<string, string>> = {
  'GET /v1/authority/ca.pem': 'what others trust; public by its nature',
  'GET /v1/authority/crl.pem': 'which certificates are not to be trusted; public by its nature',
  'GET /v1/authority/ssh-ca.pub': 'what others trust; public by its nature',
  'GET /docs': 'a page without data',
  'GET /version': 'the release',
  'POST /v1/login': 'whoever asks shows a password',
  'POST /v1/host-enrolments': 'whoever asks shows an invitation',
  'GET /health': 'whether the process answers',
  'GET /healthz': 'whether the process answers',
  'GET /livez': 'whether the process answers',
  'GET /readyz': 'whether the node takes work',
};

/** A token is enough, or what is inside is judged; each may only leave the list. */
const judgedInside: Readonly<Record<string, string>> = {
  'GET /openapi.json': 'the contract, equal for everybody',
  'GET /v1/whoami': 'of oneself',
  'GET /v1/iam/can': 'of oneself; of others it is judged',
  'GET /v1/iam/permissions': 'the contract, equal for everybody',
  'GET /v1/iam/roles': 'those that are built in, and those that the caller may see',
  'GET /v1/watch': 'shows the changes that its caller may see',
  'POST /v1/device-logins/approve': 'of whoever knows the code, for itself',
  'POST /v1/device-logins/deny': 'of whoever knows the code',
  'POST /v1/whatif': 'each command is decided as its caller',
};

/** Whether there is what is asked for shows before a right is asked for; each may only leave the list. */
const absentFirst: Readonly<Record<string, string>> = {
  'POST /v1/certificates/{id}/renew': 'whoever is named in a certificate may renew it, so it is looked up first',
  'POST /v1/certificate-renewals': 'the same',
};

/** OpenID Connect and OAuth 2: whoever asks shows what their protocol asks for; each may only leave the list. */
const ofOpenId: readonly string[] = [
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/openid-configuration',
  'GET /oauth2/authorize',
  'GET /oauth2/callback',
  'GET /oauth2/device',
  'GET /oauth2/federate',
  'GET /oauth2/jwks',
  'GET /oauth2/userinfo',
  'POST /oauth2/authorize',
  'POST /oauth2/device',
  'POST /oauth2/device_authorization',
  'POST /oauth2/introspect',
  'POST /oauth2/revoke',
  'POST /oauth2/token',
  'POST /oauth2/userinfo',
];

/** Those of them that tell of somebody, or let in. */
const guardedOfOpenId = ['userinfo', 'introspect', 'revoke', 'token'];

const denied: readonly unknown[] = ['request.forbidden', 'object.absent', 'request.absent'];

const isDenied = ({ status, json }: Answered): boolean =>
  (status === 403 || status === 404) && denied.includes(json['code']);

jest.setTimeout(120_000);

describe('the coverage of authorisation', () => {
  let stage: Stage;
  let owner: Person;
  let viewer: Person;
  let stranger: Person;
  let nobody: Person;
  let clusterViewer: Person;
  let clusterOwner: Person;

  beforeAll(async () => {
    stage = await startStage();
    owner = await stage.person('olga', 'acme', { role: 'owner', project: 'shop' });
    viewer = await stage.person('vera', 'acme', { role: 'viewer', project: 'shop' });
    stranger = await stage.person('otto', 'rival', { role: 'owner', organisation: 'rival' });
    nobody = await stage.person('nina', 'acme');
    clusterViewer = await stage.person('cora', 'acme', { role: 'viewer' });
    clusterOwner = await stage.person('owen', 'acme', { role: 'owner' });
    await stage.act('key.put', 'config/color', { value: Buffer.from('blue') });
    await stage.act('namespace.create', 'users');
    // The version that the example of a transaction checks.
    for (let version = 1; version <= 3; version++) await stage.act('doc.put', 'users/ada', { document: version });
    await stage.act('lease.grant', '7', { ttlSeconds: 3_600 });
  });
  afterAll(() => stage.stop());

  const ask = ({ method, path, body }: Operation, person: Person | undefined, query = ''): Promise<Answered> =>
    stage.call(person, method, `${path}${query}`, body);

  test('visits every route that the gateway has, and the document names each', async () => {
    const streams = lineStreams();
    const metrics = metricsOf(stage.node, streams);
    const served = routesOf(stage.node, streams, metrics).map(({ method, path }) => `${method} ${path}`);
    metrics.close();
    expect([...served].sort()).toEqual(operations.map(({ name }) => name).sort());
    const { json } = await stage.call(owner, 'GET', '/openapi.json');
    const described = Object.entries(json['paths'] as Readonly<Record<string, object>>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(operations.map(({ name }) => name).sort());
  });

  test('finds no route open but those that are known to be', () => {
    expect(
      operations
        .filter((operation) => operation.open)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(open).sort());
    const unnamed = fixedOperations.filter(({ permission, open: isOpen }) => permission === undefined && !isOpen);
    const known = Object.keys(judgedInside);
    expect(
      unnamed
        .map(({ name }) => name)
        .filter((name) => !known.includes(name))
        .sort(),
    ).toEqual([
      'GET /v1/iam/who-can',
      'GET /v1/iam/why-denied/{request}',
      'GET /v1/network/trace',
      'GET /v1/timeline/{noun}',
      'GET /v1/timeline/{noun}/{id}',
      'GET /v1/why/{noun}',
      'GET /v1/why/{noun}/{id}',
      'POST /v1/access-keys',
      'POST /v1/authenticators/{id}/changePassword',
      'POST /v1/authenticators/{id}/confirmTotp',
      'POST /v1/authenticators/{id}/enrolTotp',
      'POST /v1/authenticators/{id}/removeTotp',
      'POST /v1/authenticators/{id}/setPassword',
      'POST /v1/certificate-renewals',
      'POST /v1/certificate-requests',
      'POST /v1/hosts/{id}/invite',
      'POST /v1/identity-providers/{id}/setSecret',
      'POST /v1/ssh-host-certificates',
    ]);
  });

  test('knows every route of OpenID Connect, and those that tell of somebody ask who asks', async () => {
    const routes = oidcRoutes(stage.node.identity).map(({ method, path }) => `${method} ${path}`);
    expect(routes.sort()).toEqual(ofOpenId);
    const guarded = ofOpenId.filter((name) => guardedOfOpenId.some((word) => name.endsWith(`/${word}`)));
    for (const name of guarded) {
      const [method = '', path = ''] = name.split(' ');
      const { status } = await stage.call(undefined, method, path);
      expect([name, [400, 401].includes(status)]).toEqual([name, true]);
    }
  });

  test('is asked for at each route: without credentials nothing is answered', async () => {
    for (const operation of operations.filter(({ open: isOpen }) => !isOpen)) {
      const { status, json } = await ask(operation, undefined);
      expect([operation.name, status, json['code']]).toEqual([operation.name, 401, 'request.unauthenticated']);
    }
  });

  /** Those of some operations that were answered otherwise than by a denial, with what they answered. */
  const undenied = async (asked: readonly Operation[], person: Person, query = ''): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const operation of asked) {
      if (operation.open || operation.name in judgedInside || operation.name in absentFirst) continue;
      const answered = await ask(operation, person, query);
      if (!isDenied(answered)) found.push(`${operation.name} ${answered.status} ${answered.text.slice(0, 200)}`);
    }
    return found;
  };

  test.each(['stranger', 'nobody'] as const)('lets a %s do nothing', async (who) => {
    const person = who === 'stranger' ? stranger : nobody;
    expect(await undenied([...commandOperations, ...fixedOperations], person)).toEqual([]);
    expect(await undenied(commandOperations, person, '?dryRun=true')).toEqual([]);
    expect(await undenied(commandOperations, person, '?dryRun=true&at=1')).toEqual([]);
  });

  test('lets nobody learn from a renewal more than whether there is such a certificate', async () => {
    for (const operation of operations.filter(({ name }) => name in absentFirst)) {
      const { status, json } = await ask(operation, stranger);
      expect([operation.name, status, json['code']]).toEqual([operation.name, 404, 'certificate.absent']);
    }
  });

  test('lets a stranger see nothing', async () => {
    for (const query of ['', '?watch=1', '?at=1']) expect(await undenied(oneOperations, stranger, query)).toEqual([]);
    expect(await undenied(pastOperations, stranger)).toEqual([]);
    for (const operation of listOperations) {
      const { status, text } = await ask(operation, stranger);
      expect([operation.name, status]).toEqual([operation.name, 200]);
      expect([operation.name, text]).not.toEqual([
        operation.name,
        expect.stringMatching(/acme|shop|olga|vera|nina|cora|owen|admin|default|color|ada/),
      ]);
    }
  });

  test('lets a viewer see its project and change nothing', async () => {
    const reads = [
      ...['GET /v1/timeline/{noun}/{id}', 'GET /v1/why/{noun}/{id}', 'GET /v1/iam/who-can'],
      ...['GET /v1/network/trace', 'GET /v1/projects/{id}/bill'],
    ];
    const asked = [...commandOperations, ...fixedOperations].filter(({ name }) => !reads.includes(name));
    expect(await undenied(asked, viewer)).toEqual([]);
    for (const path of ['/v1/projects/shop', '/v1/service-accounts/shop%2Fci', '/v1/timeline/project/shop']) {
      expect([path, (await stage.call(viewer, 'GET', path)).status]).toEqual([path, 200]);
    }
    const update = await stage.call(viewer, 'POST', '/v1/projects/shop/update', {});
    expect([update.status, update.json['detail']]).toEqual([
      403,
      { permission: 'project.update', resource: 'project/shop' },
    ]);
  });

  test('lets a viewer of the cluster see everything but the log and change nothing', async () => {
    expect(await undenied(commandOperations, clusterViewer)).toEqual([]);
    for (const operation of [...listOperations, ...oneOperations]) {
      const answered = await ask(operation, clusterViewer);
      expect([operation.name, isDenied(answered)]).toEqual([operation.name, false]);
    }
    for (const { name, method, path, permission, body } of fixedOperations) {
      if (permission === undefined) continue;
      const reads = permission.endsWith('.read') && permission !== 'log.read';
      const answered = await stage.call(clusterViewer, method, path, body);
      expect([name, isDenied(answered)]).toEqual([name, !reads]);
    }
  });

  test('lets an owner of the cluster do everything', async () => {
    for (const operation of [...commandOperations, ...listOperations, ...oneOperations]) {
      const answered = await ask(operation, clusterOwner, operation.method === 'POST' ? '?dryRun=true' : '');
      expect([operation.name, answered.text.slice(0, 300), isDenied(answered)]).toEqual([
        operation.name,
        expect.any(String),
        false,
      ]);
    }
  });

  test('lets an owner of a project do everything in it', async () => {
    for (const [noun, id] of Object.entries(objectsOfAcme).filter(([, found]) => found.startsWith('shop'))) {
      for (const operation of commandOperations.filter(({ path }) =>
        path.startsWith(`/v1/${noun}s/${encodeURIComponent(id)}/`),
      )) {
        const answered = await ask(operation, owner, '?dryRun=true');
        expect([operation.name, answered.text, isDenied(answered)]).toEqual([
          operation.name,
          expect.any(String),
          false,
        ]);
      }
    }
  });
});
