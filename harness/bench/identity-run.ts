import { isLeft } from 'fp-ts/lib/Either';
import { only } from '#aggregates/access';
import type { RunningNode } from '#gateways/server/running-node';
import { inNewDirectory, withNode } from '#harness/bench/engine-node';
import { keyOf, value } from '#harness/bench/etcd-message';
import { authorityOf } from '#log/authority';
import type { Submission } from '#log/entry';

/** Who may do what, with so much granted. */
export interface JudgedRun {
  readonly directory: string;
  readonly bindings: number;
  readonly roles: number;
  readonly seconds: number;
}

/** Commands of a user beside the same of the break-glass token, which nobody need judge. */
export interface AuthorisedRun extends JudgedRun {
  readonly inFlight: number;
}

type Engine = RunningNode['engine'];
type Written = Pick<Submission, 'kind' | 'id' | 'body'>;

const bySystem = { principal: 'system', credential: 'bench', source: 'bench', address: '' };
const address = '192.0.2.7';
const PER_BATCH = 100;
const BINDINGS_PER_USER = 10;
const PROJECTS = 100;

const together = async (engine: Engine, commands: readonly Written[]): Promise<void> => {
  for (let from = 0; from < commands.length; from += PER_BATCH) {
    const part = commands.slice(from, from + PER_BATCH).map(({ kind, id, body }) => ({ command: kind, id, body }));
    const { result } = await engine.submit({ kind: 'batch.apply', id: '', body: { commands: part }, ...bySystem });
    if (result.status !== 'accepted') throw new Error(`a batch was refused: ${JSON.stringify(result)}`);
  }
};

const many = <A>(count: number, of: (at: number) => A): readonly A[] =>
  Array.from({ length: count }, (_, at) => of(at));

const sessionOf = (user: number): string => user.toString(16).padStart(32, '0');

const callerOf = (user: number) => ({
  principal: `user/u${user}`,
  credential: `session/${sessionOf(user)}`,
  source: 'bench',
  address,
});

/** Users in groups with bindings in projects, roles of a few permissions, and a session of each user. */
const populate = async (engine: Engine, { bindings, roles }: JudgedRun): Promise<number> => {
  const users = Math.ceil(bindings / BINDINGS_PER_USER);
  const organisation = 'bench';
  await together(engine, [
    { kind: 'organisation.create', id: organisation, body: {} },
    ...many(PROJECTS, (at) => ({ kind: 'project.create', id: `p${at}`, body: { organisation } })),
    ...many(roles, (at) => ({
      kind: 'role.create',
      id: `r${at}`,
      body: { permissions: ['key.read', 'key.put', at % 2 === 0 ? 'project.*' : '*.read'].sort() },
    })),
    ...many(users, (at) => ({ kind: 'user.create', id: `u${at}`, body: { organisation } })),
    ...many(10, (at) => ({ kind: 'group.create', id: `${organisation}/g${at}`, body: {} })),
    ...many(Math.min(users, 1_000), (at) => ({
      kind: 'group.add',
      id: `${organisation}/g${at % 10}`,
      body: { member: `user/u${at}` },
    })),
    ...many(bindings, (at) => {
      const subject = `user/u${at % users}`;
      const role = `r${(at * 7) % roles}`;
      const place =
        at < users ? {} : at % 2 === 0 ? { project: `p${at % PROJECTS}` } : { noun: 'key', prefix: `${at}/` };
      // The first binding of each lets it work with keys; the others are there to be passed over.
      return {
        kind: 'binding.create',
        id: `b${at}`,
        body: { subject, role: at < users ? 'key-editor' : role, ...place },
      };
    }),
  ]);
  for (let user = 0; user < users; user++) {
    const body = {
      principal: `user/u${user}`,
      method: 'federated',
      client: 'ultracloud-cli',
      family: 'a'.repeat(64),
      current: 'b'.repeat(64),
    };
    await engine.submit({ kind: 'session.open', id: sessionOf(user), body, ...bySystem });
  }
  await engine.flush();
  return users;
};

export interface Judged {
  /** Microseconds of one question, of callers who have asked before. */
  readonly warmUs: number;
  /** Microseconds of the first question of a caller since who may do what has changed. */
  readonly firstUs: number;
}

