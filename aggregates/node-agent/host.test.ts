import type { Id } from '#commands/codec/scalar';
import { dutyKind, livenessDuty } from '#aggregates/duty';
import { host, type HostEvent } from '#aggregates/node-agent/host';
import { decisions } from '#harness/decisions';
import { held } from '#harness/facts';

const id = 'node1' as Id<'host'>;
const digest = 'd'.repeat(64);
const command = <K extends string, B>(verb: K, body: B) => ({ kind: `host.${verb}` as const, id, body });
const created: HostEvent = { kind: 'host.created', body: { labels: { zone: 'a' } } };
const create = command('create', { labels: { zone: 'a' } });
const updated: HostEvent = { kind: 'host.updated', body: { labels: { zone: 'b' } } };
const update = command('update', { labels: { zone: 'b' } });
const invited: HostEvent = { kind: 'host.invited', body: { digest } };
const invite = command('invite', { digest });
const enrolled: HostEvent = { kind: 'host.enrolled', body: {} };
const enrol = (shown = digest) => command('enrol', { digest: shown });
const joined: HostEvent = { kind: 'host.joined', body: {} };
const join = command('join', {});
const lost: HostEvent = { kind: 'host.lost', body: {} };
const lose = (epoch: number, holderPosition = 1) => command('lose', { epoch, holderPosition });
const machine = {
  capacity: { cpuCount: 4, memoryBytes: 1_000, diskBytes: 1_000 },
  capabilities: { accelerators: ['tcg'], diskFormats: ['qcow2'], features: [] },
  agentVersion: '1',
};
const report = (epoch: number) => command('report', { epoch, ...machine });
const reported: HostEvent = { kind: 'host.reported', body: { epoch: 2, ...machine } };
const cordoned: HostEvent = { kind: 'host.cordoned', body: { reason: 'repair' } };
const cordon = command('cordon', { reason: 'repair' });
const uncordoned: HostEvent = { kind: 'host.uncordoned', body: {} };
const uncordon = command('uncordon', {});
const deleted: HostEvent = { kind: 'host.deleted', body: {} };
const remove = command('delete', {});
const facts = { facts: [held({ kind: dutyKind }, livenessDuty, { holder: 'one' })] };

decisions(host, [
  ['makes one known', [], create, [created]],
  ['makes one known only once', [created, joined], create, []],
  ['refuses another of the same name', [created], command('create', {}), 'host.exists'],
  [
    'takes what is usual and is said for another',
    [created],
    command('create', { labels: { zone: 'a' }, ttlSeconds: 30 }),
    'host.exists',
  ],
  ['changes labels', [created], update, [updated]],
  ['changes nothing twice', [created, updated], update, []],
  ['asks a machine in', [created], invite, [invited]],
  ['takes an invitation', [created, invited], enrol(), [enrolled], { moment: { now: 1 } }],
  ['takes it once', [created, invited, enrolled], enrol(), 'host.uninvited'],
  ['takes no other', [created, invited], enrol('e'.repeat(64)), 'host.uninvited'],
  ['takes none that is over', [created, invited], enrol(), 'host.uninvited', { moment: { now: 3_600_000 } }],
  ['lets it come', [created], join, [joined]],
  ['lets it come again without a change', [created, joined], join, []],
  ['lets it come back', [created, joined, lost], join, [joined]],
  ['hears what it has', [created, joined], report(2), [reported]],
  ['hears the same once', [created, joined, reported], report(2), []],
  ['hears nothing of an older epoch', [created, joined, lost, joined], report(2), 'host.outdated'],
  ['hears nothing of who is lost', [created, joined, lost], report(2), 'host.outdated'],
  ['loses one', [created, joined], lose(2), [lost], facts],
  ['loses one only once', [created, joined, lost], lose(2), [], facts],
  ['does not lose one that came back', [created, joined, lost, joined], lose(2), [], facts],
  ['does not hear a former holder', [created, joined], lose(2, 7), 'host.fenced', facts],
  ['cordons one', [created], cordon, [cordoned]],
  ['cordons only once', [created, cordoned], cordon, []],
  ['gives another reason', [created, cordoned], command('cordon', {}), [{ kind: 'host.cordoned', body: {} }]],
  ['uncordons one', [created, cordoned], uncordon, [uncordoned]],
  ['uncordons only once', [created], uncordon, []],
  ['keeps one that is up', [created, joined], remove, 'host.inUse'],
  ['deletes one that is lost', [created, joined, lost], remove, [deleted]],
  ['knows nothing of an absent one', [created, deleted], join, 'host.absent'],
]);
