/** What may wait in memory before the store has it, in rows and in bytes of entries. */
export interface EngineBounds {
  /**
   * So much is written to the store. The more, the fewer pages of the store are written for each row; it bounds what a
   * start decides again and what a commit costs.
   */
  readonly flush: { readonly rows: number; readonly bytes: number };
  /** With a commit under way and this much more in memory, the log waits for the disk. */
  readonly stall: { readonly rows: number; readonly bytes: number };
}

export const engineBounds: EngineBounds = {
  flush: { rows: 60_000, bytes: 32 * 2 ** 20 },
  stall: { rows: 200_000, bytes: 128 * 2 ** 20 },
};
