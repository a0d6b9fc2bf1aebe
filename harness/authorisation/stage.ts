import { startEtcdGateway } from '#gateways/etcd/gateway';
import { startHttpGateway, type HttpGateway } from '#gateways/http/gateway';
import { oidcRoutes } from '#gateways/oidc/routes';
import type { Caller, Node, Principal } from '#gateways/node';
import type { Outcome } from '#log/outcome';
import type { Json } from '#harness/http';
import { startTestNode, type TestNode } from '#harness/node';

/** Somebody with a session, which the token of the same name stands for. */
export interface Person extends Caller {
  readonly token: string;
}

export interface Answered {
  readonly status: number;
  readonly json: Json;
  readonly text: string;
}

/** A node with two organisations, each with a project, and people of both. */
export interface Stage {
  /** Takes the tokens of the people beside the administrator's. */
  readonly node: Node;
  readonly port: number;
  /** Whoever shows the break-glass token. */
  readonly administrator: Person;
  /** As the administrator; throws when it is refused. */
  act(kind: string, id: string, body?: unknown): Promise<number>;
  /** As somebody, straight to the log. */
  submit(person: Person, kind: string, id: string, body?: unknown): Promise<Outcome>;
  /** Makes a user with one role somewhere, or none, and a session. */
  person(name: string, organisation: string, binding?: Binding): Promise<Person>;
  /** Undefined: without credentials. */
  call(person: Person | undefined, method: string, path: string, body?: unknown): Promise<Answered>;
  /** `HOST:PORT` of the etcd gateway. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

type Binding = { readonly role: string } & Readonly<Record<string, string>>;

const digest = 'ab'.repeat(32);

export const startStage = async (): Promise<Stage> => {
  const inner: TestNode = await startTestNode();
  const people = new Map<string, Principal>();
  const node: Node = { ...inner, authenticate: (token) => people.get(token) ?? inner.authenticate(token) };
  const gateway: HttpGateway = await startHttpGateway(node, {
    host: '127.0.0.1',
    port: 0,
    routes: oidcRoutes(node.identity),
  });
  const etcd = await startEtcdGateway(node, { host: '127.0.0.1', port: 0 });
  const sent = async (by: Omit<Caller, 'address'>, kind: string, id: string, body: unknown): Promise<Outcome> =>
    inner.engine.submit({
      kind,
      id,
      body,
      principal: by.name,
      credential: by.credential,
      source: 'http',
      address: '127.0.0.1',
    });
  const sure = async (by: Omit<Caller, 'address'>, kind: string, id: string, body: unknown): Promise<number> => {
    const { position, result } = await sent(by, kind, id, body);
    if (result.status !== 'accepted') throw new Error(`${kind} ${id}: ${JSON.stringify(result)}`);
    return position;
  };
  const admin = { name: 'admin', credential: 'admin.token' };
  const system = { name: 'system', credential: 'process' };
  const act: Stage['act'] = (kind, id, body = {}) => sure(admin, kind, id, body);
  let sessions = 0;

  for (const [organisation, project] of [
    ['acme', 'shop'],
    ['rival', 'den'],
  ] as const) {
    await act('organisation.create', organisation);
    await act('project.create', project, { organisation });
    await act('service-account.create', `${project}/ci`);
    await act('group.create', `${organisation}/developers`);
    await act('role.create', `${organisation}/deployer`, { permissions: ['project.read'] });
    await act('vpc.create', `${project}/main`);
    await act('subnet.create', `${project}/front`, { vpc: `${project}/main`, cidr: '10.0.1.0/24' });
    await act('security-group.create', `${project}/web`, { vpc: `${project}/main` });
    await act('port.create', `${project}/web1`, { subnet: `${project}/front`, securityGroups: [`${project}/web`] });
  }

  return {
    node,
    administrator: { ...admin, token: inner.token, address: '127.0.0.1' },
    port: gateway.port,
    endpoint: `${etcd.host}:${etcd.port}`,
    act,
    submit: (person, kind, id, body = {}) => sent(person, kind, id, body),
    person: async (name, organisation, binding) => {
      await act('user.create', name, { organisation });
      const subject = `user/${name}`;
      if (binding !== undefined) await act('binding.create', `of-${name}`, { subject, ...binding });
      const id = String(++sessions).padStart(32, '0');
      const opened = { principal: subject, method: 'federated', client: 'test', family: digest, current: digest };
      await sure(system, 'session.open', id, opened);
      const token = `token-${name}`;
      const principal = { name: subject, credential: `session/${id}` };
      people.set(token, principal);
      return { ...principal, token, address: '127.0.0.1' };
    },
    call: async (person, method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
        method,
        headers: {
          ...(person === undefined ? {} : { authorization: `Bearer ${person.token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      return { status: response.status, text, json: (isJson ? JSON.parse(text) : {}) as Json };
    },
    stop: async () => {
      await etcd.close();
      await gateway.close();
      await inner.stop();
    },
  };
};
