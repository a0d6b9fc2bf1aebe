import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { extent } from '#harness/extent';
import { checkHistory, textOf } from '#harness/linearizability/checker';
import { httpKeyClient } from '#harness/linearizability/key-client';
import { keyModel } from '#harness/linearizability/key-model';
import { record } from '#harness/linearizability/recording';
import { builtProgram, startServer, type ServerProcess } from '#harness/server-process';

const KILLS = extent(3, 60);
const CLIENTS = 6;
const KEYS = ['one', 'two/and a slash', 'three'];

jest.setTimeout(60_000 + KILLS * 10_000);

test(`clients see one order, though the server is killed ${KILLS} times`, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'linearizability-'));
  const program = builtProgram(join(__dirname, '..', '..'));
  const place = { program, data: join(directory, 'data'), log: join(directory, 'server.log') };
  let server: ServerProcess = await startServer(place).ready();
  const token = readFileSync(join(place.data, 'admin.token'), 'utf8').trim();
  const clients = Array.from({ length: CLIENTS }, () => httpKeyClient(() => ({ url: server.endpoints.http, token })));
  let ended = false;
  let kills = 0;
  const keys = (): readonly string[] => KEYS.map((key) => `${key}/${Math.floor(kills / 3)}`);
  const killing = async (): Promise<void> => {
    for (; kills < KILLS; kills++) {
      await sleep(300 + 137 * (kills % 5));
      await server.kill();
      server = await startServer(place).ready();
    }
    await sleep(300);
  };
  try {
    // Slow enough that the search stays small: what matters is what is under way at a kill.
    const recording = record({ clients, keys, seed: 4, goOn: () => sleep(2).then(() => !ended) });
    await killing().finally(() => (ended = true));
    const history = await recording;
    expect(textOf(checkHistory(keyModel, history))).toBe('linearizable');
    expect(history.filter(({ answer }) => answer === undefined).length).toBeGreaterThan(0);
    expect(history.length).toBeGreaterThan(KILLS * 20);
  } finally {
    for (const client of clients) client.close();
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  }
});
