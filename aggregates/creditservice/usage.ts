import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import {
  beginUsage,
  changeUsage,
  chargeUsage,
  endUsage,
  UsageBegan,
  UsageChanged,
  UsageCharged,
  UsageEnded,
  UsageLapsed,
  type UsageSegment,
  UsageUnfunded,
  type UsageCommand,
} from '#commands/creditservice/usage';
import { projectIn } from '#commands/tenant';
import type { Aggregate } from '#aggregates/aggregate';
import {
  grows,
  reservedFrom,
  roomFor,
  segmentFrom,
  settlementsOfHours,
  settlementsUntil,
  type Reservation,
  type Settlement,
} from '#aggregates/creditservice/settlement';
import { walletShort } from '#aggregates/creditservice/wallet';
import { accept, impossible, reject, type Decision, type Moment } from '#aggregates/decision';
import type { Facts } from '#aggregates/facts';
import { currentPrices, hourMs, usageKind, type Segment, type Usage } from '#aggregates/metering';
import { ownedByProject, projectAbsent, projectKind } from '#aggregates/owners';
import { same } from '#aggregates/same';

/** How long something goes on that cannot be paid: long enough for somebody to see it and to act. */
const graceMs = 24 * hourMs;

/** Usages that wait for credits, by project. */
export const unfundedUsages = 'usage.unfunded';

export type UsageEvent =
  | { readonly kind: 'usage.began'; readonly body: TypeOf<typeof UsageBegan> }
  | { readonly kind: 'usage.charged'; readonly body: TypeOf<typeof UsageCharged> }
  | { readonly kind: 'usage.changed'; readonly body: TypeOf<typeof UsageChanged> }
  | { readonly kind: 'usage.unfunded'; readonly body: TypeOf<typeof UsageUnfunded> }
  | { readonly kind: 'usage.lapsed'; readonly body: TypeOf<typeof UsageLapsed> }
  | { readonly kind: 'usage.ended'; readonly body: TypeOf<typeof UsageEnded> };

const rejections = {
  ...projectAbsent,
  ...walletShort,
  'usage.absent': {
    category: 'absent',
    summary: 'Nothing is charged under this id.',
    fix: 'Begin it first, or correct the id.',
  },
  'usage.exists': {
    category: 'conflict',
    summary: 'This is charged already, with other quantities.',
    fix: 'Change the quantities, or end it first.',
  },
} as const;

type Decided = Decision<UsageEvent, keyof typeof rejections>;

export const usage: Aggregate<Usage, UsageCommand, UsageEvent, keyof typeof rejections> = {
  kind: usageKind,
  summary: 'Something that is charged while it is there.',
  commands: [beginUsage, changeUsage, endUsage, chargeUsage],
  events: {
    'usage.began': UsageBegan,
    'usage.charged': UsageCharged,
    'usage.changed': UsageChanged,
    'usage.unfunded': UsageUnfunded,
    'usage.lapsed': UsageLapsed,
    'usage.ended': UsageEnded,
  },
  rejections,
  indexes: { [unfundedUsages]: ({ phase, project }) => (phase === 'unfunded' ? [project] : []) },
  owners: ownedByProject,
  due: ({ phase, heldUntilMs, lapsesMs }) => (phase === 'funded' ? heldUntilMs : lapsesMs),
  onDue: chargeUsage.kind,

  decide(state, command, facts, moment) {
    if (command.kind === 'usage.begin') {
      if (state !== undefined) {
        return same(state.quantities, command.body.quantities) ? accept() : reject('usage.exists');
      }
      return begin(command.id, command.body.quantities, facts, moment);
    }
    if (command.kind === 'usage.change') {
      return state === undefined
        ? reject('usage.absent')
        : change(command.id, state, command.body.quantities, facts, moment);
    }
    if (state === undefined) return accept();
    if (command.kind === 'usage.charge') return charge(command.id, state, facts, moment);
    const room = roomFor(facts, command.id, state.project);
    const { amount, atMs } = payable(settlementsUntil(state, moment.now), room);
    return accept({ kind: 'usage.ended', body: { amountMicroCredits: amount, ...closedOf(state, atMs) } });
  },

  evolve(state, event) {
    if (event.kind === 'usage.began') return { ...begun(event.body), phase: 'funded' };
    if (state === undefined) return impossible(event);
    const { lapsesMs: _lapses, ...lasting } = state;
    switch (event.kind) {
      case 'usage.charged': {
        const { paidUntil, heldUntil } = event.body;
        return { ...lasting, phase: 'funded', paidUntilMs: paidUntil, heldUntilMs: heldUntil };
      }
      case 'usage.changed': {
        const { phase, lapsesAt } = event.body;
        return { ...begun(event.body), phase, ...(lapsesAt === undefined ? {} : { lapsesMs: lapsesAt }) };
      }
      case 'usage.unfunded': {
        const { paidUntil, lapsesAt } = event.body;
        return { ...state, phase: 'unfunded', paidUntilMs: paidUntil, heldUntilMs: paidUntil, lapsesMs: lapsesAt };
      }
      case 'usage.lapsed':
        return { ...lasting, phase: 'lapsed', fromMs: state.paidUntilMs, heldUntilMs: state.paidUntilMs };
      case 'usage.ended':
        return undefined;
    }
  },
};

