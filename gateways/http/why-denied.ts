import { isLeft } from 'fp-ts/lib/Either';
import { applyBatch, type BatchCommand } from '#commands/cluster/batch';
import type { AnyCommand } from '#commands/command';
import type { Access } from '#aggregates/access';
import type { Facts } from '#aggregates/facts';
import { askedOf, askedOfRange, resourceOf, type Asked } from '#log/authority';
import { positionOfRequest } from '#log/decide';
import type { Outcome, Rejected } from '#log/outcome';
import { factsAt } from '#log/past';
import type { Vocabulary } from '#log/vocabulary';
import { answer, malformed, rejection, type Answer, type Ask } from '#gateways/http/answer';
import type { Forms } from '#gateways/http/event-form';
import { explanationForm, hiddenForm, isUnlimited } from '#gateways/http/explained';
import { judged } from '#gateways/http/judge';
import { pastAt } from '#gateways/http/moment';
import { queryReader } from '#gateways/http/query';
import { rangeNamed, shown } from '#gateways/http/resource';
import type { Node } from '#gateways/node';
import { whyDeniedParameters } from '#gateways/rights-routes';

const readQuery = queryReader(whyDeniedParameters);

/** Newest outcomes that are looked through for a request id that is not remembered any more. */
const maxSeen = 5_000;
const pageOutcomes = 256;

/** Refusals that come from who may do what. */
const codes: readonly string[] = ['request.forbidden', 'object.absent', 'credential.ended', 'iam.escalation'];

/** Why a recorded request was refused: judged on the position before it, as it was sent. */
export const whyDenied = async (
  node: Node,
  access: Access,
  forms: Forms,
  { params, query, principal: caller }: Ask,
): Promise<Answer> => {
  const read = readQuery(query);
  if (isLeft(read)) return malformed(read.left);
  const { engine } = node;
  const wanted = decoded(params['request'] ?? '');
  const seesAll = node.refuses(caller, 'log.read') === undefined;
  const sees = ({ principal }: Outcome): boolean => seesAll || principal === caller.name;
  const whose = (read.right['principal'] as string | undefined) ?? caller.name;
  const outcome = recordedFor(node, wanted, whose, sees);
  if (outcome === undefined) {
    const absence = {
      category: 'absent' as const,
      summary: 'No such request is recorded, or it is not one of yours.',
      fix: 'Give the position that the refusal named, or the idempotency key that the request was sent with.',
    };
    const instead = seesAll || whose === caller.name ? undefined : judged(node, caller, 'log.read');
    return instead ?? rejection({ code: 'request.absent' }, absence, engine.head.position);
  }
  const { result, position, principal, credential, address, nowMs } = outcome;
  if (result.status !== 'rejected') return answer({ position, outcome: result.status, denied: false });
  const refused = forms.outcome(outcome);
  if (!codes.includes(result.code)) return answer({ ...refused, denied: false });
  if (isUnlimited(principal)) return answer({ ...refused, denied: true, reason: 'internal', considered: [] });
  const past = pastAt(node, position - 1);
  const before = factsAt(engine.rows, position - 1, engine.vocabulary, past.onRead);
  const asked = await askedAt(node, outcome, result, before);
  if (asked === undefined) return answer({ ...refused, denied: true, reason: 'unknown', considered: [] });
  const question = { principal, credential, address, now: nowMs, ...asked };
  const explained = access.explain(before, question);
  const gone = past.gone();
  if (gone !== undefined) return gone;
  const isHidden = result.code === 'object.absent' && !seesAll;
  const { allowed: _allowed, ...why } = isHidden
    ? hiddenForm(explained)
    : explanationForm(principal, asked.target, explained);
  const { permission } = asked;
  return answer({ ...refused, denied: true, permission, resource: shown(resourceOf(asked.target)), ...why });
};

/** As it is when it is no percent-encoded text: no request is named so. */
const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

/** The outcome at a position, or of the newest request of this id. */
const recordedFor = (
  { engine }: Node,
  wanted: string,
  whose: string,
  sees: (outcome: Outcome) => boolean,
): Outcome | undefined => {
  const position = /^[0-9]{1,16}$/.test(wanted) ? Number(wanted) : positionOfRequest(engine.rows, whose, wanted);
  const found = position === undefined ? undefined : engine.outcome(position);
  if (found !== undefined && sees(found)) return found;
  const head = engine.head.position;
  for (let to = head, left = maxSeen; to > 0 && left > 0; to -= pageOutcomes, left -= pageOutcomes) {
    const page = engine.outcomes(Math.max(1, to - pageOutcomes + 1), Math.min(to, pageOutcomes));
    const named = page.findLast(
      (one) => one.position <= to && (one.requestId === wanted || one.submission === wanted) && sees(one),
    );
    if (named !== undefined) return named;
  }
  return undefined;
};

/** What was refused to a request: the first that it asked for of what the refusal names. */
const askedAt = async (
  node: Node,
  outcome: Outcome,
  { code, detail = {} }: Rejected,
  before: Facts,
): Promise<Asked | undefined> => {
  const { vocabulary } = node.engine;
  const entry = await node.operations.readEntry(outcome.position);
  const body = entry?.body ?? {};
  const index = detail['commandIndex'];
  const command = commandAt({ kind: outcome.kind, id: outcome.id, body }, index);
  const own = command === undefined ? undefined : askedOf(vocabulary, command, before);
  const { permission, resource } = detail;
  const isOwn = own !== undefined && (resource === undefined || resourceOf(own.target) === resource);
  // Nobody hands on what they do not hold: what is missing is named, and not what was asked for.
  if (isOwn && (permission === undefined || permission === own.permission)) return own;
  if (typeof resource !== 'string') return own;
  const named = namedIn(vocabulary, code, resource, own);
  if (named === 'unknown') return undefined;
  const missing = typeof permission === 'string' ? permission : own?.permission;
  return missing === undefined ? undefined : askedOfRange(vocabulary, missing, named, before);
};

const namedIn = (vocabulary: Vocabulary, code: string, resource: string, own: Asked | undefined) => {
  if (resource === 'cluster') return undefined;
  const range = rangeNamed(vocabulary, resource);
  if (range !== undefined) return range;
  return code === 'iam.escalation' ? own?.target.objects : ('unknown' as const);
};

/** The command itself, or the one of a batch that was refused. */
const commandAt = (command: AnyCommand, index: string | number | undefined): AnyCommand | undefined => {
  if (command.kind !== applyBatch.kind) return command;
  const { commands = [] } = command.body as Partial<BatchCommand['body']>;
  const one = typeof index === 'number' ? commands[index] : undefined;
  return one === undefined ? undefined : { kind: one.command, id: one.id ?? '', body: one.body ?? {} };
};
