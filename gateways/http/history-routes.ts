import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { AnyCodec } from '#commands/codec/codec';
import { encode } from '#commands/codec/encode';
import { idFromPath } from '#commands/codec/id-path';
import type { Problem } from '#commands/codec/problem';
import { didYouMean } from '#commands/codec/suggest';
import { only } from '#aggregates/access';
import type { Engine } from '#log/engine';
import type { Outcome } from '#log/outcome';
import { answer, malformed, rejection, type Answer, type Answered, type Ask } from '#gateways/http/answer';
import type { Form, Forms } from '#gateways/http/event-form';
import { line, type LineStreams } from '#gateways/http/ndjson';
import { cursorText, firstTexts, pageAnswer, pageIn } from '#gateways/http/page';
import { lastChange, lastRefusals, positionsOf, type Kept } from '#gateways/http/object-history';
import { leftOut } from '#gateways/http/moment';
import { queryReader } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { refusedAnswer, refusedForm } from '#gateways/http/judge';
import type { Caller, Node } from '#gateways/node';
import { readPermission, seesAt, untilLost } from '#gateways/sight';
import { defaultLimit, logParameters, timelineParameters } from '#gateways/query-parameters';

/** Refusals that `why` tells: the last few are what a person asks about. */
const refusalsTold = 10;

/** Outcomes read at once: their events may be large. */
const pageOutcomes = 64;

interface Named {
  readonly noun: string;
  readonly id: string;
}

/** What happened to objects, and the log itself. */
export const historyRoutes = (node: Node, forms: Forms, streams: LineStreams): readonly Route[] => [
  { method: 'GET', path: '/v1/timeline/{noun}', handle: (ask) => timeline(node, forms, ask) },
  { method: 'GET', path: '/v1/timeline/{noun}/{id}', handle: (ask) => timeline(node, forms, ask) },
  { method: 'GET', path: '/v1/why/{noun}', handle: (ask) => why(node, forms, ask) },
  { method: 'GET', path: '/v1/why/{noun}/{id}', handle: (ask) => why(node, forms, ask) },
  { method: 'GET', path: '/v1/log', handle: (ask) => log(node, forms, streams, ask) },
  { method: 'GET', path: '/v1/log/{position}', handle: (ask) => logged(node, forms, ask) },
];

const readTimeline = queryReader(timelineParameters);
const readLog = queryReader(logParameters);
const readNothing = queryReader({});

const timeline = (node: Node, forms: Forms, ask: Ask): Answer => {
  const named = namedIn(node, ask);
  const query = readTimeline(ask.query);
  if (isLeft(named) || isLeft(query))
    return malformed([named, query].flatMap((part) => (isLeft(part) ? part.left : [])));
  const page = pageIn(query.right);
  const after = isLeft(page) ? NaN : Number(page.right.after ?? 0);
  if (isLeft(page) || !Number.isSafeInteger(after) || after < 0) {
    return malformed([{ path: 'cursor', expected: 'the cursor of the page before', got: 'another text' }]);
  }
  const { limit } = page.right;
  const kept = keptOf(node, named.right);
  const sees = readerOf(node, ask.principal, kept);
  if (isLeft(sees)) return sees.left;
  const positions = positionsOf(node.engine, kept, after, limit + 1);
  const form = (position: number): Form | undefined =>
    sees.right(position) ? happened(node, forms, ask.principal, named.right, position) : undefined;
  const { items, last } = firstTexts(positions, limit, form);
  return pageAnswer(items, { ...(last === undefined ? {} : { cursor: cursorText(String(last)) }), ...oldestOf(kept) });
};

