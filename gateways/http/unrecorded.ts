import { Full, Overloaded, Unknown } from '#log/engine';
import { refusal, type Answer } from '#gateways/http/answer';

/** What to answer when a command has no outcome. Throws what is no word of the engine. */
export const unrecorded = (error: unknown): Answer => {
  if (error instanceof Full) return refusal('node.full', { reason: error.message });
  if (error instanceof Overloaded) return refusal('node.overloaded', { reason: error.message }, { 'retry-after': '1' });
  if (error instanceof Unknown) return refusal('outcome.unknown');
  throw error;
};
