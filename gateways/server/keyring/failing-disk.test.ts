import { Forgotten } from '#gateways/server/keyring/keyring';
import { keyringInMemory, memoryDisk, type MemoryDisk } from '#harness/keyring';

const alice = 'user/alice';
const purpose = 'user/alice/password';
const secret = Buffer.from('correct horse battery staple');

describe('a disk that fails', () => {
  interface Play {
    readonly disk: MemoryDisk;
    readonly alice: string;
    readonly bob: string;
    readonly backup: string;
  }
  const begin = (): Play => {
    const disk = memoryDisk();
    const keyring = keyringInMemory({ disk });
    const [first, second] = [keyring.seal(alice, purpose, secret), keyring.seal('user/bob', purpose, secret)];
    return { disk, alice: first, bob: second, backup: disk.files.get('keyring.json') ?? '' };
  };
  const works: Readonly<Record<string, (keyring: ReturnType<typeof keyringInMemory>) => void>> = {
    'a new key': (keyring) => void keyring.seal('user/carol', purpose, secret),
    'a new key of a subject': (keyring) => void keyring.rotateSubject(alice),
    'a new cluster key': (keyring) => keyring.rotateClusterKey(),
    'an erasure': (keyring) => keyring.erase([keyring.keys()[0]?.id ?? '']),
  };
  const changesOf = (name: string): number => {
    const { disk } = begin();
    const before = disk.changes;
    works[name]?.(keyringInMemory({ disk, knownSubjects: 1 }));
    return disk.changes - before;
  };
  const cuts = Object.keys(works).flatMap((name) =>
    Array.from({ length: changesOf(name) }, (_, change) => change).flatMap((change) =>
      (['before', 'after'] as const).map((when) => [name, when, change] as const),
    ),
  );

  /** What must be so whatever was cut off, once the work was asked for again. */
  const whole = (play: Play, name: string, disk: MemoryDisk): void => {
    const keyring = keyringInMemory({ disk, knownSubjects: 1 });
    expect(keyring.open(purpose, play.bob)).toEqual(secret);
    if (name !== 'an erasure') expect(keyring.open(purpose, play.alice)).toEqual(secret);
    else expect(() => keyring.open(purpose, play.alice)).toThrow(Forgotten);
    expect([...disk.files.keys()].sort()).toEqual(['cluster.key', 'keyring.json']);
    if (name === 'a new key' || name === 'a new key of a subject') return;
    const old = memoryDisk(new Map([...disk.files, ['keyring.json', play.backup]]));
    expect(keyringInMemory({ disk: old, knownSubjects: 1 }).status()).toBeUndefined();
  };

  test.each(cuts)('%s, cut off %s change %i, is whole after a crash', (name, when, change) => {
    const play = begin();
    const work = works[name] ?? (() => undefined);
    const keyring = keyringInMemory({ disk: play.disk, knownSubjects: 1 });
    play.disk.failAt(play.disk.changes + change, when);
    expect(() => work(keyring)).toThrow('the disk failed');
    const left = memoryDisk(play.disk.files);
    const next = keyringInMemory({ disk: left, knownSubjects: 1 });
    expect(next.open(purpose, play.bob)).toEqual(secret);
    if (name !== 'an erasure') expect(next.open(purpose, play.alice)).toEqual(secret);
    work(next);
    whole(play, name, left);
  });

  test.each(cuts)('%s, cut off %s change %i, is made good by the same process', (name, when, change) => {
    const play = begin();
    const work = works[name] ?? (() => undefined);
    const keyring = keyringInMemory({ disk: play.disk, knownSubjects: 1 });
    play.disk.failAt(play.disk.changes + change, when);
    expect(() => work(keyring)).toThrow('the disk failed');
    expect(keyring.open(purpose, play.bob)).toEqual(secret);
    if (name === 'an erasure') expect(() => keyring.open(purpose, play.alice)).toThrow(Forgotten);
    work(keyring);
    const dan = keyring.seal('user/dan', purpose, secret);
    expect(keyring.open(purpose, dan)).toEqual(secret);
    expect(keyring.open(purpose, play.bob)).toEqual(secret);
    whole(play, name, play.disk);
    expect(keyringInMemory({ disk: play.disk, knownSubjects: 1 }).open(purpose, dan)).toEqual(secret);
  });

  test.each(['before', 'after'] as const)('a change to a credential, cut off %s each change, is whole', (when) => {
    const credentials = { present: Buffer.alloc(32, 7).toString('base64'), previous: undefined };
    const play = begin();
    for (let change = 0; change < 2; change++) {
      const disk = memoryDisk(play.disk.files);
      disk.failAt(change, when);
      const cut = keyringInMemory({ disk, credentials, knownSubjects: 1 });
      expect(cut.unavailable).toContain('the disk failed');
      const left = memoryDisk(disk.files);
      const next = keyringInMemory({ disk: left, credentials, knownSubjects: 1 });
      expect(next.open(purpose, play.alice)).toEqual(secret);
      expect([...left.files.keys()]).toEqual(['keyring.json']);
    }
  });
});
