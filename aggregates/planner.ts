/**
 * Chooses among candidates, purely: placement, the next wave of a rollout, an address. A procedure declares the
 * snapshot by what it reads, asks the planner, and makes commands of the choices, each of which its aggregate may still
 * refuse. `harness/plans` holds a planner to its laws.
 */
export type Planner<Snapshot, Choice> = (snapshot: Snapshot) => Plan<Choice>;

export interface Plan<Choice> {
  /** By the id of what was to be planned, in order of ids. */
  readonly chosen: readonly { readonly id: string; readonly choice: Choice }[];
  /** What could not be planned, each with the reason that an operator would ask for, in order of ids. */
  readonly waiting: readonly { readonly id: string; readonly reason: string }[];
}
