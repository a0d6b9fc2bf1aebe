import { setTimeout as pause } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import { extent } from '#harness/extent';
import { call, onStage, type Reply, type Stage } from '#harness/scenarios/stage';
import type { ServerProcess } from '#harness/server-process';
import { randomOf } from '#harness/simulator/random';

const cycles = extent(20, 200);
const httpClients = 6;
const etcdClients = 2;
const random = randomOf(20_261_121);

jest.setTimeout(120_000 + cycles * 15_000);

/** A put under an idempotency key, sent until it is answered. */
interface Write {
  readonly key: string;
  readonly value: string;
  readonly request: string;
  position?: number;
}

/** What clients have sent and what they were answered, over all lives of the server. */
const ledger = {
  acknowledged: [] as Write[],
  unanswered: [] as Write[],
  etcdAcknowledged: new Set<string>(),
  etcdSent: new Set<string>(),
  sent: 0,
};

const put = (server: ServerProcess, token: string, write: Write, value = write.value): Promise<Reply> =>
  call(server, token, {
    method: 'POST',
    path: `/v1/keys/${encodeURIComponent(write.key)}/put`,
    body: { value },
    key: write.request,
  });

const freshWrite = (): Write => {
  const number = ledger.sent++;
  return { key: `crash/${number}`, value: `value ${number}`, request: `request-${number}` };
};

/** Sends one write and keeps what is known of it; false when the server is gone. */
const send = async (server: ServerProcess, token: string, write: Write): Promise<boolean> => {
  try {
    const { status, json } = await put(server, token, write);
    if (status !== 200) throw new Error(`expected 200, got ${status} ${JSON.stringify(json)}`, { cause: 'answered' });
    write.position = Number(json['position']);
    ledger.acknowledged.push(write);
    return true;
  } catch (error) {
    if ((error as { cause?: unknown }).cause === 'answered') throw error;
    ledger.unanswered.push(write);
    return false;
  }
};

const httpClient = async (server: ServerProcess, token: string): Promise<void> => {
  while (await send(server, token, ledger.unanswered.shift() ?? freshWrite()));
};

const etcdClient = async (server: ServerProcess, token: string): Promise<void> => {
  const hosts = server.endpoints.etcd.replace('http://', '');
  const client = new Etcd3({ hosts, auth: { username: 'root', password: token } });
  try {
    for (;;) {
      const key = `etcd/${ledger.etcdSent.size}`;
      ledger.etcdSent.add(key);
      await client.put(key).value('put once');
      ledger.etcdAcknowledged.add(key);
    }
  } catch {
    // The server is gone. Nobody repeats such a put, so it is there once or not at all.
  } finally {
    client.close();
  }
};

/** A life of the server under load, ended by SIGKILL some time after its first answers. */
const liveAndDie = async (stage: Stage): Promise<void> => {
  const server = await stage.start();
  const before = ledger.acknowledged.length;
  const clients = [
    ...Array.from({ length: httpClients }, () => httpClient(server, stage.token())),
    ...Array.from({ length: etcdClients }, () => etcdClient(server, stage.token())),
  ];
  const enough = 5 + random.under(150);
  const killer = async (): Promise<void> => {
    while (ledger.acknowledged.length - before < enough) await pause(5);
    await pause(random.under(40));
    await server.kill();
  };
  await Promise.all([killer(), ...clients]);
};

/** Some are killed before they are ready: what a start does must bear being cut too. */
const dieYoung = async (stage: Stage): Promise<void> => {
  const server = stage.begin();
  await pause(random.under(500));
  await server.kill();
};

/** Repeats of what was answered before get the same answer, whichever life gave it. */
const repeatSome = async (server: ServerProcess, token: string, count: number): Promise<void> => {
  for (let number = 0; number < count; number++) {
    const write = ledger.acknowledged[random.under(ledger.acknowledged.length)];
    if (write === undefined) return;
    expect(await put(server, token, write)).toMatchObject({ status: 200, json: { position: write.position } });
    expect(await put(server, token, write, 'another value')).toMatchObject({ status: 409 });
  }
};

interface Row {
  readonly key: string;
  readonly value: string;
  readonly version: number;
}

const allRows = async (server: ServerProcess, token: string, prefix: string): Promise<ReadonlyMap<string, Row>> => {
  const rows = new Map<string, Row>();
  let cursor = '';
  do {
    const path = `/v1/keys?prefix=${encodeURIComponent(prefix)}&limit=1000${cursor}`;
    const { json } = await call(server, token, { method: 'GET', path });
    const page = json as { readonly items: readonly Row[]; readonly cursor?: string };
    for (const row of page.items) rows.set(row.key, row);
    cursor = page.cursor === undefined ? '' : `&cursor=${encodeURIComponent(page.cursor)}`;
  } while (cursor !== '');
  return rows;
};

test(`nothing acknowledged is lost and nothing is done twice when the server is killed ${cycles} times`, () =>
  onStage(async (stage) => {
    for (let cycle = 0; cycle < cycles; cycle++) {
      await liveAndDie(stage);
      if (cycle % 4 === 3) await dieYoung(stage);
    }
    const server = await stage.start();
    const token = stage.token();
    // Whether a cut-off write was recorded nobody knows; sent again, it is carried out once.
    const late = ledger.unanswered.splice(0);
    for (const write of late) expect(await send(server, token, write)).toBe(true);
    await repeatSome(server, token, 50);

    const rows = await allRows(server, token, 'crash/');
    expect(rows.size).toBe(ledger.acknowledged.length);
    for (const { key, value } of ledger.acknowledged) expect(rows.get(key)).toMatchObject({ value, version: 1 });
    const throughEtcd = await allRows(server, token, 'etcd/');
    for (const key of ledger.etcdAcknowledged) expect(throughEtcd.get(key)).toMatchObject({ version: 1 });
    for (const { key, version } of throughEtcd.values()) {
      expect([ledger.etcdSent.has(key), version]).toEqual([true, 1]);
    }

    const { json: before } = await call(server, token, { method: 'GET', path: '/v1/status' });
    expect(await server.stop()).toEqual({ exitCode: 0, signal: null });
    const verified = await stage.cli('log', 'verify', '-o', 'json');
    expect(verified).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, to: before['position'], hash: before['hash'] });
  }));

const firstStarts = extent(8, 100);

test(`a first start may be killed at any time, tried ${firstStarts} times`, async () => {
  for (let number = 0; number < firstStarts; number++) {
    await onStage(async (stage) => {
      const server = stage.begin();
      // A start takes so long on a machine with nothing else to do.
      await pause(random.under(500));
      await server.kill();
      const again = await stage.start();
      const status = await call(again, stage.token(), { method: 'GET', path: '/v1/status' });
      expect(status.json['notices']).toEqual([]);
      expect(await again.stop()).toEqual({ exitCode: 0, signal: null });
    });
  }
});
