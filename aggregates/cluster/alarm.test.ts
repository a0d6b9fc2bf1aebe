import { alarm, disarm, type AlarmEvent } from '#aggregates/cluster/alarm';
import { timerAlarm, timerOf } from '#aggregates/alarm';
import { decisions } from '#harness/decisions';
import { performances } from '#harness/performances';

const body = { code: 'doc.broken', message: 'The document is broken.' };
const raise = (standing?: boolean) => ({
  kind: 'alarm.raise' as const,
  id: 'timer/doc/users/ada',
  body: standing === undefined ? body : { ...body, standing },
});
const end = { kind: 'alarm.end' as const, id: 'timer/doc/users/ada', body: {} };
const raised = (standing: boolean): AlarmEvent => ({ kind: 'alarm.raised', body: { ...body, standing } });
const ended: AlarmEvent = { kind: 'alarm.ended', body: {} };

decisions(alarm, [
  ['raises an alarm', [], raise(), [raised(false)]],
  ['raises one that stands until its cause is gone', [], raise(true), [raised(true)]],
  ['takes the same reason again as told', [raised(false)], raise(), []],
  ['tells another reason', [raised(false)], raise(true), [raised(true)]],
  ['ends an alarm', [raised(true)], end, [ended]],
  ['takes the end of what has ended as done', [raised(true), ended], end, []],
]);

const components = [{ name: 'c', summary: '', aggregates: [alarm], procedures: [disarm], reactions: [], views: [] }];
const disarmed = { kind: 'alarm.disarm' as const, id: 'timer/doc/users/ada', body: {} };

performances(disarm, components, [
  [
    'the end of the alarm',
    [raise()],
    disarmed,
    { events: [{ kind: 'alarm.ended', id: 'timer/doc/users/ada', body: {} }], reply: undefined },
  ],
  ['a refusal where there is none', [], disarmed, 'alarm.absent'],
  ['a refusal while the cause stands', [raise(true)], disarmed, 'alarm.standing'],
]);

test('the alarm of a timer names its object, whatever the id', () => {
  expect(timerOf(timerAlarm('key', 'a/b\0c'))).toEqual({ noun: 'key', id: 'a/b\0c' });
  expect(timerOf('key-quota/keys')).toBeUndefined();
});
