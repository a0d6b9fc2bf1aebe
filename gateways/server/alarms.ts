import { bytesToText } from '#commands/codec/bytes';
import { alarmKind, type Alarm } from '#aggregates/alarm';
import type { Happened } from '#aggregates/decision';
import type { Engine } from '#log/engine';
import type { Notices } from '#gateways/server/notices';

/** More than anybody reads; `alarm list` shows all. */
const shownAtMost = 100;

/** Tells of the alarms that are raised in the log, as of what this node finds by itself. */
export const watchAlarms = (engine: Engine, notices: Notices): (() => void) => {
  const nameOf = (id: string): string => `alarm ${bytesToText(id) ?? JSON.stringify(id)}`;
  const tell = (id: string, { message }: Pick<Alarm, 'message'>): void =>
    notices.tell(nameOf(id), `${nameOf(id)}: ${message} See \`ultracloud alarm list\`.`);
  const follow = ({ kind, id, body }: Happened): void => {
    if (kind === 'alarm.raised') tell(id, body as Alarm);
    else if (kind === 'alarm.ended') notices.takeBack(nameOf(id));
  };
  for (const { id, state } of engine.facts.range(alarmKind, { from: '', limit: shownAtMost })) tell(id, state);
  return engine.onApplied((batch) => {
    for (const { result } of batch) if (result.status === 'accepted') result.events.forEach(follow);
  });
};
