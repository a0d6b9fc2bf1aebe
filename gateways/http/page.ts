import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import type { Problem } from '#commands/codec/problem';
import type { Rejection } from '#commands/rejection';
import type { Page, Selection } from '#projections/selection';
import type { Answer } from '#gateways/http/answer';
import type { Query } from '#gateways/http/query';
import { open, seal } from '#gateways/http/sealed-cursor';
import { defaultLimit } from '#gateways/query-parameters';

/** A page ends early here, whatever its limit: ten thousand values of 1.5 MiB are no answer. */
export const maxPageChars = 8 * 2 ** 20;

/** Objects read at once, so that few more are held than are sent. */
const objectsAtOnce = 64;

export const pageIn = (query: Query): Either<readonly Problem[], Page> => {
  const limit = (query['limit'] as number | undefined) ?? defaultLimit;
  const text = query['cursor'] as string | undefined;
  if (text === undefined) return right({ limit });
  const after = cursorFromText(text);
  if (after !== undefined) return right({ limit, after });
  return left([{ path: 'cursor', expected: 'the cursor of the page before, as it was given', got: 'another text' }]);
};

export const cursorText = (cursor: string): string => Buffer.from(cursor, 'latin1').toString('base64url');

/** For a cursor that names what was not shown. */
export const sealedCursorText = (cursor: string): string => `${sealedMark}${seal(cursor)}`;

/** No letter of the other cursors. */
const sealedMark = '.';

/** Undefined if it is no text that `cursorText` or `sealedCursorText` gives. */
const cursorFromText = (text: string): string | undefined => {
  if (text.startsWith(sealedMark)) return open(text.slice(sealedMark.length));
  const cursor = Buffer.from(text, 'base64url').toString('latin1');
  return cursorText(cursor) === text ? cursor : undefined;
};

export const pageAnswer = (
  items: readonly string[],
  rest: Readonly<Record<string, unknown>>,
  position?: number,
): Answer => {
  const fields = JSON.stringify(rest).slice(1, -1);
  const text = `{"items":[${items.join(',')}]${fields === '' ? '' : `,${fields}`}}`;
  return position === undefined ? { status: 200, text } : { status: 200, text, position };
};

/** The JSON texts of a page that a view selects. */
export const selectedTexts = <S>(
  page: Page,
  select: (part: Page) => Either<Rejection, Selection<S>>,
  text: (fact: Selection<S>['facts'][number]) => string,
): Either<Rejection, { readonly items: readonly string[]; readonly cursor?: string }> => {
  const items: string[] = [];
  let chars = 0;
  let part: Page = { ...page, limit: Math.min(page.limit, objectsAtOnce) };
  for (;;) {
    const selected = select(part);
    if (isLeft(selected)) return selected;
    const { facts, cursor } = selected.right;
    for (const [at, fact] of facts.entries()) {
      const item = text(fact);
      chars += item.length;
      if (chars > maxPageChars && items.length > 0) return cutAt(items, part, at, select);
      items.push(item);
    }
    if (cursor === undefined) return right({ items });
    if (items.length >= page.limit) return right({ items, cursor });
    part = { after: cursor, limit: Math.min(page.limit - items.length, objectsAtOnce) };
  }
};

/** Ends a page inside a part: the view is asked for less of it, since only the view knows what its cursors mean. */
const cutAt = <S>(
  items: readonly string[],
  part: Page,
  taken: number,
  select: (part: Page) => Either<Rejection, Selection<S>>,
): Either<Rejection, { readonly items: readonly string[]; readonly cursor?: string }> => {
  if (taken === 0) return right(part.after === undefined ? { items } : { items, cursor: part.after });
  const selected = select({ ...part, limit: taken });
  if (isLeft(selected)) return selected;
  const { cursor } = selected.right;
  return right(cursor === undefined ? { items } : { items, cursor });
};

/** The JSON texts of the first items, and the last that was looked at if others follow; some may have no form. */
export const firstTexts = <T>(
  all: Iterable<T>,
  limit: number,
  form: (item: T) => object | undefined,
): { readonly items: readonly string[]; readonly last?: T } => {
  const items: string[] = [];
  let [chars, looked] = [0, 0];
  let last: T | undefined;
  for (const one of all) {
    if (looked++ >= limit) return last === undefined ? { items } : { items, last };
    const shown = form(one);
    const item = shown === undefined ? undefined : JSON.stringify(shown);
    chars += item?.length ?? 0;
    if (chars > maxPageChars && items.length > 0) return last === undefined ? { items } : { items, last };
    if (item !== undefined) items.push(item);
    last = one;
  }
  return { items };
};
