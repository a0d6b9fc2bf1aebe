import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Etcd3 } from 'etcd3';
import { etcdInstalled, startEtcd } from '#harness/bench/server-process';
import { differ, type Difference } from '#harness/etcd/differ';
import { play, type Played } from '#harness/etcd/player';
import { probes } from '#harness/etcd/probes';
import { drawTrace, type Step } from '#harness/etcd/trace';
import { startTestGateway } from '#harness/etcd/test-gateway';
import { randomOf } from '#harness/simulator/random';

/** Others, to look for differences by hand: TRACE_SEEDS=1000-1100 TRACE_STEPS=500. */
const [firstSeed = 1, lastSeed = 8] = (process.env['TRACE_SEEDS'] ?? '').split('-').filter(Boolean).map(Number);
const steps = Number(process.env['TRACE_STEPS'] ?? 200);

/** Answers that differ from etcd's, with the reason. The list may only shrink. */
const known = JSON.parse(readFileSync(join(__dirname, 'differences.json'), 'utf8')) as readonly {
  readonly name: string;
  readonly etcd: string;
  readonly ours: string;
}[];

const playOnEtcd = async (trace: readonly Step[]): Promise<Played> => {
  const directory = mkdtempSync(join(tmpdir(), 'etcd-trace-'));
  const server = await startEtcd(join(directory, 'data'));
  const client = new Etcd3({ hosts: `${server.grpc.host}:${server.grpc.port}` });
  try {
    return await play(client, trace);
  } finally {
    client.close();
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  }
};

const playOnOurs = async (trace: readonly Step[]): Promise<Played> => {
  const server = await startTestGateway();
  const client = new Etcd3({ hosts: server.endpoint, auth: { username: 'root', password: server.token } });
  try {
    return await play(client, trace);
  } finally {
    client.close();
    await server.stop();
  }
};

const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, index) => firstSeed + index);

const compared = async (trace: readonly Step[]): Promise<readonly Difference[]> => {
  const [etcd, ours] = await Promise.all([playOnEtcd(trace), playOnOurs(trace)]);
  return differ(trace, etcd, ours);
};

(etcdInstalled() ? describe : describe.skip)('a client on etcd and on ours (needs etcd-server)', () => {
  test.each(seeds)(
    'gets the same answers, seed %i',
    async (seed) => {
      const differences = await compared(drawTrace(randomOf(seed), steps));
      // The first says it: what follows may come of it.
      expect(differences.slice(0, 1)).toEqual([]);
    },
    120_000,
  );

  test.each(Object.entries(probes))(
    'gets other answers only where the list says so: %s',
    async (name, trace) => {
      const [difference] = await compared(trace);
      const listed = known.find((entry) => entry.name === name);
      if (listed === undefined) expect(difference).toBeUndefined();
      else expect(difference).toMatchObject({ etcd: listed.etcd, ours: listed.ours });
    },
    120_000,
  );

  test('differs in nothing that is listed without a trace that shows it', () => {
    expect(known.map(({ name }) => name).filter((name) => probes[name] === undefined)).toEqual([]);
  });
});

test('the page for operators names each answer that differs', () => {
  const page = readFileSync(join(__dirname, '../../docs/operating/etcd-clients.md'), 'utf8');
  expect(known.map(({ name }) => name).filter((name) => !page.includes(`\n| ${name} |`))).toEqual([]);
});
