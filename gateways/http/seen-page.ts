import { isLeft, right, type Either } from 'fp-ts/lib/Either';
import type { Rejection } from '#commands/rejection';
import type { Page, Selection } from '#projections/selection';
import { maxPageChars } from '#gateways/http/page';

/** Objects that are looked at for one page, shown or not; behind them the page ends, be it full or not. */
const maxLooked = 2_000;

/** Objects read at once. */
const objectsAtOnce = 100;

export interface SeenTexts {
  readonly items: readonly string[];
  /** Absent at the end of the list. */
  readonly cursor?: string;
  /** Whether the cursor names an object that was not shown. */
  readonly hidden: boolean;
}

/** The JSON texts of a page that a view selects, without the objects that may not be seen. */
export const seenTexts = <S>(
  page: Page,
  select: (part: Page) => Either<Rejection, Selection<S>>,
  text: (fact: Selection<S>['facts'][number]) => string,
  maySee: (id: string) => boolean,
): Either<Rejection, SeenTexts> => {
  const items: string[] = [];
  let [chars, looked, hidden] = [0, 0, false];
  let { after } = page;
  for (;;) {
    const part = after === undefined ? {} : { after };
    /** Ends the page behind so many objects of the part; only the view knows what its cursors mean. */
    const endBehind = (taken: number): Either<Rejection, SeenTexts> => {
      if (taken === 0) return right({ items, ...(after === undefined ? {} : { cursor: after }), hidden });
      const selected = select({ ...part, limit: taken });
      return isLeft(selected) ? selected : right({ items, ...cursorOf(selected.right), hidden });
    };
    const selected = select({ ...part, limit: objectsAtOnce });
    if (isLeft(selected)) return selected;
    const { facts, cursor } = selected.right;
    for (const [at, fact] of facts.entries()) {
      if (!maySee(fact.id)) {
        hidden = true;
        continue;
      }
      const item = text(fact);
      chars += item.length;
      if (chars > maxPageChars && items.length > 0) return endBehind(at);
      items.push(item);
      hidden = false;
      if (items.length >= page.limit) return endBehind(at + 1);
    }
    looked += facts.length;
    if (cursor === undefined) return right({ items, hidden });
    if (looked >= maxLooked) return right({ items, cursor, hidden });
    after = cursor;
  }
};

const cursorOf = ({ cursor }: Selection<unknown>): { readonly cursor?: string } =>
  cursor === undefined ? {} : { cursor };
