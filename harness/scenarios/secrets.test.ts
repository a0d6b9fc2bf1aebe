import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { clusterKeyOf, type ClusterKey } from '#gateways/server/keyring/cluster-key';
import { Forgotten, KeyringUnavailable } from '#gateways/server/keyring/keyring';
import { readRing, unwrap } from '#gateways/server/keyring/ring';
import { openTestNode } from '#harness/node';
import { onStage, type Stage } from '#harness/scenarios/stage';
import type { ServerProcess } from '#harness/server-process';

jest.setTimeout(240_000);

/** Found nowhere by chance. */
const plaintext = 'Zq7-tremendous-plaintext-marker-4Jx';
const subject = 'user/alice';
const purpose = 'user/alice/password';

/** Something to look for, in each form in which it could stand. */
interface Needle {
  readonly name: string;
  readonly forms: readonly Buffer[];
}

const needle = (name: string, bytes: Buffer): Needle => {
  /** Base64 of the bytes where one or two others come before them, without the characters that those change. */
  const shifted = [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    return (['base64', 'base64url'] as const).map((form) => padded.toString(form).slice(before + 1, -4));
  });
  const texts = [bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...shifted];
  const wide = Buffer.from(bytes.toString('latin1'), 'utf16le');
  return { name, forms: [bytes, wide, ...texts.map((text) => Buffer.from(text))] };
};

/** A file as it is, and as what it is a compressed form of. */
const readings = (bytes: Buffer): readonly Buffer[] => {
  try {
    return [bytes, gunzipSync(bytes)];
  } catch {
    return [bytes];
  }
};

const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(directory, name)).isFile(),
  );

/** `file: needle` wherever one is found. */
const found = (directory: string, needles: readonly Needle[]): readonly string[] =>
  filesBelow(directory).flatMap((name) => {
    const texts = readings(readFileSync(join(directory, name)));
    return needles
      .filter(({ forms }) => forms.some((form) => texts.some((text) => text.includes(form))))
      .map((each) => `${name}: ${each.name}`);
  });

const clusterKeyIn = (keyring: string): ClusterKey => {
  const key = clusterKeyOf(readFileSync(join(keyring, 'cluster.key'), 'utf8'), 'file');
  if (key === undefined) throw new Error('there is a cluster key');
  return key;
};

/** All that must be found nowhere but in `keyring/`, and of that what must not be found there either. */
const needlesOf = (
  keyring: string,
): { readonly everywhere: readonly Needle[]; readonly inKeyring: readonly Needle[] } => {
  const cluster = clusterKeyIn(keyring);
  const ring = readRing(readFileSync(join(keyring, 'keyring.json'), 'utf8'))?.ring;
  const keys = (ring?.keys ?? []).map((key) => {
    const material = unwrap(cluster, key);
    if (material === undefined) throw new Error('the keys can be unwrapped');
    return needle(`the key ${key.id}`, material);
  });
  const inKeyring = [
    needle('the plaintext', Buffer.from(plaintext)),
    needle('the wrapping key', Buffer.from(cluster.wrapping)),
    needle('the signing key', Buffer.from(cluster.signing)),
    ...keys,
  ];
  const wrapped = (ring?.keys ?? []).map(({ id, wrapped: text = '' }) => ({
    name: `the wrapped key ${id}`,
    forms: [Buffer.from(text)],
  }));
  const secret = needle('the cluster key', Buffer.from(cluster.text.trim(), 'base64url'));
  return { everywhere: [secret, ...wrapped, ...inKeyring], inKeyring };
};

/** Seals with the keyring of a node on the directory; two values, under two keys of the subject. */
const sealTwo = async (data: string): Promise<readonly [string, string]> => {
  const node = await openTestNode(data);
  try {
    const first = node.keyring.seal(subject, purpose, Buffer.from(plaintext));
    node.keyring.rotateSubject(subject);
    return [first, node.keyring.seal(subject, purpose, Buffer.from(plaintext))];
  } finally {
    await node.stop();
  }
};

/** What a node on the directory makes of a sealed text: the plaintext, or the name of what it throws. */
const opened = async (data: string, sealed: string): Promise<string> => {
  const node = await openTestNode(data);
  try {
    return node.keyring.open(purpose, sealed).toString();
  } catch (error) {
    if (error instanceof Forgotten) return 'forgotten';
    if (error instanceof KeyringUnavailable) return 'unavailable';
    throw error;
  } finally {
    await node.stop();
  }
};

