import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Etcd3 } from 'etcd3';
import { startEtcdGateway } from '#gateways/etcd/gateway';
import { etcdInstalled, startEtcd } from '#harness/bench/server-process';
import { differ, type Difference } from '#harness/etcd/differ';
import { play, type Played } from '#harness/etcd/player';
import { probes } from '#harness/etcd/probes';
import { drawTrace, type Step } from '#harness/etcd/trace';
import { startTestNode } from '#harness/node';
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
  const node = await startTestNode();
  const gateway = await startEtcdGateway(node, { host: '127.0.0.1', port: 0 });
  const auth = { username: 'root', password: node.token };
  const client = new Etcd3({ hosts: `${gateway.host}:${gateway.port}`, auth });
  try {
    return await play(client, trace);
  } finally {
    client.close();
    await gateway.close();
    await node.stop();
  }
};

const seeds = Array.from({ length: lastSeed - firstSeed + 1 }, (_, index) => firstSeed + index);

const compared = async (trace: readonly Step[]): Promise<readonly Difference[]> =>
  differ(trace, await playOnEtcd(trace), await playOnOurs(trace));

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

  test('gets other answers only where the list says so', async () => {
    const found = [];
    for (const [name, trace] of Object.entries(probes)) {
      const [difference] = await compared(trace);
      if (difference !== undefined) found.push({ name, etcd: difference.etcd, ours: difference.ours });
    }
    expect(found).toEqual(known.map(({ name, etcd, ours }) => ({ name, etcd, ours })));
  }, 120_000);
});