const why = (node: Node, forms: Forms, ask: Ask): Answer => {
  const named = namedIn(node, ask);
  const query = readNothing(ask.query);
  if (isLeft(named) || isLeft(query))
    return malformed([named, query].flatMap((part) => (isLeft(part) ? part.left : [])));
  const { engine } = node;
  const { noun, id } = named.right;
  const view = engine.vocabulary.views.get(noun);
  const aggregate = engine.vocabulary.aggregates.get(noun);
  const { facts } = engine;
  const found = aggregate === undefined ? undefined : facts.get(aggregate.kind, id);
  const kept = keptOf(node, named.right);
  const sees = readerOf(node, ask.principal, kept);
  if (isLeft(sees)) return sees.left;
  const change = lastChange(engine, kept);
  const refusals = lastRefusals(engine, named.right, refusalsTold).filter(sees.right);
  const told = (position: number): Form => happened(node, forms, ask.principal, named.right, position);
  return answer({
    noun,
    ...forms.id(noun, id),
    exists: found !== undefined,
    ...(found === undefined
      ? {}
      : { version: found.version, createPosition: found.createPosition, modPosition: found.modPosition }),
    ...(found === undefined || view === undefined
      ? {}
      : { state: encode(view.spec.row, view.row({ id, ...found }, facts)) }),
    ...(change === undefined || !sees.right(change) ? {} : { because: told(change) }),
    refusals: refusals.map(told),
    ...oldestOf(kept),
    position: engine.head.position,
  });
};

const keptOf = (node: Node, named: Named): Kept => ({ ...named, oldestPosition: node.oldestPosition(named.noun) });

/** Told where something may be left out, since it was compacted. */
const oldestOf = ({ oldestPosition }: Kept): Form => (oldestPosition === 0 ? {} : { oldestPosition });

/** Which positions of an object's history a caller may see, or what to answer to one who may see none of it. */
const readerOf = (node: Node, caller: Caller, kept: Kept): Either<Answer, (position: number) => boolean> => {
  const { noun, id } = kept;
  const permission = readPermission(node.engine.vocabulary, noun);
  const all = node.refuses(caller, permission, { noun, from: '' });
  if (all === undefined) return right(() => true);
  if (id === '') return left(refusedAnswer(node, all));
  const refused = node.refuses(caller, permission, only(noun, id));
  const change = refused === undefined ? undefined : lastChange(node.engine, kept);
  if (refused !== undefined && (change === undefined || !seesAt(node, caller, kept, change))) {
    return left(refusedAnswer(node, refused));
  }
  return right((position) => seesAt(node, caller, kept, position));
};

/**
 * The outcome at a position, with only the events of one object; other events at that position are counted. A command
 * on an object that the caller may not read is told without its id.
 */
const happened = (node: Node, forms: Forms, caller: Caller, named: Named, position: number): Form => {
  const recorded = node.engine.outcome(position);
  if (recorded === undefined) return { position };
  const { noun, id } = named;
  const about = { noun: recorded.kind.slice(0, recorded.kind.indexOf('.')), id: recorded.id };
  const isOwn = about.id === '' || (about.id === id && about.noun === noun);
  const outcome = isOwn || seesAt(node, caller, about, position) ? recorded : { ...recorded, id: '' };
  const { result } = outcome;
  if (result.status !== 'accepted') return forms.outcome(outcome);
  const events = result.events.filter((event) => event.id === id && event.kind.startsWith(`${noun}.`));
  const others = result.events.length - events.length;
  const { reply: _reply, ...accepted } = result;
  const form = forms.outcome({ ...outcome, result: { ...accepted, events } });
  return others === 0 ? form : { ...form, otherEvents: others };
};

