import type { Fact, Kind } from '#aggregates/facts';
import type { ViewSpec } from '#commands/view';

/**
 * A read model: what callers see of an object, computed from its recorded state. Because every state is kept with the
 * positions between which it held, a view answers for any moment of the past without a table of its own.
 */
export interface View<S, Row> {
  readonly spec: ViewSpec<Row>;
  readonly kind: Kind<S>;
  row(fact: Fact<S>): Row;
}

export interface AnyView {
  readonly spec: ViewSpec<unknown>;
  readonly kind: Kind<unknown>;
  row(fact: Fact<unknown>): unknown;
}