/** A segment at its beginning. */
const begun = (body: TypeOf<typeof UsageBegan> | TypeOf<typeof UsageChanged>): Omit<Usage, 'phase'> => {
  const { project, from, quantities, priceList, prices, heldUntil } = body;
  const priced = priceList === undefined ? { prices } : { priceList, prices };
  return { project, fromMs: from, quantities, ...priced, paidUntilMs: from, heldUntilMs: heldUntil };
};

/** A segment as events have it. Ids of states were let through by codecs. */
const written = (project: string, { fromMs, quantities, priceList, prices }: Segment) => ({
  project: project as Id<'project'>,
  from: fromMs,
  quantities,
  ...(priceList === undefined ? {} : { priceList: priceList as Id<'price-list'> }),
  prices,
});

/** What is kept for bills when a segment ends; nothing of one that took no time. */
const closedOf = (state: Usage, toMs: number): { readonly closed?: TypeOf<typeof UsageSegment> } =>
  state.phase === 'lapsed' || toMs <= state.fromMs ? {} : { closed: { ...written(state.project, state), to: toMs } };

const reservation = ({ held, heldUntilMs }: Reservation) => ({ heldMicroCredits: held, heldUntil: heldUntilMs });

/** The first settlement that leaves enough for what follows; the last one can always be paid. */
const payable = (settlements: readonly Settlement[], room: number, then = 0): Settlement => {
  const found = settlements.find(({ amount }) => amount + then <= room) ?? settlements.at(-1);
  if (found === undefined) throw new Error('a usage has nothing to settle');
  return found;
};

const begin = (id: string, quantities: Usage['quantities'], facts: Facts, { now }: Moment): Decided => {
  const project = projectIn(id);
  if (facts.get(projectKind, project) === undefined) return reject('project.absent', { project });
  const segment = { fromMs: now, quantities, ...currentPrices(facts) };
  const next = reservedFrom(segment, now);
  const available = roomFor(facts, id, project);
  if (next.held > available) return reject('wallet.short', { available, asked: next.held });
  return accept({ kind: 'usage.began', body: { ...written(project, segment), ...reservation(next) } });
};

const change = (id: string, state: Usage, quantities: Usage['quantities'], facts: Facts, { now }: Moment): Decided => {
  const isSame = same(state.quantities, quantities);
  if (isSame && state.phase === 'funded') return accept();
  const room = roomFor(facts, id, state.project);
  const segment = { fromMs: now, quantities, ...currentPrices(facts) };
  const next = reservedFrom(segment, now);
  const settlements = settlementsUntil(state, now);
  const { amount, atMs } = payable(settlements, room, next.held);
  const body = { ...written(state.project, segment), amountMicroCredits: amount, ...closedOf(state, atMs) };
  if (amount + next.held <= room) {
    return accept({ kind: 'usage.changed', body: { ...body, phase: 'funded', ...reservation(next) } });
  }
  // Less can always be asked for, so that whoever runs out of credits can give something up.
  if (isSame || grows(state.quantities, quantities)) {
    return reject('wallet.short', { available: room, asked: amount + next.held });
  }
  const { phase, lapsesMs = now + graceMs } = state;
  const waiting = phase === 'lapsed' ? { phase } : { phase: 'unfunded' as const, lapsesAt: lapsesMs };
  return accept({ kind: 'usage.changed', body: { ...body, ...waiting, heldMicroCredits: 0, heldUntil: now } });
};

const charge = (id: string, state: Usage, facts: Facts, { now }: Moment): Decided => {
  const isFunded = state.phase === 'funded';
  if (state.phase === 'lapsed' || (isFunded && now < state.heldUntilMs)) return accept();
  const room = roomFor(facts, id, state.project);
  const settlements = isFunded ? settlementsOfHours(state, now) : settlementsUntil(state, now).slice(0, 1);
  for (const { amount, atMs } of settlements) {
    const segment = segmentFrom(state, atMs, facts);
    const next = reservedFrom(segment, atMs);
    if (amount + next.held > room) continue;
    const paid = { amountMicroCredits: amount, ...reservation(next) };
    if (segment.fromMs === state.fromMs) return accept({ kind: 'usage.charged', body: { ...paid, paidUntil: atMs } });
    const body = { ...written(state.project, segment), ...paid, ...closedOf(state, atMs), phase: 'funded' as const };
    return accept({ kind: 'usage.changed', body });
  }
  const { amount, atMs } = payable(settlements.slice(-1), room);
  if (isFunded) {
    const next = reservedFrom(segmentFrom(state, atMs, facts), atMs);
    const missingMicroCredits = amount + next.held - room;
    const body = { amountMicroCredits: amount, paidUntil: atMs, lapsesAt: now + graceMs, missingMicroCredits };
    return accept({ kind: 'usage.unfunded', body });
  }
  if (now < (state.lapsesMs ?? now)) return accept();
  return accept({
    kind: 'usage.lapsed',
    body: { unpaidMicroCredits: amount, ...closedOf(state, state.paidUntilMs) },
  });
};
