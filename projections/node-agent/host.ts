import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { hosts } from '#commands/node-agent/host';
import { hostKind, ttlSecondsOf, type Host } from '#aggregates/host';
import type { View } from '#projections/view';

export const hostView: View<Host, TypeOf<(typeof hosts)['row']>> = {
  spec: hosts,
  kind: hostKind,
  row: ({ id, state: { changedMs, invitation, capacity, capabilities, ...state }, createPosition, modPosition }) => ({
    ...state,
    // Ids of a state were let through by codecs.
    id: id as Id<'host'>,
    ...(invitation === undefined ? {} : { invitedUntil: invitation.untilMs }),
    ttlSeconds: ttlSecondsOf(state),
    // Nothing is known of a machine that has not reported.
    ...(state.agentVersion === undefined ? {} : { capacity, capabilities }),
    changedAt: changedMs,
    createPosition,
    modPosition,
  }),
};
