import { createHash, randomBytes } from 'node:crypto';
import { KeyringUnavailable } from '#gateways/server/keyring/keyring';
import type { KeyringFile } from '#gateways/server/keyring/keyring-disk';
import { keyringInMemory, memoryDisk } from '#harness/keyring';

const alice = 'user/alice';
const purpose = 'user/alice/password';
const secret = Buffer.from('correct horse battery staple');

describe('a file that is not as it was', () => {
  /** Changes the files of a keyring that has sealed something; gives what it says of it. */
  const spoiled = (spoil: (files: Map<KeyringFile, string>) => void, knownSubjects = 1): string => {
    const disk = memoryDisk();
    const keyring = keyringInMemory({ disk });
    const sealed = keyring.seal(alice, purpose, secret);
    keyring.seal('user/bob', purpose, secret);
    spoil(disk.files);
    const before = new Map(disk.files);
    const told: string[] = [];
    const again = keyringInMemory({ disk, knownSubjects, tell: (why) => told.push(why) });
    expect(() => again.open(purpose, sealed)).toThrow(KeyringUnavailable);
    expect(() => again.seal(alice, purpose, secret)).toThrow(KeyringUnavailable);
    expect(() => again.rotateSubject(alice)).toThrow(KeyringUnavailable);
    expect(() => again.rotateClusterKey()).toThrow(KeyringUnavailable);
    expect(again.status()).toBeUndefined();
    again.erase(['0123456789abcdef']);
    expect(disk.files).toEqual(before);
    return told.join('\n');
  };
  const damaged = 'KEYRING/keyring.json is damaged, or was changed by something else than this program.';

  /** The keys with their signature made by whoever has no cluster key. */
  const changedRing = (files: Map<KeyringFile, string>, change: (keys: Record<string, string>[]) => void): void => {
    const [body = '', signature = ''] = (files.get('keyring.json') ?? '').split('\n');
    const ring = JSON.parse(body) as { keys: Record<string, string>[] };
    change(ring.keys);
    const { mac } = JSON.parse(signature) as { readonly mac: string };
    const text = JSON.stringify(ring);
    const sha256 = createHash('sha256').update(text).digest('hex');
    files.set('keyring.json', `${text}\n${JSON.stringify({ sha256, mac })}\n`);
  };

  test('a lost keyring', () => {
    expect(spoiled((files) => files.delete('keyring.json'))).toContain(
      'KEYRING/keyring.json is missing, but the log knows keys of 1 subject. Stop the server, put the newest backup',
    );
  });
  test('a lost keyring with its cluster key', () => {
    expect(spoiled((files) => files.clear(), 7)).toContain('the log knows keys of 7 subjects.');
  });
  test('a lost cluster key', () => {
    expect(spoiled((files) => files.delete('cluster.key'))).toMatch(/is wrapped by the cluster key .* is missing or/);
  });
  test('a damaged cluster key', () => {
    expect(spoiled((files) => files.set('cluster.key', 'garbage'))).toMatch(/is wrapped by the cluster key/);
  });
  test('a cluster key of another cluster', () => {
    const other = memoryDisk();
    keyringInMemory({ disk: other });
    expect(spoiled((files) => files.set('cluster.key', other.files.get('cluster.key') ?? ''))).toMatch(/is wrapped by/);
  });
  test('a keyring that was cut off, anywhere', () => {
    for (let length = 0; length < 400; length += 7) {
      expect(
        spoiled((files) => files.set('keyring.json', files.get('keyring.json')?.slice(0, length) ?? '')),
      ).toContain(damaged);
    }
  });
  test('a bit that changed', () => {
    expect(
      spoiled((files) => files.set('keyring.json', (files.get('keyring.json') ?? '').replace(alice, 'user/alicf'))),
    ).toContain(damaged);
  });
  test('two keys in the place of each other', () => {
    const swap = (keys: Record<string, string>[]): void => {
      const [a, b] = keys;
      if (a === undefined || b === undefined) throw new Error('there are two keys');
      [a['wrapped'], b['wrapped']] = [b['wrapped'] ?? '', a['wrapped'] ?? ''];
    };
    expect(spoiled((files) => changedRing(files, swap))).toContain(damaged);
  });
  test('a key that was taken out', () => {
    expect(spoiled((files) => changedRing(files, (keys) => keys.pop()))).toContain(damaged);
  });
  test('an erased key that was put back', () => {
    const disk = memoryDisk();
    const credentials = { present: randomBytes(32).toString('base64'), previous: undefined };
    const keyring = keyringInMemory({ disk, credentials });
    const sealed = keyring.seal(alice, purpose, secret);
    const [key] = (JSON.parse((disk.files.get('keyring.json') ?? '').split('\n')[0] ?? '') as { keys: [object] }).keys;
    keyring.erase(keyring.keys().map(({ id }) => id));
    changedRing(disk.files, (keys) => Object.assign(keys[0] ?? {}, key));
    const again = keyringInMemory({ disk, credentials, knownSubjects: 1 });
    expect(() => again.open(purpose, sealed)).toThrow('is damaged');
  });
  test('a keyring of a newer release', () => {
    const newer = (text = ''): string => text.replace('"format":1', '"format":2');
    expect(spoiled((files) => files.set('keyring.json', newer(files.get('keyring.json'))))).toBe(
      'KEYRING/keyring.json: it is of format 2; this release understands 1 and older',
    );
  });
  test('a credential of another form', () => {
    const told: string[] = [];
    const credentials = { present: 'short', previous: undefined };
    const keyring = keyringInMemory({ credentials, tell: (why) => told.push(why) });
    expect(() => keyring.seal(alice, purpose, secret)).toThrow(KeyringUnavailable);
    expect(told.join()).toContain('the credential ultracloud.cluster-key should be 32 bytes in base64, and is not.');
  });
});
