import { isRight } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { catalog } from '#gateways/catalog';
import { administrator } from '#gateways/server/policy';
import { systemPrincipal } from '#log/authority';
import { federationStory, signInStory } from '#harness/golden/sign-in-story';
import { encodeEntry, type Entry } from '#log/entry';
import type { LogEntry } from '#log/log';
import { vocabularyOf } from '#log/vocabulary';
import { drawnLog } from '#harness/drawn-commands';
import { creditStory } from '#harness/golden/credit-story';
import { certificateStory } from '#harness/golden/certificate-story';
import { hostStory } from '#harness/golden/host-story';
import { virtualMachineStory } from '#harness/golden/virtual-machine-story';
import { identityStory } from '#harness/golden/identity-story';
import { networkStory } from '#harness/golden/network-story';
import { randomOf } from '#harness/simulator/random';

const vocabulary = vocabularyOf(catalog);

/** Now and then somebody without permission. */
const drawn = (seed: number, length: number) => (): readonly LogEntry[] => {
  const random = randomOf(seed);
  const principal = ({ kind }: { readonly kind: string }): string => {
    if (random.chance(0.02)) return 'stranger';
    return vocabulary.commands.get(kind)?.internal === true ? systemPrincipal : administrator.name;
  };
  return drawnLog(vocabulary, randomOf(seed), length, principal).map(({ from }) => from);
};

/** The examples of the reference, in the order of the catalogue, four times: made, sent again, and
 * under two expectations. */
const examples = (): readonly LogEntry[] => {
  const startMs = 1_700_000_000_000;
  const shown = [...vocabulary.commands.values()].flatMap((spec) =>
    spec.examples.flatMap(({ id, body }): readonly Pick<Entry, 'kind' | 'id' | 'body' | 'principal'>[] => {
      const decoded = decode(spec.body, body);
      if (!isRight(decoded)) return [];
      const principal = spec.internal ? systemPrincipal : administrator.name;
      const binary = spec.id?.shape.kind === 'bytes' ? Buffer.from(id ?? '').toString('latin1') : (id ?? '');
      return [{ kind: spec.kind, id: binary, body: decoded.right, principal }];
    }),
  );
  const rounds: readonly ((at: number) => Partial<Entry>)[] = [
    (at) => ({ requestId: `example-${at}` }),
    (at) => ({ requestId: `example-${at}` }),
    () => ({ expectVersion: 1 }),
    () => ({ expectPosition: 3 }),
  ];
  return rounds
    .flatMap((round, number) =>
      shown.map((command, at) => ({ ...command, ...round(at), submission: `${number}.${at}` })),
    )
    .map((command, at) => {
      const appendedAtMs = startMs + at * 250;
      const entry = {
        ...command,
        credential: 'golden',
        source: 'golden',
        address: '192.0.2.1',
        stampedAtMs: appendedAtMs,
      };
      return { position: at + 1, appendedAtMs, bytes: encodeEntry(entry) };
    });
};

type Written = Pick<Entry, 'kind' | 'id' | 'body'> & Partial<Entry>;

const value = Buffer.from('value');

