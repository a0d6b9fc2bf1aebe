import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either';
import type { AnyAggregate } from '#aggregates/aggregate';
import { reject, type AnyEvent, type Decision } from '#aggregates/decision';
import { catalog } from '#gateways/catalog';
import type { Component } from '#log/component';
import { vocabularyOf } from '#log/vocabulary';
import { differenceFrom, readGolden, type GoldenLog } from '#harness/golden/golden-log';
import { goldenSources } from '#harness/golden/golden-source';
import { recordGoldenLogs } from '#harness/golden/recording';

jest.setTimeout(60_000);

/** `record` writes what is missing, `rewrite` writes everything anew; see docs/adding-a-component.md. */
const asked = process.env['GOLDEN_LOGS'];
if (asked === 'record' || asked === 'rewrite') {
  recordGoldenLogs(__dirname, goldenSources, catalog, { anew: asked === 'rewrite' });
}

const names = readdirSync(__dirname).filter((name) => name.endsWith('.jsonl'));
const goldenOf = (name: string): GoldenLog => readGolden(readFileSync(join(__dirname, name), 'utf8'));

test.each(names)('%s is decided as it was (if not: raise the feature level, docs/adding-a-component.md)', (name) => {
  expect(differenceFrom(catalog, goldenOf(name))).toBeUndefined();
});

test('every golden log is there (GOLDEN_LOGS=record npx jest harness/golden writes what is missing)', () => {
  expect(Object.keys(goldenSources).filter((name) => !names.includes(name))).toEqual([]);
});

test('every command is accepted in some golden log (if not: add a log of a new name to golden-source.ts)', () => {
  const accepted = new Set(
    names
      .flatMap((name) => goldenOf(name).entries)
      .flatMap(({ command, outcome }) => (outcome.startsWith('accepted') ? [command.split(' ')[0]] : [])),
  );
  const commands = [...vocabularyOf(catalog).commands.keys()];
  expect(commands.filter((command) => !accepted.has(command))).toEqual([]);
});

describe('a planted change', () => {
  /** The catalogue with one aggregate changed. */
  const changed = (noun: string, change: (aggregate: AnyAggregate) => Partial<AnyAggregate>): readonly Component[] =>
    catalog.map((component) => ({
      ...component,
      aggregates: component.aggregates.map((aggregate) =>
        aggregate.kind.noun === noun ? { ...aggregate, ...change(aggregate) } : aggregate,
      ),
    }));
  const decided = (
    noun: string,
    change: (decision: Decision<AnyEvent, string>, kind: string, state: unknown) => Decision<AnyEvent, string>,
  ): readonly Component[] =>
    changed(noun, (aggregate) => ({
      decide: (state, command, facts, moment) =>
        change(aggregate.decide(state, command, facts, moment), command.kind, state),
    }));
  const differences = (components: readonly Component[]): readonly string[] =>
    names.flatMap((name) => differenceFrom(components, goldenOf(name)) ?? []);

  const plants: readonly (readonly [string, readonly Component[], RegExp])[] = [
    [
      'a refusal where there was none',
      decided('key', (decision, kind, state) =>
        kind === 'key.delete' && state === undefined ? reject('lease.absent') : decision,
      ),
      /key\.delete .*rejected lease\.absent, but once accepted/,
    ],
    [
      'an event that is left out',
      decided('lease', (decision, kind) =>
        kind === 'lease.revoke' && isRight(decision) ? { ...decision, right: [] } : decision,
      ),
      /lease\.revoke .*accepted, but once accepted lease\.revoked/,
    ],
    [
      'another body of an event',
      decided('namespace', (decision) =>
        isRight(decision)
          ? {
              ...decision,
              right: decision.right.map((event) => ({ ...event, body: { ...(event.body as object), more: 1 } })),
            }
          : decision,
      ),
      /another hash/,
    ],
    [
      'another detail of a refusal',
      decided('namespace', (decision) =>
        isRight(decision) ? decision : { ...decision, left: { ...decision.left, detail: { changed: 1 } } },
      ),
      /another hash/,
    ],
    [
      'another wording of a refusal',
      changed('namespace', ({ rejections }) => ({
        rejections: Object.fromEntries(
          Object.entries(rejections).map(([code, spec]) => [code, { ...spec, fix: `${spec.fix} Or not.` }]),
        ),
      })),
      /another hash/,
    ],
    [
      'another state for the same events',
      changed('lease', ({ evolve }) => ({
        evolve: (state, event, moment) => {
          const next: unknown = evolve(state, event, moment);
          return next === undefined ? undefined : { ...(next as object), more: 1 };
        },
      })),
      /other rows/,
    ],
    ['an index that is not kept', changed('key', () => ({ indexes: {} })), /./],
  ];

  test.each(plants)('is found: %s', (_, components, expected) => {
    expect(differences(components).join('\n')).toMatch(expected);
  });

  test('without one, nothing is found', () => expect(differences(changed('key', () => ({})))).toEqual([]));
});

test('a golden log that is there is written anew only by those who say so', () => {
  const directory = mkdtempSync(join(tmpdir(), 'golden-'));
  const name = 'examples.jsonl';
  const sources = { [name]: goldenSources[name] ?? (() => []) };
  const other = 'as it was';
  try {
    expect(recordGoldenLogs(directory, sources, catalog, { anew: false })).toEqual([name]);
    expect(existsSync(join(directory, name))).toBe(true);
    writeFileSync(join(directory, name), other);
    expect(recordGoldenLogs(directory, sources, catalog, { anew: false })).toEqual([]);
    expect(readFileSync(join(directory, name), 'utf8')).toBe(other);
    expect(recordGoldenLogs(directory, sources, catalog, { anew: true })).toEqual([name]);
    expect(differenceFrom(catalog, readGolden(readFileSync(join(directory, name), 'utf8')))).toBeUndefined();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
