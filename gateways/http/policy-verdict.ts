import { applyBatch, type BatchCommand } from '#commands/cluster/batch';
import type { AnyCommand } from '#commands/command';
import type { Access, Explanation, Grant, Question, Standing } from '#aggregates/access';
import type { Facts } from '#aggregates/facts';
import { askedOf, resourceOf, type Asked } from '#log/authority';
import type { Engine } from '#log/engine';
import type { Outcome } from '#log/outcome';
import { askedBy } from '#log/try';
import { shown } from '#gateways/http/resource';

/** Who may do what, at one moment or as it would be. */
export interface Policy {
  readonly facts: Facts;
  readonly standing: (principal: string) => Standing;
  readonly explain: (question: Question) => Explanation;
}

/** Standings that are kept of one policy; the next one begins anew. */
const maxKept = 5_000;

export const policyOf = (access: Access, facts: Facts): Policy => {
  const kept = new Map<string, Standing>();
  return {
    facts,
    standing: (principal) => {
      const known = kept.get(principal);
      if (known !== undefined) return known;
      if (kept.size >= maxKept) kept.clear();
      // A session that has ended since says nothing of what is granted.
      const standing = access.standing(facts, principal, undefined);
      kept.set(principal, standing);
      return standing;
    },
    explain: (question) => access.explain(facts, question),
  };
};

/** An answer that changes, and because of what. */
export interface Changed {
  readonly permission: string;
  readonly resource: string;
  readonly was: 'allowed' | 'refused';
  readonly wouldBe: 'allowed' | 'refused';
  readonly because?: (Grant & { readonly policy: 'present' | 'proposed' }) | { readonly ended: string };
}

/** What a request would come to under each of two policies; `body` is unknown when its entry is gone. */
export const verdictOf = (
  engine: Engine,
  present: Policy,
  proposed: Policy,
  outcome: Outcome,
  body: unknown,
): Changed | 'same' | 'unjudged' => {
  const asked = askedFor(engine, outcome, body);
  if (asked === undefined) return 'unjudged';
  const { principal, address, nowMs: now } = outcome;
  const asker = { principal, credential: '', address, now };
  const refusedBy = (policy: Policy): Asked | undefined => {
    const standing = policy.standing(principal);
    if (standing.ended(now) !== undefined) return asked[0];
    return asked.find(({ permission, target }) => !standing.permits(permission, target, asker, policy.facts));
  };
  const [was, wouldBe] = [refusedBy(present), refusedBy(proposed)];
  if ((was === undefined) === (wouldBe === undefined)) return 'same';
  const decisive = was ?? wouldBe;
  if (decisive === undefined) return 'same';
  const question = { principal, address, now, ...decisive };
  const because = becauseOf(present.explain(question), proposed.explain(question));
  return {
    permission: decisive.permission,
    resource: shown(resourceOf(decisive.target)),
    was: was === undefined ? 'allowed' : 'refused',
    wouldBe: wouldBe === undefined ? 'allowed' : 'refused',
    ...(because === undefined ? {} : { because }),
  };
};

/** The binding that makes the difference: one that would decide, or one that decides now and would not. */
const becauseOf = (present: Explanation, proposed: Explanation): Changed['because'] => {
  if (proposed.ended !== undefined) return { ended: proposed.ended };
  const deciding = ({ binding, considered }: Explanation, policy: 'present' | 'proposed') => {
    const found = considered.find((one) => one.binding === binding);
    if (found === undefined) return undefined;
    const { subject, role, effect, place } = found;
    return { binding: found.binding, subject, role, effect, place, policy };
  };
  return deciding(proposed, 'proposed') ?? deciding(present, 'present');
};

/** Everything that a request asks for; undefined when that cannot be told any more. */
const askedFor = (engine: Engine, { kind, id, result }: Outcome, body: unknown): readonly Asked[] | undefined => {
  const { vocabulary } = engine;
  const spec = vocabulary.commands.get(kind);
  if (spec === undefined || spec.internal || result.status === 'duplicate') return [];
  if (spec.permission !== undefined) {
    // Of a creation the first event says whose it is, too.
    const events = result.status === 'accepted' ? result.events : [];
    const known = body ?? events.find((event) => event.id === id && event.kind.startsWith(`${spec.noun}.`))?.body;
    const asked = askedOf(vocabulary, { kind, id, body: known }, engine.facts);
    return asked === undefined ? [] : [asked];
  }
  return body === undefined ? undefined : askedWithin(engine, { kind, id, body });
};

/** What the commands of a batch ask for, or those that a transaction would run now. */
const askedWithin = (engine: Engine, command: AnyCommand): readonly Asked[] => {
  if (command.kind !== applyBatch.kind) return askedBy(engine, command);
  const { commands = [] } = command.body as Partial<BatchCommand['body']>;
  return commands.flatMap((one) => {
    const inner = { kind: one.command, id: one.id ?? '', body: one.body ?? {} };
    const asked = askedOf(engine.vocabulary, inner, engine.facts);
    if (asked !== undefined) return [asked];
    return inner.kind === applyBatch.kind ? [] : askedBy(engine, inner);
  });
};
