import type { Either } from 'fp-ts/lib/Either';
import type { Rejection, RejectionSpec } from '#commands/rejection';
import type { ViewSpec } from '#commands/view';
import type { Fact, Facts, Kind } from '#aggregates/facts';
import type { Bounds, Page, Selection } from '#projections/selection';

/**
 * A read model: what callers see of an object, computed from its recorded state. Because every state is kept with the
 * positions between which it held, a view answers for any moment of the past without a table of its own.
 */
export interface View<S, Row, Filters = Readonly<Record<string, unknown>>> {
  readonly spec: ViewSpec<Row>;
  readonly kind: Kind<S>;
  /** `facts` are those of the position that is read, for what a row says of other objects. */
  row(fact: Fact<S>, facts: Facts): Row;
  /**
   * The page of a list that these filters ask for, found without reading what they leave out. Absent when the view has
   * no filters: a list is then every object in order of id (`pageOf`).
   */
  select?(filters: Filters, facts: Facts, page: Page): Either<Rejection, Selection<S>>;
  /** Why `select` may refuse. */
  readonly rejections?: Readonly<Record<string, RejectionSpec>>;
  /** The ids that these filters let through, where a range says it: only then can what they ask for be watched. */
  range?(filters: Filters): Bounds | undefined;
  /** What a read gets that asks for no consistency; absent: every read is linearizable unless it asks. */
  consistency?(asked: Asked<Filters>, facts: Facts): Consistency;
}

/** Everything acknowledged before is seen, or what this replica has. */
export type Consistency = 'linearizable' | 'local';

/** One object, or the list that filters let through. */
export type Asked<Filters> = { readonly id: string } | { readonly filters: Filters };

export interface AnyView {
  readonly spec: ViewSpec<unknown>;
  readonly kind: Kind<unknown>;
  row(fact: Fact<unknown>, facts: Facts): unknown;
  select?(filters: Readonly<Record<string, unknown>>, facts: Facts, page: Page): Either<Rejection, Selection<unknown>>;
  readonly rejections?: Readonly<Record<string, RejectionSpec>>;
  range?(filters: Readonly<Record<string, unknown>>): Bounds | undefined;
  consistency?(asked: Asked<Readonly<Record<string, unknown>>>, facts: Facts): Consistency;
}
