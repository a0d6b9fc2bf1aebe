import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { isRight, right } from 'fp-ts/lib/Either';
import type { AnyCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { encode } from '#commands/codec/encode';
import { applyBatch } from '#commands/cluster/batch';
import type { AnyCommand, AnyCommandSpec } from '#commands/command';
import { categories } from '#commands/rejection';
import type { Facts } from '#aggregates/facts';
import { catalog } from '#gateways/catalog';
import { administrator } from '#gateways/server/policy';
import { authorityOf, systemPrincipal } from '#log/authority';
import { Engine } from '#log/engine';
import { decodeEntry, encodeEntry, type Submission } from '#log/entry';
import { factsOf } from '#log/facts';
import { openStore, type Store } from '#log/lmdb-rows';
import type { LogEntry } from '#log/log';
import { decodeOutcome, encodeOutcome, type Outcome } from '#log/outcome';
import { factsAt } from '#log/past';
import { loadSnapshot, takeSnapshot, type Manifest } from '#log/snapshot';
import { tryOut } from '#log/try';
import { kernelRejections, vocabularyOf } from '#log/vocabulary';
import { arbitrary } from '#harness/arbitrary';
import { goldenSources } from '#harness/golden/golden-source';
import { drawnLog, type Drawn } from '#harness/drawn-commands';
import { noRows } from '#harness/facts';
import { createTopic, NO_FAULTS, openFakeLog } from '#harness/log/fake-log';
import { brokenInvariant, rowsText, statesOf } from '#harness/simulator/invariants';
import { randomOf } from '#harness/simulator/random';
import { replica, type Replica } from '#harness/simulator/replica';

const vocabulary = vocabularyOf(catalog);
const policy = authorityOf(vocabulary);
const specs = [...vocabulary.commands.values()];
const aggregates = [...vocabulary.aggregates.values()];
const isInternal = (kind: string): boolean => vocabulary.commands.get(kind)?.internal === true;
const permitted = ({ kind }: { readonly kind: string }): string =>
  isInternal(kind) ? systemPrincipal : administrator.name;
const drawn = (seed: number, length = 400): readonly Drawn[] => drawnLog(vocabulary, randomOf(seed), length, permitted);
const fresh = (name = 'one'): Replica => replica(name, vocabulary, policy);
const seeds = [1, 2, 3];

const fieldsOf = (codec: AnyCodec): readonly string[] =>
  codec.shape.kind === 'object' ? Object.keys(codec.shape.props) : [];

/** The body with one field as it is in another body, be it there or not, and the fields in their order. */
const withField = (codec: AnyCodec, body: unknown, field: string, other: unknown): unknown => {
  const [own, theirs] = [body as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>];
  return Object.fromEntries(
    fieldsOf(codec).flatMap((name) => {
      const value = name === field ? theirs[name] : own[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
};

const eventsOf = (outcome: Outcome | undefined): readonly unknown[] =>
  outcome?.result.status === 'accepted' ? outcome.result.events : [];

const entryAt = (position: number, command: AnyCommand, principal: string = administrator.name): LogEntry => ({
  position,
  appendedAtMs: 1_000,
  bytes: encodeEntry({
    ...command,
    principal,
    credential: 'test',
    source: 'laws',
    address: '',
    stampedAtMs: 1_000,
    submission: String(position),
  }),
});

describe('words', () => {
  test.each(specs.map((spec) => [spec.kind, spec] as const))('%s says what it is and where it is posted', (_, spec) => {
    expect(spec.kind).toBe(`${spec.noun}.${spec.verb}`);
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
    if (spec.permission !== undefined) expect(spec.permission).toMatch(/^[a-z][A-Za-z-]*\.[a-z][A-Za-z]*$/);
    expect(spec.route).toMatch(/^\/v1\/[A-Za-z{}/-]+$/);
    expect(spec.route.includes('{id}')).toBe(spec.id !== undefined);
    expect(spec.cli.words.length).toBeGreaterThan(0);
    for (const { id, body } of spec.examples) {
      expect(isRight(decode(spec.body, body))).toBe(true);
      expect(id === undefined).toBe(spec.id === undefined);
      if (spec.id === undefined) continue;
      expect(decode(spec.id, spec.id.shape.kind === 'bytes' ? { text: id } : id)).toMatchObject({ _tag: 'Right' });
    }
  });

  test('no two commands have one route, nor two public ones the same words', () => {
    const routes = specs.map(({ route }) => route);
    expect(routes).toEqual([...new Set(routes)]);
    const typed = specs.filter(({ internal }) => !internal).map(({ cli }) => cli.words.join(' '));
    expect(typed).toEqual([...new Set(typed)]);
    const reads = [...vocabulary.views.values()].map(({ spec }) => spec.route);
    expect(reads).toEqual([...new Set(reads)]);
  });

  test('every rejection has a category and two sentences', () => {
    for (const { category, summary, fix } of vocabulary.rejections.values()) {
      expect(Object.keys(categories)).toContain(category);
      expect(summary).toMatch(/^[A-Z].*\.$/);
      expect(fix).toMatch(/^[A-Z].*\.$/);
    }
  });

  test('events are named after their aggregate', () => {
    for (const { kind, events } of aggregates) {
      for (const event of Object.keys(events)) expect(event.startsWith(`${kind.noun}.`)).toBe(true);
    }
  });
});

describe('wire', () => {
  const codecs: readonly (readonly [string, AnyCodec])[] = [
    ...specs.map((spec) => [`the body of ${spec.kind}`, spec.body] as const),
    ...specs.flatMap((spec) => (spec.reply === undefined ? [] : [[`the reply of ${spec.kind}`, spec.reply] as const])),
    ...specs.flatMap((spec) => (spec.id === undefined ? [] : [[`the id of ${spec.kind}`, spec.id] as const])),
    ...aggregates.flatMap(({ events }) => Object.entries(events)),
    ...[...vocabulary.views.values()].map(({ spec }) => [`a row of ${spec.noun}`, spec.row] as const),
  ];

  test.each(codecs)('%s comes back as it was written', (_, codec) => {
    fc.assert(
      fc.property(arbitrary(codec), (value) => {
        const written: unknown = JSON.parse(JSON.stringify(encode(codec, value)));
        expect(decode(codec, written)).toEqual(right(value));
      }),
      { numRuns: 50 },
    );
  });

  test.each(seeds)('entries and outcomes come back from their bytes, which are always the same (seed %i)', (seed) => {
    const node = fresh();
    for (const { entry, from } of drawn(seed)) {
      expect(decodeEntry(from.bytes)).toEqual(entry);
      expect(encodeEntry(decodeEntry(from.bytes)).equals(from.bytes)).toBe(true);
      for (const outcome of node.apply([from])) {
        const bytes = encodeOutcome(outcome);
        expect(encodeOutcome(decodeOutcome(outcome.position, bytes)).equals(bytes)).toBe(true);
      }
    }
  });
});

describe('outcomes', () => {
  const ofDraws = seeds.flatMap((seed) => fresh().apply(drawn(seed, 1_500).map(({ from }) => from)));
  // Some commands are accepted only behind others that no draw hits upon, such as a secret that was given before.
  const ofStories = Object.values(goldenSources).flatMap((story) => fresh().apply(story()));
  const all = [...ofDraws, ...ofStories];
  const kinds = (of: readonly Outcome[], status: string): Set<string> =>
    new Set(of.flatMap(({ kind, result }) => (result.status === status ? [kind] : [])));

  test('every kind of command is accepted, and most of them in what is drawn', () => {
    const accepted = kinds(all, 'accepted');
    expect(specs.map(({ kind }) => kind).filter((kind) => !accepted.has(kind))).toEqual([]);
    expect(kinds(ofDraws, 'accepted').size).toBeGreaterThan((specs.length * 2) / 3);
    expect(kinds(ofDraws, 'rejected').size).toBeGreaterThan(specs.length / 3);
  });

  test('events are of declared kinds and codecs', () => {
    const declared = new Map(aggregates.flatMap(({ events }) => Object.entries(events)));
    for (const { result } of ofDraws) {
      if (result.status !== 'accepted') continue;
      for (const { kind, body } of result.events) {
        const codec = declared.get(kind);
        if (codec === undefined) throw new Error(`${kind} is not declared`);
        expect([kind, decode(codec, encode(codec, body))]).toEqual([kind, right(body)]);
      }
    }
  });

  test('replies are of the declared codec', () => {
    for (const { kind, result } of ofDraws) {
      const reply = vocabulary.commands.get(kind)?.reply;
      if (result.status !== 'accepted' || reply === undefined) continue;
      expect([kind, decode(reply, encode(reply, result.reply))]).toEqual([kind, right(result.reply)]);
    }
  });

  test('rejections are declared by whoever decides, or by the log', () => {
    for (const { kind, result } of ofDraws) {
      if (result.status !== 'rejected') continue;
      expect(result.code).not.toBe('command.poisoned');
      const declaring = vocabulary.procedures.get(kind) ?? vocabulary.deciders.get(kind);
      // A refusal of one command is the refusal of all, whatever it was. Of what nobody sends by hand, a refusal may
      // also be that of a command that follows; what operators send declares all that it can be refused with.
      const events = Object.keys(vocabulary.deciders.get(kind)?.events ?? {});
      const isFollowed = isInternal(kind) && events.some((event) => vocabulary.reactions.has(event));
      const passedOn = kind === applyBatch.kind || isFollowed ? Object.fromEntries(vocabulary.rejections) : {};
      const known = { ...kernelRejections, ...passedOn, ...declaring?.rejections } as Readonly<Record<string, unknown>>;
      expect([kind, known[result.code]]).toEqual([
        kind,
        expect.objectContaining({ category: result.category, summary: result.message, fix: result.fix }),
      ]);
    }
  });
});

describe('asking', () => {
  test.each(seeds)('twice with one request id changes nothing and names the first outcome (seed %i)', (seed) => {
    const node = fresh();
    for (const [at, { entry, from }] of drawn(seed, 200).entries()) {
      const position = node.head.position + 1;
      const asked = { ...entry, requestId: `twice-${at}` };
      const [first] = node.apply([{ ...from, position, bytes: encodeEntry(asked) }]);
      const before = rowsText(node.rows, ['outcome']);
      const again = { ...asked, submission: 'again' };
      const [second] = node.apply([{ ...from, position: position + 1, bytes: encodeEntry(again) }]);
      expect(first?.result.status).not.toBe('duplicate');
      expect(second?.result).toEqual({ status: 'duplicate', original: position });
      expect(rowsText(node.rows, ['outcome'])).toBe(before);
      const other = { ...again, body: { ...(entry.body as object), unheardOf: 1 } };
      const [third] = node.apply([{ ...from, position: position + 2, bytes: encodeEntry(other) }]);
      expect(third?.result).toMatchObject({ status: 'rejected', code: 'request.reused' });
    }
  });

  /** Commands that make something which is not there yet, by the words that the conventions have for that. */
  const creations = specs.filter(({ verb, body }) => /^(create|grant)$/.test(verb) && fieldsOf(body).length > 0);

  const examplesOf = (spec: AnyCommandSpec): readonly AnyCommand[] =>
    spec.examples.flatMap(({ id = '', body }) => {
      const decoded = decode(spec.body, body);
      return isRight(decoded) ? [{ kind: spec.kind, id, body: decoded.right }] : [];
    });

  /** What examples of other nouns make, which some creations need to be there. */
  const groundwork = (spec: AnyCommandSpec): readonly AnyCommand[] =>
    creations.filter(({ noun }) => noun !== spec.noun).flatMap(examplesOf);

  const applied = (node: Replica, commands: readonly AnyCommand[]): readonly Outcome[] =>
    node.apply(commands.map((command, at) => entryAt(node.head.position + at + 1, command, permitted(command))));

  /** What a command makes on what a node has on its disk; undefined when it is refused. Nothing of it stays. */
  const madeBy = (node: Replica, command: AnyCommand): string | undefined => {
    const [outcome] = applied(node, [command]);
    const made = outcome?.result.status === 'accepted' ? rowsText(node.rows, ['outcome']) : undefined;
    node.crash();
    return made;
  };

  test.each(creations.map((spec) => [spec.kind, spec] as const))(
    '%s again with one field changed is refused',
    (_, spec) => {
      const node = fresh();
      applied(node, groundwork(spec));
      node.flush();
      const shown = examplesOf(spec).map(({ body }) => fc.constant(body));
      const pairs = fc
        .tuple(fc.oneof(arbitrary(spec.body), ...shown), arbitrary(spec.body), fc.constantFrom(...fieldsOf(spec.body)))
        .map(([body, other, field]) => [body, withField(spec.body, body, field, other)] as const);
      fc.assert(
        fc.property(pairs, ([body, changed]) => {
          const id = spec.examples[0]?.id ?? '';
          const one = { kind: spec.kind, id, body };
          const two = { kind: spec.kind, id, body: changed };
          const made = madeBy(node, one);
          fc.pre(made !== undefined);
          const [, again, other] = applied(node, [one, one, two]);
          node.crash();
          expect(eventsOf(again)).toEqual([]);
          expect(eventsOf(other)).toEqual([]);
          if (made !== madeBy(node, two)) expect(other?.result.status).toBe('rejected');
        }),
        { numRuns: 200 },
      );
    },
  );
});

describe('reading the log', () => {
  const entries = drawn(4, 1_000).map(({ from }) => from);
  const whole = fresh('whole');
  whole.apply(entries);

  test.each([1, 2, 512])('in groups of %i comes to the same rows and hash', (size) => {
    const node = fresh();
    for (let at = 0; at < entries.length; at += size) node.apply(entries.slice(at, at + size));
    expect(node.head).toEqual(whole.head);
    expect(rowsText(node.rows)).toBe(rowsText(whole.rows));
  });

  test('keeps what is beside the states in step with them', () => {
    const node = fresh();
    for (const entry of entries.slice(0, 300)) {
      node.apply([entry]);
      expect(brokenInvariant(node.rows, vocabulary)).toBeUndefined();
    }
  });

  test('every past position reads as it was', () => {
    const node = fresh();
    const seen: string[] = [];
    const listed = (facts: Facts): string =>
      [...vocabulary.indexes.keys()]
        .map((name) => JSON.stringify(facts.index(name, { from: '', limit: 1_000 })))
        .join('\n');
    for (const entry of entries.slice(0, 300)) {
      node.apply([entry]);
      seen.push(`${statesOf(node.rows, vocabulary)}\n${listed(factsOf(node.rows))}`);
    }
    for (const [at, expected] of seen.entries()) {
      const past = factsAt(node.rows, at + 1, vocabulary);
      expect(`${statesOf(node.rows, vocabulary, at + 1)}\n${listed(past)}`).toBe(expected);
    }
  });
});

describe('a run that is cut', () => {
  const entries = drawn(5, 600).map(({ from }) => from);
  let root: string;
  beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'ultracloud-laws-'))));
  afterAll(() => rmSync(root, { recursive: true }));

  test('and loses its memory comes to the same rows', () => {
    const random = randomOf(6);
    const whole = fresh('whole');
    whole.apply(entries);
    const node = fresh();
    while (node.head.position < entries.length) {
      const { position } = node.head;
      node.apply(entries.slice(position, position + 1 + random.under(40)));
      if (random.chance(0.4)) node.flush();
      if (random.chance(0.4)) node.crash();
    }
    expect(node.head).toEqual(whole.head);
    expect(rowsText(node.rows)).toBe(rowsText(whole.rows));
  });

  /** The production engine on a store of its own, fed these entries; `between` runs after each part. */
  const runOn = async (
    store: Store,
    until: number,
    part: () => number,
    between: (engine: Engine) => Promise<void>,
  ): Promise<void> => {
    const topic = createTopic();
    topic.entries.push(...entries.slice(0, store.head.position));
    const now = (): number => entries.at(-1)?.appendedAtMs ?? 0;
    const pause = (): Promise<void> => Promise.resolve();
    const log = openFakeLog({ topic, seed: 1, faults: NO_FAULTS, now, pause });
    const onFault = (error: Error): never => {
      throw error;
    };
    const engine = new Engine({ vocabulary, log, store, authority: policy, now, onFault });
    await engine.start();
    while (engine.head.position < until) {
      const { position } = engine.head;
      topic.entries.push(...entries.slice(position, Math.min(until, position + part())));
      topic.arrivals.forEach((arrived) => arrived());
      await engine.reached(topic.entries.length);
      await between(engine);
    }
    await engine.close();
  };

  const opened = (name: string): Promise<Store> => {
    mkdirSync(join(root, name), { recursive: true });
    return openStore(join(root, name), { noSync: true });
  };

  const about = { clusterId: '0'.repeat(32), takenAt: 'now' };
  const digestOf = async (name: string): Promise<Manifest> => {
    const store = await opened(name);
    const manifest = await takeSnapshot(store, join(root, `${name}-snapshot`), about);
    await store.close();
    return manifest;
  };

  test('at any place, flushed at any time, or moved by a snapshot, snapshots to the same bytes', async () => {
    const random = randomOf(7);
    const unflushed = (): Promise<void> => Promise.resolve();
    await runOn(await opened('whole'), entries.length, () => entries.length, unflushed);
    const expected = await digestOf('whole');
    expect(expected.position).toBe(entries.length);

    const flushed = async (engine: Engine): Promise<void> => (random.chance(0.5) ? engine.flush() : undefined);
    await runOn(await opened('flushed'), entries.length, () => 1 + random.under(30), flushed);
    expect(await digestOf('flushed')).toEqual(expected);

    for (const until of [1, 2, 77, 300, 301, entries.length]) {
      await runOn(await opened('cut'), until, () => 1 + random.under(100), flushed);
    }
    expect(await digestOf('cut')).toEqual(expected);

    await runOn(await opened('early'), 250, () => 250, unflushed);
    await digestOf('early');
    const moved = await opened('moved');
    await loadSnapshot(join(root, 'early-snapshot'), moved);
    await runOn(moved, entries.length, () => 60, flushed);
    expect(await digestOf('moved')).toEqual(expected);
  }, 60_000);
});

describe('permission', () => {
  const denied = (principal: string, spec: AnyCommandSpec): unknown =>
    policy.command({ kind: spec.kind, id: '', body: {} }, factsOf(noRows), {
      position: 1,
      now: 0,
      level: 1,
      principal,
      credential: 'test',
      address: '',
    });

  test.each(specs.map((spec) => [spec.kind, spec] as const))('%s asks who is there', (kind, spec) => {
    for (const stranger of ['', 'nobody', 'Admin', 'admin ', '__proto__']) {
      expect(denied(stranger, spec)).toMatchObject({ code: spec.internal ? 'request.forbidden' : 'credential.ended' });
    }
    if (spec.internal) expect(denied(administrator.name, spec)).toMatchObject({ code: 'request.forbidden' });
    else expect(denied(administrator.name, spec)).toBeUndefined();
    expect(denied(systemPrincipal, spec)).toBeUndefined();
    const node = fresh();
    const body = fc.sample(arbitrary(spec.body), { seed: 1, numRuns: 1 })[0];
    const before = rowsText(node.rows, ['outcome', 'refusal']);
    const [outcome] = node.apply([entryAt(1, { kind, id: spec.examples[0]?.id ?? '', body }, 'nobody')]);
    expect(outcome?.result).toMatchObject({ status: 'rejected', category: 'forbidden' });
    expect(rowsText(node.rows, ['outcome', 'refusal'])).toBe(before);
  });
});

describe('a trial', () => {
  const told = ({ entry }: Drawn): Submission => {
    const { stampedAtMs: _at, submission: _name, requestId: _id, ...submission } = entry;
    return submission;
  };
  const resultsOf = (outcomes: readonly Outcome[]): unknown =>
    outcomes.map(({ position, kind, id, result }) => ({ position, kind, id, result }));
  /** Without what only a real entry has: a request that may be a repetition. */
  const log = drawn(8, 600).map(({ entry, from }): Drawn => {
    const { requestId: _never, ...rest } = entry;
    const held = { ...rest, stampedAtMs: from.appendedAtMs };
    return { entry: held, from: { ...from, bytes: encodeEntry(held) } };
  });

  test('says what the same commands then come to, one or many', () => {
    const random = randomOf(9);
    const node = fresh();
    while (node.head.position < log.length) {
      const part = log.slice(node.head.position, node.head.position + 1 + random.under(5));
      // A trial knows one present, so entries that are tried together must be appended together.
      const nowMs = part.at(-1)?.from.appendedAtMs ?? 0;
      const entries = part.map(({ entry, from }) => {
        const held = { ...entry, stampedAtMs: nowMs };
        return { ...from, appendedAtMs: nowMs, bytes: encodeEntry(held) };
      });
      const before = rowsText(node.rows);
      const ground = { vocabulary, rows: node.rows, head: node.head, now: nowMs, authority: policy };
      const tried = tryOut(ground, part.map(told));
      expect(rowsText(node.rows)).toBe(before);
      expect(resultsOf(tried)).toEqual(resultsOf(node.apply(entries)));
    }
  });

  test('of the past says what was decided there', () => {
    const still = log.map(({ entry, from }) => {
      const held = { ...entry, stampedAtMs: 1_000 };
      return { entry: held, from: { ...from, appendedAtMs: 1_000, bytes: encodeEntry(held) } };
    });
    const node = fresh();
    const decided = node.apply(still.map(({ from }) => from));
    const ground = { vocabulary, rows: node.rows, head: node.head, now: 1_000, authority: policy };
    for (const [at, one] of still.entries()) {
      if (isInternal(one.entry.kind)) continue;
      const tried = tryOut(ground, [told(one)], { at });
      expect(resultsOf(tried)).toEqual(resultsOf([decided[at] as Outcome]));
    }
  });
});
