/** Gives the canonical value, or `refused` without saying why. */
export type Decoder = (input: unknown) => unknown;

/** Not a value of any codec. */
export const refused: unique symbol = Symbol('refused');
