/** One thing that a client asked for, and what it was told. */
export interface Operation<A> {
  readonly client: number;
  /** Operations on different keys have nothing to do with one another. */
  readonly key: string;
  readonly action: A;
  /** Undefined: nobody knows whether it happened; if so, at any time after `from`. */
  readonly answer: string | undefined;
  /** When it was asked and answered, on one clock for all clients on which no two moments are equal. */
  readonly from: number;
  readonly until: number;
}

/** What a key does on its own, one operation after the other. */
export interface Model<S, A> {
  readonly initial: S;
  readonly apply: (state: S, action: A) => { readonly state: S; readonly answer: string };
  /** Equal for equal states only. */
  readonly nameOf: (state: S) => string;
}