/** A noun of the catalogue with an id in its own form; without an id what is about no single thing is meant. */
const namedIn = ({ engine: { vocabulary } }: Node, { params }: Ask): Either<readonly Problem[], Named> => {
  const noun = params['noun'] ?? '';
  const nouns = new Set([...vocabulary.commands.values()].map((spec) => spec.noun));
  if (!nouns.has(noun)) {
    const known = [...nouns];
    const hint = didYouMean(noun, known);
    const problem = { path: 'noun', expected: known.join(', '), got: JSON.stringify(noun.slice(0, 64)) };
    return left([hint === undefined ? problem : { ...problem, hint }]);
  }
  const segment = params['id'];
  if (segment === undefined) return right({ noun, id: '' });
  const codec: AnyCodec | undefined =
    vocabulary.aggregates.get(noun)?.commands.find((spec) => spec.id !== undefined)?.id ??
    vocabulary.views.get(noun)?.spec.id;
  if (codec === undefined) return left([{ path: 'id', expected: `no id: there is no single ${noun}`, got: 'one' }]);
  const id = idFromPath(codec, segment);
  return isLeft(id) ? id : right({ noun, id: id.right as string }); // Ids are text or binary strings.
};

const logged = (node: Node, forms: Forms, { params, query }: Ask): Answer => {
  const read = readNothing(query);
  const text = params['position'] ?? '';
  const position = /^[0-9]{1,16}$/.test(text) ? Number(text) : undefined;
  if (isLeft(read)) return malformed(read.left);
  if (position === undefined)
    return malformed([{ path: 'position', expected: 'a position', got: JSON.stringify(text) }]);
  const outcome = node.engine.outcome(position);
  if (outcome !== undefined) return answer(forms.outcome(outcome));
  const absence = {
    category: 'absent' as const,
    summary: 'Nothing is recorded at this position.',
    fix: 'Positions go from 1 to the one of the position header; the oldest may be truncated.',
  };
  return rejection({ code: 'position.absent', detail: { position } }, absence, node.engine.head.position);
};

const log = (node: Node, forms: Forms, streams: LineStreams, ask: Ask): Answered => {
  const query = readLog(ask.query);
  if (isLeft(query)) return malformed(query.left);
  const { engine } = node;
  const follow = query.right['follow'] === true;
  const from = (query.right['from'] as number | undefined) ?? (follow ? engine.head.position + 1 : 1);
  if (follow) {
    const instead = leftOut(engine, from - 1);
    if (instead !== undefined) return instead;
    if (query.right['limit'] === undefined) return followLog(node, forms, streams, ask, from);
    return malformed([{ path: 'limit', expected: 'nothing beside follow', got: 'a value' }]);
  }
  const limit = (query.right['limit'] as number | undefined) ?? defaultLimit;
  const { items, last } = firstTexts(outcomesFrom(engine, from), limit, (outcome) => forms.outcome(outcome));
  return pageAnswer(items, last === undefined ? {} : { next: last.position + 1 });
};

function* outcomesFrom(engine: Engine, from: number): Iterable<Outcome> {
  for (let next = from; ;) {
    const page = engine.outcomes(next, pageOutcomes);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageOutcomes) return;
    next = last.position + 1;
  }
}

/** Reads at the pace of the reader, so that nobody is too slow for it. */
const followLog = (
  node: Node,
  forms: Forms,
  streams: LineStreams,
  { response, principal }: Ask,
  from: number,
): undefined => {
  const { engine } = node;
  let position = from - 1;
  let wake: () => void = () => undefined;
  const stopListening = engine.onApplied(() => wake());
  const stream = streams.open(response, engine.head.position, {
    onOver: () => {
      stopListening();
      stopLooking();
      wake();
    },
    onClose: () => stream.end(line({ closed: true, lastPosition: position })),
  });
  const lost = () => node.refuses(principal, 'log.read');
  const stopLooking = untilLost(node, principal, lost, (why) =>
    stream.end(line({ closed: true, lastPosition: position, ...refusedForm(node, why) })),
  );
  const run = async (): Promise<void> => {
    while (!stream.over) {
      const page: readonly Outcome[] = engine.outcomes(position + 1, pageOutcomes);
      for (const outcome of page) {
        while (!stream.over && !stream.write(line(forms.outcome(outcome)))) await stream.drained();
        position = outcome.position;
      }
      if (page.length > 0) await stream.drained();
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  };
  void run();
  return undefined;
};
