import type { TypeOf } from '#commands/codec/codec';
import { object } from '#commands/codec/object';
import {
  cordonHost,
  createHost,
  deleteHost,
  enrolHost,
  inviteHost,
  joinHost,
  loseHost,
  reportHost,
  uncordonHost,
  updateHost,
  type HostCommand,
} from '#commands/node-agent/host';
import type { Aggregate } from '#aggregates/aggregate';
import { accept, impossible, reject } from '#aggregates/decision';
import { dutyKind, livenessDuty } from '#aggregates/duty';
import { hostKind, type Host } from '#aggregates/host';
import { same } from '#aggregates/same';

type Empty = Readonly<Record<string, never>>;

export type HostEvent =
  | { readonly kind: 'host.created'; readonly body: TypeOf<typeof createHost.body> }
  | { readonly kind: 'host.updated'; readonly body: TypeOf<typeof updateHost.body> }
  | { readonly kind: 'host.invited'; readonly body: TypeOf<typeof inviteHost.body> }
  | { readonly kind: 'host.enrolled'; readonly body: Empty }
  | { readonly kind: 'host.joined'; readonly body: Empty }
  | { readonly kind: 'host.reported'; readonly body: TypeOf<typeof reportHost.body> }
  | { readonly kind: 'host.lost'; readonly body: Empty }
  | { readonly kind: 'host.cordoned'; readonly body: TypeOf<typeof cordonHost.body> }
  | { readonly kind: 'host.uncordoned'; readonly body: Empty }
  | { readonly kind: 'host.deleted'; readonly body: Empty };

/** What is known of a machine before it came. */
const unseen = {
  ...{ phase: 'joining' as const, schedulable: true, epoch: 0 },
  capacity: { cpuCount: 0, memoryBytes: 0, diskBytes: 0 },
  capabilities: { accelerators: [], diskFormats: [], features: [] },
};

const usualInvitationSeconds = 3_600;

const rejections = {
  'host.absent': {
    category: 'absent',
    summary: 'There is no such host.',
    fix: 'Create it first with `host create`, or correct the name.',
  },
  'host.exists': {
    category: 'conflict',
    summary: 'A host of this name exists and says something else.',
    fix: 'Choose another name, or update it.',
  },
  'host.fenced': {
    category: 'conflict',
    summary: 'The sender no longer holds the liveness duty.',
    fix: 'Nothing: the new holder decides when hosts are lost.',
  },
  'host.inUse': {
    category: 'conflict',
    summary: 'The host is up.',
    fix: 'Stop its agent and wait until it is lost, then delete it.',
  },
  'host.uninvited': {
    category: 'forbidden',
    summary: 'This invitation was not given, was taken before, or is over.',
    fix: 'Ask for another one with `host invite`.',
  },
  'host.outdated': {
    category: 'conflict',
    summary: 'The report is of an epoch that is over: the host was counted as lost meanwhile.',
    fix: 'Stop what runs of the older epoch, then join again.',
  },
} as const;

export const host: Aggregate<Host, HostCommand, HostEvent, keyof typeof rejections> = {
  kind: hostKind,
  summary: 'A machine on which the cluster runs something.',
  commands: [
    ...[createHost, updateHost, inviteHost, enrolHost, joinHost],
    ...[reportHost, loseHost, cordonHost, uncordonHost, deleteHost],
  ],
  events: {
    'host.created': createHost.body,
    'host.updated': updateHost.body,
    'host.invited': inviteHost.body,
    'host.enrolled': object({}),
    'host.joined': object({}),
    'host.reported': reportHost.body,
    'host.lost': object({}),
    'host.cordoned': cordonHost.body,
    'host.uncordoned': object({}),
    'host.deleted': object({}),
  },
  rejections,

  decide(state, command, facts, { now }) {
    if (command.kind === 'host.create') {
      if (state === undefined) return accept({ kind: 'host.created', body: command.body });
      const { description, labels, ttlSeconds } = command.body;
      const isSame = description === state.description && same(labels, state.labels) && ttlSeconds === state.ttlSeconds;
      return isSame ? accept() : reject('host.exists');
    }
    if (state === undefined) return reject('host.absent');
    switch (command.kind) {
      case 'host.update':
        return same({ ...state, ...command.body }, state)
          ? accept()
          : accept({ kind: 'host.updated', body: command.body });
      case 'host.invite':
        return accept({ kind: 'host.invited', body: command.body });
      case 'host.enrol': {
        const { invitation } = state;
        const isGood = invitation?.digest === command.body.digest && now < invitation.untilMs;
        return isGood ? accept({ kind: 'host.enrolled', body: {} }) : reject('host.uninvited');
      }
      case 'host.join':
        return state.phase === 'up' ? accept() : accept({ kind: 'host.joined', body: {} });
      case 'host.report': {
        const { epoch, ...report } = command.body;
        if (state.phase !== 'up' || epoch !== state.epoch) return reject('host.outdated', { epoch: state.epoch });
        const { capacity, capabilities, agentVersion } = state;
        return same({ capacity, capabilities, agentVersion }, report)
          ? accept()
          : accept({ kind: 'host.reported', body: command.body });
      }
      case 'host.lose': {
        const { holderPosition, epoch } = command.body;
        if (facts.get(dutyKind, livenessDuty)?.modPosition !== holderPosition) return reject('host.fenced');
        return state.phase === 'up' && state.epoch === epoch ? accept({ kind: 'host.lost', body: {} }) : accept();
      }
      case 'host.cordon': {
        const { reason } = command.body;
        return !state.schedulable && reason === state.cordonReason
          ? accept()
          : accept({ kind: 'host.cordoned', body: command.body });
      }
      case 'host.uncordon':
        return state.schedulable ? accept() : accept({ kind: 'host.uncordoned', body: {} });
      case 'host.delete':
        return state.phase === 'up' ? reject('host.inUse') : accept({ kind: 'host.deleted', body: {} });
    }
  },

  evolve(state, event, { now, position }) {
    if (event.kind === 'host.created') {
      return { ...event.body, ...unseen, changedMs: now };
    }
    if (state === undefined) return impossible(event);
    switch (event.kind) {
      case 'host.updated':
        return { ...state, ...event.body };
      case 'host.invited': {
        const { digest, lifetimeSeconds = usualInvitationSeconds } = event.body;
        return { ...state, invitation: { digest, untilMs: now + lifetimeSeconds * 1_000 } };
      }
      case 'host.enrolled': {
        const { invitation: _taken, ...others } = state;
        return others;
      }
      case 'host.joined':
        return { ...state, phase: 'up', epoch: position, changedMs: now };
      case 'host.reported': {
        const { capacity, capabilities, agentVersion } = event.body;
        return { ...state, capacity, capabilities, agentVersion };
      }
      case 'host.lost':
        return { ...state, phase: 'lost', changedMs: now };
      case 'host.cordoned': {
        const { cordonReason: _before, ...others } = state;
        const { reason } = event.body;
        return { ...others, schedulable: false, ...(reason === undefined ? {} : { cordonReason: reason }) };
      }
      case 'host.uncordoned': {
        const { cordonReason: _reason, ...others } = state;
        return { ...others, schedulable: true };
      }
      case 'host.deleted':
        return undefined;
    }
  },
};