/** Asks for all that shows something, as an operator does, and keeps the answers below `shown`. */
const showAll = async (stage: Stage, server: ServerProcess, shown: string): Promise<void> => {
  const reads = [
    ['kv', 'get', 'sealed/1'],
    ...[['kv', 'list'], ['secret-key', 'list'], ['secret-key', 'list', '-o', 'json'], ['log', 'list'], ['status']],
    ...[
      ['secret-key', 'get', subject],
      ['keyring', 'status'],
      ['keyring', 'status', '-o', 'yaml'],
      ['log', 'head'],
    ],
    ...[['timeline', `secret-key/${subject}`], ['why', `secret-key/${subject}`, '-o', 'json'], ['doctor']],
    ...[
      ['timeline', 'key/sealed/1', '-o', 'json'],
      ['log', 'verify'],
      ['backup', 'list'],
      ['log', 'list', '-o', 'json'],
    ],
    ['debug', 'bundle', join(shown, 'bundle.tar.gz')],
  ];
  for (const [number, words] of reads.entries()) {
    const { exitCode, stdout, stderr } = await stage.cli(...words);
    expect([words, exitCode]).toEqual([words, 0]);
    writeFileSync(join(shown, `cli-${number}`), `${words.join(' ')}\n${stdout}${stderr}`);
  }
  const id = encodeURIComponent(subject);
  const paths = [
    ...['/v1/keys', '/v1/keys/sealed%2F1', '/v1/secret-keys', `/v1/secret-keys/${id}`, '/v1/log', '/v1/log?limit=1000'],
    ...[`/v1/timeline/secret-key/${id}`, `/v1/why/secret-key/${id}`, '/v1/timeline/key/sealed%2F1', '/v1/keyring'],
    ...['/v1/status', '/metrics', '/v1/backups', '/readyz', '/openapi.json', '/v1/keyring/keyring.json'],
  ];
  for (const [number, path] of paths.entries()) {
    const headers = { authorization: `Bearer ${stage.token()}` };
    const answer = await fetch(`${server.endpoints.http}${path}`, { headers });
    writeFileSync(join(shown, `http-${number}`), `${path} ${answer.status}\n${await answer.text()}`);
  }
};

