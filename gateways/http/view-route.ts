import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { encode } from '#commands/codec/encode';
import { idFromPath } from '#commands/codec/id-path';
import type { Problem } from '#commands/codec/problem';
import { watchedFilters } from '#commands/view';
import type { Rejection } from '#commands/rejection';
import { only } from '#aggregates/access';
import { prefixEnd, type Fact } from '#aggregates/facts';
import { pageOf, type Page } from '#projections/selection';
import type { AnyView, Consistency } from '#projections/view';
import type { WatchedRange } from '#log/watch';
import { answer, malformed, rejection, type Answer, type Answered, type Ask } from '#gateways/http/answer';
import { awaited, gone, leftOut, readingOf } from '#gateways/http/moment';
import { judged, refusedAnswer } from '#gateways/http/judge';
import { cursorText, pageAnswer, pageIn, sealedCursorText, selectedTexts } from '#gateways/http/page';
import { queryReader, type Query } from '#gateways/http/query';
import type { Route } from '#gateways/http/route';
import { seenTexts, type SeenTexts } from '#gateways/http/seen-page';
import type { WatchStream } from '#gateways/http/watch-stream';
import type { Caller, Node } from '#gateways/node';
import { sightOf } from '#gateways/sight';
import { listParameters, oneParameters } from '#gateways/query-parameters';

/** `GET` of one object of a view, or of the changes that are made to it. */
export const oneRoute = (node: Node, watch: WatchStream, view: AnyView): Route => {
  const readQuery = queryReader(oneParameters);
  const { spec, kind } = view;
  const read = (caller: Caller, id: string, query: Query): Answer => {
    const reading = readingOf(node, spec.noun, query);
    if (isLeft(reading)) return reading.left;
    const { facts, position } = reading.right;
    const refused = judged(node, caller, spec.permission, only(spec.noun, id), position);
    if (refused !== undefined) return refused;
    const found = facts.get(kind, id);
    const row = found === undefined ? undefined : encode(spec.row, view.row({ id, ...found }, facts));
    const gone = reading.right.gone();
    if (gone !== undefined) return gone;
    const read =
      row !== undefined
        ? answer(row, position)
        : rejection({ code: `${spec.noun}.absent` }, absence(spec.noun), position);
    return told(read, query, view.consistency?.({ id }, facts));
  };
  return {
    method: 'GET',
    path: `${spec.route}/{id}`,
    handle: (ask) => {
      const id = idFromPath(spec.id, ask.params['id'] ?? '');
      const query = readQuery(ask.query);
      if (isLeft(id) || isLeft(query)) {
        return malformed([id, query].flatMap((part) => (isLeft(part) ? part.left : [])));
      }
      const name = id.right;
      return whenReached(node, query.right, () => {
        if (query.right['watch'] === undefined) return read(ask.principal, name, query.right);
        return watched(node, watch, ask, query.right, [only(spec.noun, name)]);
      });
    },
  };
};

/** `GET` of a page of a view, or of the changes that are made to what its filters let through. */
export const listRoute = (node: Node, watch: WatchStream, view: AnyView): Route => {
  const { spec } = view;
  const readQuery = queryReader({ ...listParameters, ...spec.filters });
  const read = (caller: Caller, query: Query): Answer => {
    const reading = readingOf(node, spec.noun, query);
    if (isLeft(reading)) return reading.left;
    const { facts, position } = reading.right;
    const page = pageIn(query);
    if (isLeft(page)) return malformed(page.left);
    const filters = filtersIn(view, query);
    const select = (part: Page) =>
      view.select?.(filters, facts, part) ?? right(pageOf(view.kind, { from: '' }, facts, part));
    const text = (fact: Fact<unknown>): string => JSON.stringify(encode(spec.row, view.row(fact, facts)));
    const all = { noun: spec.noun, ...(view.range?.(filters) ?? { from: '' }) };
    const refused = node.refuses(caller, spec.permission, all, position);
    if (refused !== undefined) {
      if (refused.code === 'credential.ended') return refusedAnswer(node, refused);
      const maySee = (id: string): boolean =>
        node.refuses(caller, spec.permission, only(spec.noun, id), position) === undefined;
      const seen = seenTexts(page.right, select, text, maySee);
      return reading.right.gone() ?? partAnswer(seen, position);
    }
    const selected = selectedTexts(page.right, select, text);
    const gone = reading.right.gone();
    if (gone !== undefined) return gone;
    if (isLeft(selected)) {
      const refused = view.rejections?.[selected.left.code];
      if (refused === undefined)
        throw new Error(`a view refuses with ${selected.left.code}, which it does not declare`);
      return rejection(selected.left, refused, position);
    }
    const { items, cursor } = selected.right;
    const read = pageAnswer(items, cursor === undefined ? {} : { cursor: cursorText(cursor) }, position);
    return told(read, query, view.consistency?.({ filters }, facts));
  };
  return {
    method: 'GET',
    path: spec.route,
    handle: (ask) => {
      const query = readQuery(ask.query);
      if (isLeft(query)) return malformed(query.left);
      return whenReached(node, query.right, () => {
        if (query.right['watch'] === undefined) return read(ask.principal, query.right);
        const range = rangeOf(view, query.right);
        return isLeft(range) ? malformed(range.left) : watched(node, watch, ask, query.right, [range.right]);
      });
    },
  };
};

