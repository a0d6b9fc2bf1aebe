import { isLeft, left, right, type Either } from 'fp-ts/lib/Either';
import { decode } from '#commands/codec/decode';
import { instantFromText } from '#commands/codec/instant';
import type { AnyCommand } from '#commands/command';
import { categories } from '#commands/rejection';
import type { Access } from '#aggregates/access';
import { breakGlass } from '#log/authority';
import type { Engine } from '#log/engine';
import type { Outcome } from '#log/outcome';
import { lastUpTo } from '#log/past';
import { suppose } from '#log/try';
import { answer, malformed, type Answer, type Ask } from '#gateways/http/answer';
import { batchCommands } from '#gateways/http/batch-body';
import { rejectedForm, type Form, type Forms } from '#gateways/http/event-form';
import { isUnlimited } from '#gateways/http/explained';
import { policyOf, verdictOf, type Policy } from '#gateways/http/policy-verdict';
import { queryReader } from '#gateways/http/query';
import { recordedRequests } from '#gateways/http/recorded-requests';
import type { Node } from '#gateways/node';
import { PolicyTrial } from '#gateways/rights-routes';

const readNothing = queryReader({});

const defaultListed = 100;

/** Positions that one answer is about; the next one goes on. */
const maxPositions = 20_000;

/** Judges recorded requests under what is granted now, and under what would be after some commands. */
export const policyTrial = async (node: Node, access: Access, forms: Forms, ask: Ask): Promise<Answer> => {
  const { engine } = node;
  const read = readNothing(ask.query);
  const trial = decode(PolicyTrial, ask.body === undefined ? {} : ask.body);
  if (isLeft(read) || isLeft(trial)) {
    return malformed([read, trial].flatMap((part) => (isLeft(part) ? part.left : [])));
  }
  const { since, limit = defaultListed } = trial.right;
  const commands = batchCommands(engine.vocabulary, trial.right.commands, 'commands');
  if (isLeft(commands)) return malformed(commands.left);
  const first = firstOf(engine, since);
  if (isLeft(first)) return first.left;
  const from = first.right;
  const head = engine.head.position;
  const to = Math.min(head, from + maxPositions - 1);
  const items: Form[] = [];
  const counts = { judged: 0, lost: 0, gained: 0, unjudged: 0 };
  let policies = policiesOf(engine, access, commands.right);
  let through = to;
  for await (const { outcome, body } of recordedRequests(node, from, to)) {
    if (policies.changedAt !== access.changedAt(engine.facts)) policies = policiesOf(engine, access, commands.right);
    if (policies.refused !== undefined) break;
    if (isUnlimited(outcome.principal)) {
      counts.judged++;
      continue;
    }
    const verdict = verdictOf(engine, policies.present, policies.proposed, outcome, body);
    if (verdict === 'unjudged') {
      counts.unjudged++;
      continue;
    }
    counts.judged++;
    if (verdict === 'same') continue;
    counts[verdict.wouldBe === 'allowed' ? 'gained' : 'lost']++;
    items.push({ ...aboutOf(forms, outcome), ...verdict });
    if (items.length < limit) continue;
    through = outcome.position;
    break;
  }
  if (policies.refused !== undefined) return refusedAnswer(policies.refused, engine.head.position);
  const { first: oldestEntry } = await node.operations.logBounds();
  const next = through < head ? { next: through + 1 } : {};
  return answer({ from, to: through, oldestEntry, ...counts, items, ...next });
};

/** Of a time, the first position after it. */
const firstOf = (engine: Engine, since: unknown): Either<Answer, number> => {
  const { position: newest } = engine.head;
  const problem = (expected: string): Either<Answer, never> =>
    left(malformed([{ path: 'since', expected, got: JSON.stringify(since) }]));
  const position = typeof since === 'string' && /^[0-9]{1,16}$/.test(since) ? Number(since) : since;
  if (typeof position === 'number') {
    if (!Number.isSafeInteger(position) || position < 0) return problem('a position, or a time');
    return position > newest ? problem(`a position up to ${newest}`) : right(Math.max(1, position));
  }
  const instant = typeof since === 'string' ? instantFromText(since) : undefined;
  if (instant === undefined) return problem('a position, or a time such as 2026-01-31T12:00:00Z');
  if (instant > engine.now) return problem('a time that has passed');
  return right(Math.min(newest, lastUpTo(engine.rows, newest, instant) + 1));
};

interface Policies {
  readonly changedAt: number;
  readonly present: Policy;
  readonly proposed: Policy;
  /** The first of the commands that would be refused. */
  readonly refused: Outcome | undefined;
}

/** They are tried as whoever may do everything: who asks may read the log, and need not be one who could make them. */
const policiesOf = (engine: Engine, access: Access, commands: readonly AnyCommand[]): Policies => {
  const who = { principal: breakGlass, credential: 'trial', address: '', source: 'http' };
  const supposed = suppose(
    engine,
    commands.map((command) => ({ ...command, ...who })),
  );
  return {
    changedAt: access.changedAt(engine.facts),
    present: policyOf(access, engine.facts),
    proposed: policyOf(access, supposed.facts),
    refused: supposed.outcomes.find(({ result }) => result.status === 'rejected'),
  };
};

const refusedAnswer = ({ kind, result }: Outcome, position: number): Answer => {
  if (result.status !== 'rejected') throw new Error('a command that was not refused is no refusal');
  const text = JSON.stringify({ ...rejectedForm(result, position), command: kind });
  return { status: categories[result.category].status, text, position };
};

const aboutOf = (forms: Forms, outcome: Outcome): Form => {
  const { position, time, command, principal, source, address } = forms.outcome({
    ...outcome,
    result: { status: 'duplicate', original: 0 },
  });
  return { position, time, principal, command, source, ...(address === undefined ? {} : { address }) };
};
