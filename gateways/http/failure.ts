import { Full } from '#log/engine';
import { refusal, type Answer } from '#gateways/http/answer';

/** What to answer when something was thrown; defects are told to `onDefect`, and callers learn nothing of them. */
export const failureAnswer =
  (onDefect: (error: Error) => void) =>
  (error: unknown): Answer => {
    if (error instanceof Full || hasNoSpace(error)) return refusal('node.full', { reason: error.message });
    onDefect(error instanceof Error ? error : new Error(String(error)));
    return refusal('gateway.defect');
  };

const hasNoSpace = (error: unknown): error is Error => (error as { code?: unknown } | null)?.code === 'ENOSPC';
