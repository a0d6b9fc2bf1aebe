import { alarms } from '#commands/cluster/alarm';
import type { TypeOf } from '#commands/codec/codec';
import { alarmKind, type Alarm } from '#aggregates/alarm';
import type { View } from '#projections/view';

export const alarmView: View<Alarm, TypeOf<(typeof alarms)['row']>> = {
  spec: alarms,
  kind: alarmKind,
  row: ({ id, state: { raisedMs, ...about }, createPosition }) => ({
    id,
    ...about,
    raisedAt: raisedMs,
    createPosition,
  }),
};
