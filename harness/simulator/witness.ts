import { createHash } from 'node:crypto';
import { encodeOutcome, type Outcome } from '#log/outcome';

/** What clients were told and replicas have shown; whatever does not fit together is an invariant broken. */
export interface Witness {
  /** A replica shows an outcome. */
  shown(replica: string, outcome: Outcome): string | undefined;
  /** A replica has this chain hash behind a position. */
  hashed(replica: string, position: number, hash: Buffer): string | undefined;
  /** A client was told an outcome. */
  told(outcome: Outcome): string | undefined;
  /** A replica that has everything; `found` reads its outcomes. */
  complete(replica: string, found: (position: number) => Outcome | undefined): string | undefined;
  readonly counted: { accepted: number; rejected: number; duplicates: number };
}

export const openWitness = (): Witness => {
  const counted = { accepted: 0, rejected: 0, duplicates: 0 };
  const outcomes = new Map<number, string>();
  const hashes = new Map<number, string>();
  const carriedOut = new Map<string, number>();
  const acknowledged = new Map<number, string>();
  const textOf = (outcome: Outcome): string => createHash('sha256').update(encodeOutcome(outcome)).digest('base64url');

  return {
    counted,
    shown: (replica, outcome) => {
      const { position, result } = outcome;
      const text = textOf(outcome);
      const known = outcomes.get(position);
      if (known !== undefined) {
        return known === text ? undefined : `replica ${replica} differs at ${position}: another outcome`;
      }
      outcomes.set(position, text);
      counted[result.status === 'duplicate' ? 'duplicates' : result.status]++;
      const { requestId, principal } = outcome;
      if (requestId === undefined || result.status !== 'accepted') return undefined;
      const name = `${principal} ${requestId}`;
      const before = carriedOut.get(name);
      carriedOut.set(name, position);
      return before === undefined ? undefined : `request ${requestId} was carried out twice: ${before}, ${position}`;
    },
    hashed: (replica, position, hash) => {
      const known = hashes.get(position);
      hashes.set(position, hash.toString('hex'));
      return known === undefined || known === hashes.get(position)
        ? undefined
        : `replica ${replica} differs at ${position}: another hash`;
    },
    told: (outcome) => {
      const { position } = outcome;
      acknowledged.set(position, textOf(outcome));
      const shown = outcomes.get(position);
      if (shown === undefined) return `position ${position} was acknowledged and is shown by no replica`;
      return shown === textOf(outcome) ? undefined : `position ${position} was answered with another outcome`;
    },
    complete: (replica, found) => {
      for (const [position, text] of acknowledged) {
        const outcome = found(position);
        if (outcome === undefined) return `replica ${replica} has lost position ${position}, which was acknowledged`;
        if (textOf(outcome) !== text)
          return `replica ${replica} has something else at ${position} than was acknowledged`;
      }
      return undefined;
    },
  };
};
