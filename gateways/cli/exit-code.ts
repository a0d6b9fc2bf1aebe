import { categories, type Category } from '#commands/rejection';

/** What a script may rely on; ARCHITECTURE 7. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  dryRunHasChanges: 3,
  absent: 4,
  conflict: 5,
  denied: 6,
  exhausted: 7,
  timedOut: 8,
} as const;

const byStatus: ReadonlyMap<number, number> = new Map([
  [400, exitCodes.usage],
  [401, exitCodes.denied],
  [403, exitCodes.denied],
  [404, exitCodes.absent],
  [409, exitCodes.conflict],
  [410, exitCodes.absent],
  [412, exitCodes.conflict],
  [413, exitCodes.usage],
  [422, exitCodes.usage],
  [504, exitCodes.timedOut],
  [507, exitCodes.exhausted],
]);

const isCategory = (name: unknown): name is Category => typeof name === 'string' && Object.hasOwn(categories, name);

/** The category of a problem decides; a status without one is what proxies and older servers answer. */
export const exitCodeOf = (status: number, category: unknown): number => {
  // A 504 is an unknown outcome whatever its category says: the command may have been recorded.
  if (status === 504) return exitCodes.timedOut;
  return isCategory(category) ? categories[category].exitCode : (byStatus.get(status) ?? exitCodes.failed);
};
