import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { Forgotten, KeyringUnavailable, Unreadable } from '#gateways/server/keyring/keyring';
import { keyringInMemory, memoryDisk } from '#harness/keyring';

const alice = 'user/alice';
const purpose = 'user/alice/password';
const secret = Buffer.from('correct horse battery staple');

/** The key id, the nonce and the ciphertext. */
const partsOf = (sealed: string): readonly string[] => sealed.split(':').slice(2);
const sealedOf = (...parts: readonly string[]): string => ['sealed', 'v1', ...parts].join(':');

describe('a sealed value', () => {
  test('gives back any bytes, for their purpose', () => {
    const keyring = keyringInMemory();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.string(), (bytes, about) => {
        const sealed = keyring.seal(alice, about, bytes);
        expect(sealed).toMatch(/^sealed:v1:[0-9a-f]{16}:[A-Za-z0-9_-]{16}:[A-Za-z0-9_-]{22,}$/);
        expect(keyring.open(about, sealed).equals(bytes)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('is another text each time, and shows nothing of what it holds', () => {
    const keyring = keyringInMemory();
    const texts = Array.from({ length: 100 }, () => keyring.seal(alice, purpose, secret));
    expect(new Set(texts).size).toBe(100);
    expect(new Set(texts.map((text) => partsOf(text)[0])).size).toBe(1);
    for (const text of texts) {
      expect(Buffer.from(partsOf(text)[2] ?? '', 'base64url').includes(secret.subarray(0, 4))).toBe(false);
    }
  });

  test('opens for no other purpose', () => {
    const keyring = keyringInMemory();
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        fc.pre(one !== other);
        const sealed = keyring.seal(alice, one, secret);
        expect(() => keyring.open(other, sealed)).toThrow(Unreadable);
      }),
      { numRuns: 50 },
    );
  });

  test('opens under no other key, be it of another subject or of another keyring', () => {
    const keyring = keyringInMemory();
    const [, nonce = '', text = ''] = partsOf(keyring.seal(alice, purpose, secret));
    const [other = ''] = partsOf(keyring.seal('user/bob', purpose, secret));
    expect(() => keyring.open(purpose, sealedOf(other, nonce, text))).toThrow(Unreadable);
    expect(() => keyringInMemory().open(purpose, keyring.seal(alice, purpose, secret))).toThrow(Unreadable);
  });

  test('opens with no bit changed', () => {
    const keyring = keyringInMemory();
    const [id = '', nonce = '', text = ''] = partsOf(keyring.seal(alice, purpose, secret));
    const flipped = (part: string, bit: number): string => {
      const bytes = Buffer.from(part, 'base64url');
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return bytes.toString('base64url');
    };
    for (let bit = 0; bit < 96; bit++) {
      expect(() => keyring.open(purpose, sealedOf(id, flipped(nonce, bit), text))).toThrow(Unreadable);
    }
    for (let bit = 0; bit < Buffer.from(text, 'base64url').length * 8; bit++) {
      expect(() => keyring.open(purpose, sealedOf(id, nonce, flipped(text, bit)))).toThrow(Unreadable);
    }
  });

  test('opens neither cut off nor with more behind it', () => {
    const keyring = keyringInMemory();
    const sealed = keyring.seal(alice, purpose, secret);
    for (let length = 0; length < sealed.length; length++) {
      expect(() => keyring.open(purpose, sealed.slice(0, length))).toThrow(Unreadable);
    }
    for (const more of ['A', '\n', ':', sealed]) expect(() => keyring.open(purpose, sealed + more)).toThrow(Unreadable);
    expect(() => keyring.open(purpose, sealed.replace('v1', 'v2'))).toThrow(Unreadable);
  });
});

describe('a subject', () => {
  test('has its keys from one start to the next', () => {
    const disk = memoryDisk();
    const sealed = keyringInMemory({ disk }).seal(alice, purpose, secret);
    const again = keyringInMemory({ disk, knownSubjects: 1 });
    expect(again.open(purpose, sealed)).toEqual(secret);
    expect(partsOf(again.seal(alice, purpose, secret))[0]).toBe(partsOf(sealed)[0]);
  });

  test('gets a new key: what was sealed before opens, and is sealed anew on demand', () => {
    const made: string[] = [];
    const keyring = keyringInMemory({ made: ({ id }) => made.push(id) });
    const before = keyring.seal(alice, purpose, secret);
    const id = keyring.rotateSubject(alice);
    const after = keyring.reseal(purpose, before);
    expect([partsOf(before)[0], partsOf(after)[0]]).toEqual(made);
    expect(partsOf(after)[0]).toBe(id);
    expect(keyring.open(purpose, before)).toEqual(secret);
    expect(keyring.open(purpose, after)).toEqual(secret);
    expect(keyring.reseal(purpose, after)).toBe(after);
    expect(() => keyring.reseal('another purpose', before)).toThrow(Unreadable);
  });

  test('is forgotten: nothing sealed for it opens, all else does, and it may begin anew', () => {
    const disk = memoryDisk();
    const keyring = keyringInMemory({ disk });
    const first = keyring.seal(alice, purpose, secret);
    keyring.rotateSubject(alice);
    const second = keyring.seal(alice, purpose, secret);
    const other = keyring.seal('user/bob', purpose, secret);
    keyring.erase([first, second].map((sealed) => partsOf(sealed)[0] ?? ''));
    const third = keyring.seal(alice, purpose, secret);
    for (const each of [keyring, keyringInMemory({ disk, knownSubjects: 2 })]) {
      expect(() => each.open(purpose, first)).toThrow(Forgotten);
      expect(() => each.open(purpose, second)).toThrow(Forgotten);
      expect(() => each.reseal(purpose, second)).toThrow(Forgotten);
      expect(each.open(purpose, other)).toEqual(secret);
      expect(each.open(purpose, third)).toEqual(secret);
      expect(each.status()).toMatchObject({ subjects: 2, keys: 2, erasedKeys: 2 });
    }
  });

  test('has so many keys at most', () => {
    const keyring = keyringInMemory();
    for (let count = 0; count < 500; count++) keyring.rotateSubject(alice);
    expect(keyring.rotateSubject(alice)).toBeUndefined();
    expect(keyring.open(purpose, keyring.seal(alice, purpose, secret))).toEqual(secret);
    keyring.erase(keyring.keys().map(({ id }) => id));
    expect(() => keyring.seal(alice, purpose, secret)).toThrow('user/alice has had 500 keys');
  });

  test('has a name that the log takes', () => {
    const keyring = keyringInMemory({ isSubject: (name) => name === alice });
    expect(() => keyring.seal('Alice!', purpose, secret)).toThrow('"Alice!" is no subject of keys');
  });
});

describe('the cluster key', () => {
  test('is changed: all opens as before, and the files of before open nothing with the new one', () => {
    const disk = memoryDisk();
    const keyring = keyringInMemory({ disk });
    const sealed = keyring.seal(alice, purpose, secret);
    const backup = disk.files.get('keyring.json') ?? '';
    const oldKey = disk.files.get('cluster.key') ?? '';
    keyring.rotateClusterKey();
    expect(keyring.open(purpose, sealed)).toEqual(secret);
    expect(keyringInMemory({ disk, knownSubjects: 1 }).open(purpose, sealed)).toEqual(secret);
    expect([...disk.files.keys()].sort()).toEqual(['cluster.key', 'keyring.json']);
    expect(disk.files.get('cluster.key')).not.toBe(oldKey);
    disk.files.set('keyring.json', backup);
    expect(() => keyringInMemory({ disk, knownSubjects: 1 }).open(purpose, sealed)).toThrow(KeyringUnavailable);
  });

  test('that is ours changes with each erasure, so that no old backup opens with the new one', () => {
    const disk = memoryDisk();
    const keyring = keyringInMemory({ disk });
    const sealed = keyring.seal(alice, purpose, secret);
    const backup = disk.files.get('keyring.json') ?? '';
    keyring.erase(keyring.keys().map(({ id }) => id));
    disk.files.set('keyring.json', backup);
    const told: string[] = [];
    const restored = keyringInMemory({ disk, knownSubjects: 1, tell: (why) => told.push(why) });
    expect(() => restored.open(purpose, sealed)).toThrow(KeyringUnavailable);
    expect(told.join()).toMatch(
      /^KEYRING\/keyring.json is wrapped by the cluster key [0-9a-f]{16}, which is not here: KEYRING\/cluster.key is/,
    );
  });

  const credential = (): string => randomBytes(32).toString('base64');

  test('of a credential is no file; what must be deleted after an erasure is told', () => {
    const disk = memoryDisk();
    const credentials = { present: credential(), previous: undefined };
    const keyring = keyringInMemory({ disk, credentials });
    const sealed = keyring.seal(alice, purpose, secret);
    expect([...disk.files.keys()]).toEqual(['keyring.json']);
    const { clusterKeyId, generation } = keyring.status() ?? {};
    keyring.erase(keyring.keys().map(({ id }) => id));
    const again = keyringInMemory({ disk, credentials, knownSubjects: 1 });
    expect(() => again.open(purpose, sealed)).toThrow(Forgotten);
    expect(again.status()).toMatchObject({
      clusterKeyFrom: 'credential',
      clusterKeyId,
      deleteBackupsBefore: (generation ?? 0) + 1,
    });
    expect(() => again.rotateClusterKey()).toThrow('systemd');
  });

  test('goes from a file to a credential, and from one credential to the next', () => {
    const disk = memoryDisk();
    const sealed = keyringInMemory({ disk }).seal(alice, purpose, secret);
    const [one, two] = [credential(), credential()];
    const open = (present: string | undefined, previous?: string) =>
      keyringInMemory({ disk, credentials: { present, previous }, knownSubjects: 1 });
    expect(open(one).open(purpose, sealed)).toEqual(secret);
    expect([...disk.files.keys()]).toEqual(['keyring.json']);
    expect(() => open(two).open(purpose, sealed)).toThrow(KeyringUnavailable);
    expect(open(two, one).open(purpose, sealed)).toEqual(secret);
    expect(open(two).open(purpose, sealed)).toEqual(secret);
    expect(() => open(one).open(purpose, sealed)).toThrow(KeyringUnavailable);
    expect(() => open(undefined).open(purpose, sealed)).toThrow(KeyringUnavailable);
    expect([...disk.files.keys()]).toEqual(['keyring.json']);
  });
});
