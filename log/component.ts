import type { Access } from '#aggregates/access';
import type { AnyAggregate } from '#aggregates/aggregate';
import type { AnyProcedure, Reaction } from '#aggregates/procedure';
import type { AnyView } from '#projections/view';

/** Everything one component adds to the system, as data. The list of them is `gateways/catalog.ts`. */
export interface Component {
  readonly name: string;
  readonly summary: string;
  readonly aggregates: readonly AnyAggregate[];
  readonly procedures: readonly AnyProcedure[];
  readonly reactions: readonly Reaction[];
  readonly views: readonly AnyView[];
  /** Who may do what, from the one component that keeps identities. */
  readonly access?: Access;
}
