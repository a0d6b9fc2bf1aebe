import { left, type Either } from 'fp-ts/lib/Either';
import type { Rejection } from '#commands/rejection';
import { OverBudget } from '#log/budget';

/**
 * Decides, and makes refusals of what is thrown. A defect in a decider must not stop every replica at one position, so
 * it is refused as `command.poisoned`, the same everywhere; the refusal names the kind of error and nothing else, since
 * messages differ between builds. A fault of the process is no property of the command and is thrown on.
 */
export const guarded = <A>(decide: () => Either<Rejection, A>): Either<Rejection, A> => {
  try {
    return decide();
  } catch (error) {
    if (error instanceof OverBudget) return left(error.rejection);
    if (isFault(error)) throw error;
    return left({ code: 'command.poisoned', detail: { error: nameOf(error) } });
  }
};

/** Errors of Node's core that mean a lack of memory; its other codes are of wrong arguments, which are defects. */
const memoryCodes: readonly unknown[] = ['ERR_MEMORY_ALLOCATION_FAILED', 'ERR_BUFFER_OUT_OF_MEMORY'];

/** Memory, stack, disk or store: the same entry may be decided elsewhere, or here once more. */
const isFault = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && error.code !== undefined) {
    const isOfCore = typeof error.code === 'string' && error.code.startsWith('ERR_');
    return !isOfCore || memoryCodes.includes(error.code);
  }
  // V8 has one class for these and for an argument out of range.
  return nameOf(error) === 'RangeError' && /call stack|allocation|memory/i.test(messageOf(error));
};

// Structural, since a test runner may load this in another realm than the one that throws.
const nameOf = (error: unknown): string => textAt(error, 'name') ?? 'thrown';

const messageOf = (error: unknown): string => textAt(error, 'message') ?? '';

const textAt = (value: unknown, name: string): string | undefined => {
  const found = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : '';
  return typeof found === 'string' && found !== '' ? found : undefined;
};
