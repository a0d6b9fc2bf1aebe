import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, onStage, type Stage } from '#harness/scenarios/stage';
import type { ServerProcess } from '#harness/server-process';

jest.setTimeout(120_000);

const keys = Array.from({ length: 32 }, (_, number) => `large-${number}`);

/** A data directory whose log has two closed files, left in order. */
let whole: string;

beforeAll(() =>
  onStage(async (stage) => {
    whole = mkdtempSync(join(tmpdir(), 'ultracloud-long-'));
    const server = await stage.start();
    for (const key of keys) {
      const body = { value: `${key} `.repeat(100_000) };
      const put = { method: 'POST', path: `/v1/keys/${key}/put`, body } as const;
      expect((await call(server, stage.token(), put)).status).toBe(200);
    }
    await server.stop();
    cpSync(stage.data, whole, { recursive: true });
    expect(segmentsIn(whole).length).toBeGreaterThanOrEqual(3);
  }),
);
afterAll(() => rmSync(whole, { recursive: true }));

const segmentsIn = (data: string): readonly string[] =>
  readdirSync(join(data, 'log'))
    .filter((name) => name.endsWith('.segment'))
    .sort();

const expectAll = async (stage: Stage, server: ServerProcess): Promise<void> => {
  for (const key of keys) {
    const { json } = await call(server, stage.token(), { method: 'GET', path: `/v1/keys/${key}` });
    expect(String(json['value'])).toBe(`${key} `.repeat(100_000));
  }
};

test('a damaged entry in a file that is long closed stops the start', () =>
  onStage(async (stage) => {
    cpSync(whole, stage.data, { recursive: true });
    const path = join(stage.data, 'log', segmentsIn(stage.data)[0] ?? '');
    const bytes = readFileSync(path);
    bytes.write('X', bytes.indexOf('large-3 large-3'));
    writeFileSync(path, bytes);
    const { exitCode, said } = await stage.refused();
    expect(said).toMatch(
      /^error: The log is damaged at position 11: .*00001\.segment, byte \d+: no readable entry, but /,
    );
    expect(said).toContain('Nothing was changed.');
    expect(exitCode).toBe(1);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  }));

test('a lost state is made again from a snapshot and the rest of the log', () =>
  onStage(async (stage) => {
    cpSync(whole, stage.data, { recursive: true });
    const first = await stage.start();
    const truncate = { method: 'POST', path: '/v1/log-truncate', body: { before: 20 } } as const;
    const truncated = await call(first, stage.token(), truncate);
    expect(truncated.status).toBe(200);
    expect(Number(truncated.json['first'])).toBeGreaterThan(1);
    await first.kill();
    rmSync(join(stage.data, 'state'), { recursive: true });

    const second = await stage.start();
    expect(second.output()).toMatch(
      /^warning: .*state was missing and is made again from the log; nothing is lost\.$/m,
    );
    expect(second.output()).toMatch(/^warning: .*state: it was begun again from .*snapshots/m);
    await expectAll(stage, second);
    await second.stop();
    expect((await stage.cli('log', 'verify')).exitCode).toBe(0);

    for (const lost of ['state', 'snapshots']) rmSync(join(stage.data, lost), { recursive: true });
    const third = await stage.refused();
    expect(third.said).toMatch(
      /^error: .*data: the log begins at position \d+, and neither the state nor a snapshot /m,
    );
    expect(third.said).toMatch(
      /Put state\/ back from a copy, put a backup of this cluster of position \d+ or later into/,
    );
    expect(third.exitCode).toBe(1);
  }));
