/** Set by `npm run test:long`: the tests in full, hours instead of minutes. */
const inFull = process.env['ULTRACLOUD_LONG'] === '1';

/** How much a test does: little enough for `npm test`, or all of it. */
export const extent = (bounded: number, full: number): number => (inFull ? full : bounded);
