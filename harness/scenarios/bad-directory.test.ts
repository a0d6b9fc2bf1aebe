import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, onStage } from '#harness/scenarios/stage';

jest.setTimeout(120_000);

const count = 10;
/** What a first start records, and the first use of its token. */
const earlier = 7;
/** A data directory with some keys, left in order. */
let whole: string;

beforeAll(() =>
  onStage(async (stage) => {
    whole = mkdtempSync(join(tmpdir(), 'ultracloud-whole-'));
    const server = await stage.start();
    for (let number = 0; number < count; number++) {
      const path = `/v1/keys/config%2F${number}/put`;
      await call(server, stage.token(), { method: 'POST', path, body: { value: `value ${number}` } });
    }
    // The state follows the log a little later; these scenarios are about one that has.
    await server.stop();
    cpSync(stage.data, whole, { recursive: true });
  }),
);
afterAll(() => rmSync(whole, { recursive: true }));

/** Digests of what is in a directory, but for locks, which say who looked last. */
const contents = (directory: string): Readonly<Record<string, string>> => {
  if (statSync(directory).isFile()) return {};
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !/lock/.test(name) && statSync(join(directory, name)).isFile(),
  );
  const digest = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex');
  return Object.fromEntries(files.sort().map((name) => [name, digest(name)]));
};

const segmentIn = (data: string): string => {
  const name = readdirSync(join(data, 'log')).find((each) => each.endsWith('.segment'));
  return join(data, 'log', name ?? '');
};

const alter = (path: string, change: (bytes: Buffer) => void): void => {
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
};

/** Behind the last byte that is not zero, where the next record goes. */
const endOfLog = (bytes: Buffer): number => (bytes.findLastIndex((byte) => byte !== 0) + 8) & ~7;

/** DATA stands for the data directory. */
interface Case {
  readonly name: string;
  readonly spoil: (data: string) => void;
  readonly says: string;
}

const inside =
  (...names: readonly string[]) =>
  (data: string): string =>
    join(data, ...names);
const token = inside('admin.token');
const cluster = inside('cluster.json');
const manifest = inside('log', 'log.json');
const state = inside('state');
const remove = (path: string): void => rmSync(path, { recursive: true });

const repairs =
  'Nothing was changed. Copy the data directory aside and check the disk. Then put this file back from another copy, ' +
  'or restore the newest backup: ultracloud backup restore BACKUP --data NEW_DIRECTORY.';
const segment = 'DATA/log/00000000000000000001.segment';

/** Each is told with the file, what was expected and what to do; nothing in the directory is changed. */
const refused: readonly Case[] = [
  {
    name: 'a data directory that is a file',
    spoil: (data) => {
      remove(data);
      writeFileSync(data, 'not a directory');
    },
    says: 'DATA: expected a directory, found a file. Choose another one with --data.',
  },
  {
    name: 'a token of other bytes',
    spoil: (data) => writeFileSync(token(data), Buffer.alloc(64, 0xfe)),
    says:
      'DATA/admin.token: expected a token of 16 to 512 visible ASCII characters, found something else. Put it back ' +
      'from a copy, or delete the file to have a new one made.',
  },
  {
    name: 'an empty token',
    spoil: (data) => truncateSync(token(data)),
    says: 'DATA/admin.token: expected a token of 16 to 512 visible ASCII characters, found something else.',
  },
  {
    name: 'a token that is a directory',
    spoil: (data) => {
      remove(token(data));
      mkdirSync(token(data));
    },
    says: 'DATA/admin.token: expected a file, found a directory. Put the file back from a copy.',
  },
  {
    name: 'an empty cluster.json',
    spoil: (data) => truncateSync(cluster(data)),
    says:
      'DATA/cluster.json should be a JSON object with format, clusterId, incarnation and base, and is not. Nothing ' +
      'was changed. Put the file back from a copy, or restore a backup into another directory.',
  },
  {
    name: 'a cluster.json of another kind',
    spoil: (data) => writeFileSync(cluster(data), 'null'),
    says: 'DATA/cluster.json should be a JSON object with format, clusterId, incarnation and base, and is not.',
  },
  {
    name: 'a directory of a newer release',
    spoil: (data) => writeFileSync(cluster(data), '{"format":2,"clusters":[]}'),
    says:
      'DATA/cluster.json is of format 2; this release understands 1 and older. Nothing was changed. Start the ' +
      'release that wrote it, or a later one; docs/operating/upgrade.md says how to go back.',
  },
  {
    name: 'a lost cluster.json',
    spoil: (data) => remove(cluster(data)),
    says:
      'DATA/cluster.json is missing, but log/ is there: the file was lost, or a restore was cut off. Nothing was ' +
      'changed. Put the file back from a copy, or restore a backup into an empty directory.',
  },
  {
    name: 'a cluster.json of another cluster',
    spoil: (data) => alter(cluster(data), (bytes) => bytes.write('0'.repeat(32), bytes.indexOf('clusterId": "') + 13)),
    says: `expected ${'0'.repeat(32)}: it belongs to another log. Nothing was changed. Put the file of this log back.`,
  },
  {
    name: 'a log of a newer release',
    spoil: (data) => writeFileSync(manifest(data), '{"format":7}'),
    says:
      'DATA/log/log.json is of format 7; this release understands 1 and older. Nothing was changed. Start the ' +
      'release that wrote it, or a later one.',
  },
  {
    name: 'a log file of a newer release',
    spoil: (data) => alter(segmentIn(data), (bytes) => bytes.writeUInt32LE(2, 8)),
    says: `${segment} is of format 2; this release understands 1 and older.`,
  },
  {
    name: 'a log.json of garbage',
    spoil: (data) => writeFileSync(manifest(data), 'garbage'),
    says:
      'DATA/log/log.json should be a JSON object with format, clusterId, incarnation, base, keptBase and reached, ' +
      `and is not. ${repairs}`,
  },
  {
    name: 'a lost log.json',
    spoil: (data) => remove(manifest(data)),
    says: `DATA/log/log.json is missing, but ${segment} holds entries. ${repairs}`,
  },
  {
    name: 'a lost log',
    spoil: (data) => remove(join(data, 'log')),
    says:
      'DATA/log/log.json is missing, so there is no log here, but the state has reached position ' +
      `${earlier + count}. ${repairs}`,
  },
  {
    name: 'a lost log file',
    spoil: (data) => remove(segmentIn(data)),
    says:
      `The log lacks ${segment}, which should begin with position 1: log.json names it as the oldest kept. ` + repairs,
  },
  {
    name: 'a log file with a damaged head',
    spoil: (data) => alter(segmentIn(data), (bytes) => bytes.fill(0x58, 0, 8)),
    says: `${segment} should begin with the header of a log segment for position 1, and does not. ${repairs}`,
  },
  {
    name: 'a damaged entry in the middle of the log',
    spoil: (data) => alter(segmentIn(data), (bytes) => bytes.write('X', bytes.indexOf('value 4'))),
    says: `The log is damaged at position ${earlier + 5}: ${segment}, byte `,
  },
  {
    name: 'a log behind the state',
    spoil: (data) => truncateSync(segmentIn(data), 4096 + 40),
    says:
      `The log is damaged at position 1: ${segment}, byte 4096: no readable entry, but the log had reached ` +
      `${earlier + count}. ${repairs}`,
  },
];