test('a secret stands nowhere in the clear, and a forgotten one opens nowhere', () =>
  onStage(async (stage) => {
    const place = (name: string): string => join(stage.directory, name);
    const keyring = join(stage.data, 'keyring');
    const run = async (...words: readonly string[]): Promise<string> => {
      const ran = await stage.cli(...words);
      if (ran.exitCode !== 0) throw new Error(`${words.join(' ')}: ${ran.stderr}`);
      return ran.stdout;
    };
    const first = await stage.start();
    await first.stop();
    const sealed = await sealTwo(stage.data);

    // The sealed texts go into the log; then all that is ever written or shown is made.
    const server = await stage.start();
    for (const [number, text] of sealed.entries()) await run('kv', 'put', `sealed/${number + 1}`, text);
    const backup = join(stage.data, 'backups', 'before');
    await run('backup', 'create', 'before');
    await run('log', 'truncate', '2');
    await run('keyring', 'backup', place('ring-before'), '--data', stage.data);
    const shown = place('shown');
    mkdirSync(shown);
    await showAll(stage, server, shown);

    // Whoever searches must be able to find: the sealed text is in each of these, and so would the plaintext be.
    const control = { name: 'the sealed text', forms: [Buffer.from(sealed[0])] };
    const seen = found(stage.data, [control]).map((line) => line.split('/')[0]);
    expect([...new Set(seen)].sort()).toEqual(['backups', 'log', 'snapshots', 'state']);
    expect(found(shown, [control]).length).toBeGreaterThan(5);
    const { everywhere, inKeyring } = needlesOf(keyring);
    expect(everywhere.length).toBe(12);
    for (const each of everywhere) {
      writeFileSync(place('planted'), Buffer.concat([Buffer.from('x'), ...each.forms.slice(-1)]));
      expect(found(stage.directory, [each])).toContain(`planted: ${each.name}`);
    }
    rmSync(place('planted'));

    const outside = (line: string): boolean => !line.startsWith('keyring/');
    expect(found(stage.data, everywhere).filter(outside)).toEqual([]);
    expect(found(keyring, inKeyring)).toEqual([]);
    expect(found(shown, everywhere)).toEqual([]);
    expect(server.output()).not.toContain(plaintext);

    // Before it is forgotten, the backups and a copy of the cluster key bring it back on another machine.
    cpSync(keyring, place('keyring-before'), { recursive: true });
    const restored = async (name: string, ring: string, cluster: string): Promise<string> => {
      const data = place(name);
      await run('backup', 'restore', backup, '--data', data);
      await run('keyring', 'restore', ring, '--data', data);
      cpSync(cluster, join(data, 'keyring', 'cluster.key'));
      return data;
    };
    const before = await restored('rescue', place('ring-before'), join(keyring, 'cluster.key'));
    for (const text of sealed) expect(await opened(before, text)).toBe(plaintext);

    await run('secret-key', 'forget', subject);
    await run('keyring', 'backup', place('ring-after'), '--data', stage.data);
    await showAll(stage, server, shown);
    await server.stop();

    // The keys are gone from every file of the node, wrapped ones too.
    expect(found(stage.data, everywhere)).toEqual([]);
    expect(found(shown, everywhere)).toEqual([]);
    for (const text of sealed) expect(await opened(stage.data, text)).toBe('forgotten');

    // The old backup of the data, beside the keyring and the cluster key of today.
    const cluster = join(keyring, 'cluster.key');
    const older = await restored('older', place('ring-after'), cluster);
    for (const text of sealed) expect(await opened(older, text)).toBe('forgotten');
    // The old backup of the keyring as well: the cluster key of today does not open it.
    const oldest = await restored('oldest', place('ring-before'), cluster);
    for (const text of sealed) expect(await opened(oldest, text)).toBe('unavailable');
    const ring = readRing(readFileSync(place('ring-before'), 'utf8'))?.ring;
    expect(ring?.keys.map((key) => unwrap(clusterKeyIn(keyring), key))).toEqual([undefined, undefined]);
    // And nothing of all that was made since has what would open it.
    expect(found(older, everywhere)).toEqual([]);
  }));

test('a cluster key of systemd is in no file, and an erasure says which backups must go', () =>
  onStage(async (stage) => {
    const credentials = join(stage.directory, 'credentials');
    const bytes = randomBytes(32);
    mkdirSync(credentials);
    writeFileSync(join(credentials, 'ultracloud.cluster-key'), `${bytes.toString('base64')}\n`);
    const options = { through: ['env', `CREDENTIALS_DIRECTORY=${credentials}`] };
    // What was sealed before is wrapped by the credential from the first start with it on.
    await (await stage.start()).stop();
    const sealed = await sealTwo(stage.data);
    const server = await stage.start(options);
    const key = needle('the credential', bytes);
    expect(readdirSync(join(stage.data, 'keyring'))).toEqual(['keyring.json']);
    expect(found(stage.data, [key])).toEqual([]);
    const backup = await stage.cli(
      'keyring',
      'backup',
      join(stage.directory, 'ring'),
      '--data',
      stage.data,
      '-o',
      'json',
    );
    const { generation, clusterKey } = JSON.parse(backup.stdout);
    expect(clusterKey).toBe('unknown');
    expect((await stage.cli('keyring', 'rotate')).stderr).toContain('The cluster key is a credential of systemd');
    expect((await stage.cli('secret-key', 'forget', subject)).exitCode).toBe(0);
    const status = await stage.cli('keyring', 'status', '-o', 'json');
    const before = Number(JSON.parse(status.stdout).deleteBackupsBefore);
    expect(before).toBeGreaterThan(generation);
    expect(server.output()).toContain(`delete every backup of the keyring of a generation before ${before}`);
    expect((await stage.cli('keyring', 'status')).stderr).toContain(`of generations before ${before}: delete those.`);
    await server.stop();
    // Without the credential nothing can be opened, which is told; all else goes on.
    for (const text of sealed) expect(await opened(stage.data, text)).toBe('unavailable');
    const without = await stage.start();
    expect(without.output()).toMatch(
      /warning: .*keyring\.json is wrapped by the cluster key [0-9a-f]{16}, which is not/,
    );
    expect((await stage.cli('kv', 'put', 'a', 'b')).exitCode).toBe(0);
    expect((await stage.cli('keyring', 'status')).exitCode).toBe(1);
  }));
