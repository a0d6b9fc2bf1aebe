import * as fc from 'fast-check';
import { isLeft, isRight } from 'fp-ts/lib/Either';
import type { AnyCodec } from '#commands/codec/codec';
import { decode } from '#commands/codec/decode';
import { encode } from '#commands/codec/encode';
import type { AnyCommand, AnyCommandSpec } from '#commands/command';
import { livenessDuty, dutyKind } from '#aggregates/duty';
import { encodeEntry, type Entry } from '#log/entry';
import type { LogEntry } from '#log/log';
import type { Vocabulary } from '#log/vocabulary';
import { arbitrary } from '#harness/arbitrary';
import { draw, type Ids } from '#harness/simulator/drawing';
import type { Random } from '#harness/simulator/random';

/** An entry with its place in the log. */
export interface Drawn {
  readonly entry: Entry;
  readonly from: LogEntry;
}

/** Draws of one codec that are made at once: making a generator costs more than a draw. */
const DRAWN_AT_ONCE = 32;
const IDS_PER_NOUN = 3;

/** Commands of a vocabulary, with few ids of each noun so that they meet; a seed gives the same ones again. */
const drawnCommands = (vocabulary: Vocabulary, random: Random): ((position: number) => AnyCommand) => {
  const specs = [...vocabulary.commands.values()];
  const embeddable = specs.filter(({ internal, body }) => !internal && listOfCommands(body) === undefined);
  const generated = generator(random);
  const ids = idsOf(specs, random);
  /** Where something internal was last asked for: what follows from it often names the place. */
  const notable = new Map<string, number>();
  const drawId = ({ id, noun }: AnyCommandSpec): string => {
    if (id === undefined) return '';
    return random.chance(0.95) ? random.pick(ids[noun] ?? ['']) : String(generated(id));
  };
  const drawBody = (spec: AnyCommandSpec): unknown => {
    const commands = listOfCommands(spec.body);
    if (commands !== undefined) return { [commands]: Array.from({ length: 1 + random.under(3) }, embedded) };
    const examples = spec.examples.flatMap(({ body }) => {
      const decoded = decode(spec.body, body);
      return isRight(decoded) ? [decoded.right] : [];
    });
    if (examples.length > 0 && random.chance(0.4)) return random.pick(examples);
    if (random.chance(0.2)) return generated(spec.body);
    const drawn = draw(spec.body, random, ids);
    return isLeft(decode(spec.body, encode(spec.body, drawn))) ? generated(spec.body) : drawn;
  };
  const placed = (spec: AnyCommandSpec, body: unknown): unknown => {
    if (notable.size === 0) return body;
    const fields = Object.entries(spec.body.shape.props)
      .filter(([name, { shape }]) => name in (body as object) && shape.kind === 'integer' && shape.unit === 'position')
      .map(([name]) => [name, random.pick([...notable.values()])] as const);
    return random.chance(0.7) ? { ...(body as object), ...Object.fromEntries(fields) } : body;
  };
  const embedded = (): unknown => {
    const spec = random.pick(embeddable);
    const body = drawBody(spec);
    return spec.id === undefined ? { command: spec.kind, body } : { command: spec.kind, id: drawId(spec), body };
  };
  return (position) => {
    const spec = random.pick(specs);
    const command = { kind: spec.kind, id: drawId(spec), body: placed(spec, drawBody(spec)) };
    if (spec.internal) notable.set(spec.kind, position);
    return command;
  };
};

/** What examples create, in the order of the catalogue: what much else needs to be there. */
const groundworkOf = (vocabulary: Vocabulary): readonly AnyCommand[] =>
  [...vocabulary.commands.values()]
    .filter(({ verb, internal }) => verb === 'create' && !internal)
    .flatMap(({ kind, examples, body }) =>
      examples.flatMap((example) => {
        const decoded = decode(body, example.body);
        return isRight(decoded) ? [{ kind, id: example.id ?? '', body: decoded.right }] : [];
      }),
    );

/** A log of such commands, after what the examples create, on a clock that stands still or jumps. */
export const drawnLog = (vocabulary: Vocabulary, random: Random, length: number, principal: Principal): Drawn[] => {
  const next = drawnCommands(vocabulary, random);
  const groundwork = groundworkOf(vocabulary);
  let nowMs = 1_700_000_000_000;
  return Array.from({ length }, (_, at) => {
    nowMs += random.pick([0, 0, 1, 50, 1_000, 30_000]);
    const command = groundwork[at] ?? next(at + 1);
    const entry = {
      ...command,
      principal: principal(command),
      credential: 'drawn',
      source: 'laws',
      address: '',
      stampedAtMs: nowMs + random.pick([-2_000, 0, 0, 60_000]),
      submission: `s${at}`,
      ...(random.chance(0.3) ? { requestId: `r${at}` } : {}),
      ...(random.chance(0.03) ? { expectPosition: random.under(at + 1) } : {}),
      ...(random.chance(0.03) ? { expectVersion: random.under(3) } : {}),
    };
    return { entry, from: { position: at + 1, appendedAtMs: nowMs, bytes: encodeEntry(entry) } };
  });
};

export type Principal = (command: AnyCommand) => string;

/** A generator of each codec, made once; draws come from a seed. */
const generator = (random: Random): ((codec: AnyCodec) => unknown) => {
  const stock = new Map<AnyCodec, unknown[]>();
  return (codec) => {
    const left = stock.get(codec) ?? [];
    stock.set(codec, left);
    if (left.length === 0) left.push(...sample(codec, random, DRAWN_AT_ONCE));
    return left.pop();
  };
};

const sample = (codec: AnyCodec, random: Random, count: number): readonly unknown[] =>
  fc.sample(arbitrary(codec), { seed: random.under(2 ** 31), numRuns: count });

/** Those of the examples first, so that what one example makes is found by the next. */
const idsOf = (specs: readonly AnyCommandSpec[], random: Random): Ids => {
  const ids: Record<string, string[]> = { [dutyKind.noun]: [livenessDuty] };
  for (const { noun, id, examples } of specs) {
    if (id === undefined) continue;
    const known = (ids[noun] ??= []);
    const shown = examples.flatMap((example) => (example.id === undefined ? [] : [binary(id, example.id)]));
    const more = known.length === 0 ? sample(id, random, IDS_PER_NOUN).map(String) : [];
    for (const one of [...shown, ...more]) if (!known.includes(one)) known.push(one);
  }
  return ids;
};

const binary = ({ shape }: AnyCodec, id: string): string =>
  shape.kind === 'bytes' ? Buffer.from(id).toString('latin1') : id;

/** The property that holds commands with bodies that only a gateway can decode, if there is one. */
const listOfCommands = ({ shape }: AnyCodec): string | undefined =>
  shape.kind !== 'object'
    ? undefined
    : Object.keys(shape.props).find((name) => {
        const item = shape.props[name]?.shape;
        return item?.kind === 'list' && item.item.shape.kind === 'object' && 'command' in item.item.shape.props;
      });