test.each(refused)('$name stops the start and changes nothing', ({ spoil, says }) =>
  onStage(async (stage) => {
    cpSync(whole, stage.data, { recursive: true });
    spoil(stage.data);
    const before = contents(stage.data);
    const { exitCode, said } = await stage.refused();
    expect(said.replaceAll(stage.data, 'DATA')).toContain(says);
    expect(said).toMatch(/^error: .*\.$/);
    expect(exitCode).toBe(1);
    expect(contents(stage.data)).toEqual(before);
  }),
);

/** All is there and the server answers; `status` goes on saying what it had to mend. */
const mended: readonly Case[] = [
  {
    name: 'a token that others can read',
    spoil: (data) => chmodSync(token(data), 0o644),
    says:
      'DATA/admin.token had mode 644, so that others could read it; it has 600 now. If somebody may have read it, ' +
      'delete the file and start again: a new token is made.',
  },
  {
    name: 'a lost state',
    spoil: (data) => remove(state(data)),
    says: 'DATA/state was missing and is made again from the log; nothing is lost.',
  },
  {
    name: 'a state of garbage',
    spoil: (data) => writeFileSync(join(state(data), 'data.mdb'), Buffer.alloc(65_536, 0xfe)),
    says: 'DATA/state: data.mdb is no file of LMDB (byte 24). It was put aside as DATA/state.damaged-',
  },
  {
    name: 'a state that was cut off',
    spoil: (data) => truncateSync(join(state(data), 'data.mdb'), 6 * 8192),
    says: 'DATA/state: data.mdb has 49152 bytes of the ',
  },
  {
    name: 'a state cut to nothing much',
    spoil: (data) => truncateSync(join(state(data), 'data.mdb'), 8192),
    says: 'DATA/state: data.mdb has 8192 bytes, which is less than its two first pages. It was put aside as ',
  },
  {
    name: 'a state that is a file',
    spoil: (data) => {
      remove(state(data));
      writeFileSync(state(data), 'not a directory');
    },
    says: 'DATA/state: expected a directory, found a file. It was put aside as DATA/state.damaged-',
  },
  {
    name: 'a torn tail',
    spoil: (data) => alter(segmentIn(data), (bytes) => bytes.write('half of an entry', endOfLog(bytes))),
    says:
      `DATA/log: the last write was cut off by a crash and was removed, from position ${earlier + count + 1} on ` +
      '(a part of an entry). Nobody was told that it was done, so nothing acknowledged is lost.',
  },
];

test.each(mended)('$name is mended and told', ({ spoil, says }) =>
  onStage(async (stage) => {
    cpSync(whole, stage.data, { recursive: true });
    spoil(stage.data);
    const server = await stage.start();
    expect(server.output().replaceAll(stage.data, 'DATA')).toContain(`warning: ${says}`);
    const keys = await call(server, stage.token(), { method: 'GET', path: '/v1/keys?prefix=config/' });
    expect(keys.json['items']).toHaveLength(count);
    // The use of the token is noted meanwhile; a write comes behind that.
    await call(server, stage.token(), { method: 'POST', path: '/v1/keys/behind/put', body: { value: 'x' } });
    const status = await call(server, stage.token(), { method: 'GET', path: '/v1/status' });
    const notices = status.json['notices'] as readonly string[];
    expect(notices.map((notice) => notice.replaceAll(stage.data, 'DATA'))).toEqual([expect.stringContaining(says)]);
    expect((await stage.cli('status')).stdout).toContain(notices[0]?.slice(0, 40));
    expect((await stage.cli('doctor')).stdout).toContain(notices[0]?.slice(0, 40));
    await server.stop();
    const verified = await stage.cli('log', 'verify', '-o', 'json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, to: status.json['position'] });
    expect((await stage.start()).output()).not.toContain('warning');
  }),
);
