import type { Id } from '#commands/codec/scalar';
import { flavour, type FlavourEvent } from '#aggregates/plasmavmc/flavour';
import { decisions } from '#harness/decisions';

const id = 'small' as Id<'flavour'>;
const size = { cpuCount: 2, memoryBytes: 2 ** 32 };
const create = (more = {}) => ({ kind: 'flavour.create' as const, id, body: { ...size, ...more } });
const created: FlavourEvent = { kind: 'flavour.created', body: size };
const describe_ = { kind: 'flavour.describe' as const, id, body: { description: 'idle' } };
const described: FlavourEvent = { kind: 'flavour.described', body: { description: 'idle' } };
const remove = { kind: 'flavour.delete' as const, id, body: {} };
const deleted: FlavourEvent = { kind: 'flavour.deleted', body: {} };

decisions(flavour, [
  ['names a size', [], create(), [created]],
  ['names it once', [created], create(), []],
  ['refuses another size of the same name', [created], create({ cpuCount: 4 }), 'flavour.exists'],
  ['refuses another description of the same name', [created], create({ description: 'x' }), 'flavour.exists'],
  ['says what it is for', [created], describe_, [described]],
  ['says it once', [created, described], describe_, []],
  ['refuses to describe what is not there', [], describe_, 'flavour.absent'],
  ['is deleted', [created], remove, [deleted]],
  ['refuses to delete what is not there', [created, deleted], remove, 'flavour.absent'],
]);
