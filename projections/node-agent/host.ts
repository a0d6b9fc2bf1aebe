import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { hosts } from '#commands/node-agent/host';
import { hostKind, type Host } from '#aggregates/host';
import type { View } from '#projections/view';

export const hostView: View<Host, TypeOf<(typeof hosts)['row']>> = {
  spec: hosts,
  kind: hostKind,
  row: ({ id, state: { changedMs, invitation, ...state }, createPosition, modPosition }) => ({
    ...state,
    // Ids of a state were let through by codecs.
    id: id as Id<'host'>,
    ...(invitation === undefined ? {} : { invitedUntil: invitation.untilMs }),
    changedAt: changedMs,
    createPosition,
    modPosition,
  }),
};