/** What may be seen of a list. Why it cannot be made may name what others cannot see: it is an empty one to them. */
const partAnswer = (seen: Either<Rejection, SeenTexts>, position: number): Answer => {
  if (isLeft(seen)) return pageAnswer([], {}, position);
  const { items, cursor, hidden } = seen.right;
  if (cursor === undefined) return pageAnswer(items, {}, position);
  return pageAnswer(items, { cursor: hidden ? sealedCursorText(cursor) : cursorText(cursor) }, position);
};

/**
 * Says with which consistency was read where objects have one of their own. With one replica what is read here is both:
 * nothing is acknowledged before it is visible.
 */
const told = (read: Answer, query: Query, own: Consistency | undefined): Answer =>
  own === undefined
    ? read
    : { ...read, headers: { 'x-ultracloud-consistency': (query['consistency'] as string | undefined) ?? own } };

/** Answers once the position that `at-least` names is applied here. */
export const whenReached = (node: Node, query: Query, then: () => Answered): Answered | Promise<Answered> => {
  const wait = awaited(node.engine, query);
  return wait === undefined ? then() : wait.then((late) => late ?? then());
};

/** Streams what changes in these ranges, which name at least one noun. */
export const watched = (
  node: Node,
  watch: WatchStream,
  ask: Ask,
  query: Query,
  ranges: readonly WatchedRange[],
): Answered => {
  const sight = sightOf(node, ask.principal, ranges);
  if (isLeft(sight)) return refusedAnswer(node, sight.left);
  const from = query['watch'] as number;
  const { position } = node.engine.head;
  const problems: Problem[] = [];
  if (from > position) problems.push({ path: 'watch', expected: `a position up to ${position}`, got: String(from) });
  for (const name of ['at', 'limit', 'cursor']) {
    if (query[name] !== undefined) problems.push({ path: name, expected: 'nothing beside watch', got: 'a value' });
  }
  if (problems.length > 0) return malformed(problems);
  const instead = leftOut(node.engine, from);
  if (instead !== undefined) return instead;
  const oldest = Math.max(...ranges.map(({ noun }) => node.oldestPosition(noun)));
  // What changed at the oldest position is still told.
  return from + 1 < oldest ? gone(oldest) : watch(ask, ranges, from, sight.right);
};

/** The ids that filters let through. */
const rangeOf = (view: AnyView, query: Query): Either<readonly Problem[], WatchedRange> => {
  const { noun, id } = view.spec;
  const filters = filtersIn(view, query);
  const { prefix = '', namespace } = filters;
  const taken = watchedFilters(view.spec);
  const other = Object.keys(filters).find((name) => !Object.hasOwn(taken, name));
  const unnamed = prefix !== '' && namespace === undefined && id.shape.kind !== 'bytes';
  if (other !== undefined || unnamed) {
    const path = other ?? 'prefix';
    return left([
      { path, expected: 'no such filter beside watch', got: 'one', hint: 'watch all, then filter what comes' },
    ]);
  }
  // Filters are text here.
  const from = `${namespace === undefined ? '' : `${namespace as string}/`}${prefix as string}`;
  const to = prefixEnd(from);
  return right(to === undefined ? { noun, from } : { noun, from, to });
};

const filtersIn = (view: AnyView, query: Query): Query =>
  Object.fromEntries(Object.entries(query).filter(([name]) => Object.hasOwn(view.spec.filters, name)));

const absence = (noun: string) => ({
  category: 'absent' as const,
  summary: `There is no such ${noun}.`,
  fix: 'Check the id, and that it was not deleted; its timeline says when.',
});