export const judged = (run: JudgedRun): Promise<Judged> =>
  inNewDirectory(run.directory, (directory) =>
    withNode(directory, async ({ engine }) => {
      const users = await populate(engine, run);
      const authority = authorityOf(engine.vocabulary);
      const { position, nowMs } = engine.head;
      const { facts } = engine;
      const ask = (user: number, at: number): void => {
        const moment = { position: position + 1, now: nowMs, level: 1, ...callerOf(user) };
        const refused = at % 2 === 0 ? 'project.delete' : 'project.read';
        const [permission, target] =
          at % 4 < 2 ? ['key.put', only('key', keyOf(at))] : [refused, only('project', `p${at % PROJECTS}`)];
        const rejection = authority.objects(permission, target, facts, moment);
        if (at % 4 < 2 && rejection !== undefined) throw new Error(`refused: ${rejection.code}`);
      };
      const firstAt = performance.now();
      for (let user = 0; user < users; user++) ask(user, 0);
      const firstUs = ((performance.now() - firstAt) * 1_000) / users;
      let asked = 0;
      const startedAt = performance.now();
      while (performance.now() - startedAt < run.seconds * 1_000) {
        for (let user = 0; user < users; user++) ask(user, asked++);
      }
      return { warmUs: ((performance.now() - startedAt) * 1_000) / asked, firstUs };
    }),
  );

/** How much longer commands of a user take than those of the break-glass token, in percent; measured in turns. */
export const authorised = (run: AuthorisedRun): Promise<number> =>
  inNewDirectory(run.directory, (directory) =>
    withNode(directory, async ({ engine }) => {
      const users = await populate(engine, run);
      const admin = { principal: 'admin', credential: 'bench', source: 'bench', address };
      const perSecond = async (by: (at: number) => typeof admin): Promise<number> => {
        let place = 0;
        const first = engine.head.position;
        const startedAt = performance.now();
        const until = startedAt + (run.seconds * 1_000) / ROUNDS;
        const submitOn = async (): Promise<void> => {
          while (performance.now() < until) {
            const at = place++;
            const { result } = await engine.submit({
              kind: 'key.put',
              id: keyOf(at % 10_000),
              body: { value },
              ...by(at),
            });
            if (result.status !== 'accepted') throw new Error('a put was refused');
          }
        };
        await Promise.all(many(run.inFlight, submitOn));
        return ((engine.head.position - first) * 1_000) / (performance.now() - startedAt);
      };
      const total = { admin: 0, user: 0 };
      for (let round = 0; round <= ROUNDS; round++) {
        const [byAdmin, byUser] = [await perSecond(() => admin), await perSecond((at) => callerOf(at % users))];
        if (round === 0) continue; // Neither is warm yet.
        total.admin += byAdmin;
        total.user += byUser;
      }
      return (total.admin / total.user - 1) * 100;
    }),
  );

const ROUNDS = 10;

export interface CheckedRun {
  readonly directory: string;
  readonly tokens: number;
}

export interface Checked {
  /** Microseconds to verify a token that was not shown before. */
  readonly firstUs: number;
  /** Microseconds to look again at one that was, whether it still stands. */
  readonly againUs: number;
}

/** What a gateway spends on a token of a service account. */
export const checked = (run: CheckedRun): Promise<Checked> =>
  inNewDirectory(run.directory, (directory) =>
    withNode(directory, async (node) => {
      const { engine, identity } = node;
      const serviceAccount = 'bench/program';
      const { id, key, digest } = identity.makeAccessKey();
      await together(engine, [
        { kind: 'organisation.create', id: 'bench', body: {} },
        { kind: 'project.create', id: 'bench', body: { organisation: 'bench' } },
        { kind: 'service-account.create', id: serviceAccount, body: {} },
        { kind: 'access-key.create', id, body: { serviceAccount, digest } },
      ]);
      const tokens: string[] = [];
      while (tokens.length < run.tokens) {
        // Each from an address of its own, since one may not ask so often.
        const asked = await identity.exchange({ kind: 'access-key', serviceAccount, key }, `host-${tokens.length}`);
        if (isLeft(asked)) throw new Error(`no token: ${asked.left}`);
        tokens.push(asked.right.accessToken);
      }
      const spentUs = (): number => {
        const startedAt = performance.now();
        for (const token of tokens) if (node.authenticate(token) === undefined) throw new Error('a token is refused');
        return ((performance.now() - startedAt) * 1_000) / tokens.length;
      };
      return { firstUs: spentUs(), againUs: spentUs() };
    }),
  );