/** What draws seldom meet: the end of a lease with its keys, a series in parts, and requests that come again. */
const stories: readonly Written[] = [
  { kind: 'duty.acquire', id: 'liveness', body: { holder: 'one' } },
  { kind: 'lease.grant', id: '7', body: { ttlSeconds: 10 }, requestId: 'grant' },
  { kind: 'key.put', id: 'leased/a', body: { value, lease: '7' } },
  { kind: 'key.put', id: 'leased/b', body: { value, lease: '7' } },
  { kind: 'lease.grant', id: '7', body: { ttlSeconds: 10 }, requestId: 'grant' },
  { kind: 'lease.grant', id: '7', body: { ttlSeconds: 11 }, requestId: 'grant' },
  { kind: 'lease.expire', id: '7', body: { holderPosition: 2 } },
  { kind: 'lease.expire', id: '7', body: { holderPosition: 1 } },
  { kind: 'lease.revoke', id: '7', body: {} },
  { kind: 'namespace.create', id: 'users', body: { indexes: [{ name: 'by-age', path: 'age', kind: 'number' }] } },
  { kind: 'doc.put', id: 'users/ada', body: { document: { age: 36 }, ttlSeconds: 1 } },
  { kind: 'doc.put', id: 'users/bob', body: { document: { age: 36 } } },
  { kind: 'namespace.createIndex', id: 'users', body: { name: 'unique', path: 'age', kind: 'number', unique: true } },
  { kind: 'clock.advance', id: '', body: {}, stampedAtMs: 1_700_000_060_000 },
  { kind: 'namespace.dropIndex', id: 'users', body: { name: 'by-age' } },
  { kind: 'key.put', id: 'moved', body: { value }, expectPosition: 1 },
  { kind: 'key.put', id: 'moved', body: { value }, expectPosition: 1 },
  { kind: 'key.put', id: 'moved', body: { value }, expectVersion: 1 },
  { kind: 'key.delete', id: 'moved', body: {}, principal: 'stranger' },
  { kind: 'level.raise', id: 'cluster', body: { level: 1 } },
  { kind: 'alarm.raise', id: 'clock', body: { code: 'clock.behind', message: 'A clock is slow.', standing: true } },
  { kind: 'alarm.disarm', id: 'clock', body: {} },
  { kind: 'alarm.raise', id: 'clock', body: { code: 'clock.behind', message: 'A clock was slow.', standing: false } },
  { kind: 'alarm.disarm', id: 'clock', body: {} },
  { kind: 'alarm.disarm', id: 'clock', body: {} },
  { kind: 'doc.txn', id: '', body: { operations: [{ delete: { id: 'users/bob' } }] } },
  { kind: 'namespace.create', id: 'brief', body: {} },
  { kind: 'namespace.delete', id: 'brief', body: {} },
  { kind: 'lease.grant', id: '8', body: { ttlSeconds: 10 } },
  { kind: 'lease.revoke', id: '8', body: {} },
];

/** Keys of a subject that come and go. */
const secrets: readonly Written[] = [
  { kind: 'secret-key.add', id: 'user/alice', body: { key: '0000000000000001' } },
  { kind: 'secret-key.add', id: 'user/alice', body: { key: '0000000000000001' } },
  { kind: 'secret-key.add', id: 'user/alice', body: { key: '0000000000000002' } },
  { kind: 'secret-key.forget', id: 'user/alice', body: { keys: ['0000000000000001'] } },
  { kind: 'secret-key.forget', id: 'user/alice', body: { keys: ['0000000000000003'] } },
  { kind: 'secret-key.add', id: 'user/alice', body: { key: '0000000000000001' } },
  { kind: 'secret-key.forget', id: 'user/alice', body: {} },
  { kind: 'secret-key.forget', id: 'user/alice', body: {} },
  { kind: 'secret-key.add', id: 'user/alice', body: { key: '0000000000000004' } },
  { kind: 'secret-key.forget', id: 'user/bob', body: {} },
];

const told = (stories: readonly Written[]) => (): readonly LogEntry[] =>
  stories.map((story, at) => {
    const internal = vocabulary.commands.get(story.kind)?.internal === true;
    const stampedAtMs = story.stampedAtMs ?? 1_700_000_000_000 + at * 250;
    const entry = {
      principal: internal ? systemPrincipal : administrator.name,
      credential: 'golden',
      source: 'golden',
      address: '',
      submission: String(at),
      ...story,
      stampedAtMs,
    };
    return { position: at + 1, appendedAtMs: stampedAtMs, bytes: encodeEntry(entry) };
  });

/**
 * How each golden log was made, by the name of its file. What is here is only of use until the file is there: draws
 * follow the catalogue, a recorded history never does. New commands get a log of a new name.
 */
export const goldenSources: Readonly<Record<string, () => readonly LogEntry[]>> = {
  'stories.jsonl': told(stories),
  'secrets.jsonl': told(secrets),
  'identity.jsonl': told(identityStory),
  'certificates.jsonl': told(certificateStory),
  'credit.jsonl': told(creditStory),
  'sign-in.jsonl': told(signInStory),
  'federation.jsonl': told(federationStory),
  'hosts.jsonl': told(hostStory),
  'virtual-machines.jsonl': told(virtualMachineStory),
  'network.jsonl': told(networkStory),
  'examples.jsonl': examples,
  'drawn-1.jsonl': drawn(101, 400),
  'drawn-2.jsonl': drawn(102, 400),
  'drawn-3.jsonl': drawn(103, 400),
};
