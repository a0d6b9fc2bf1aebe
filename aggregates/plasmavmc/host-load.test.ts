import * as fc from 'fast-check';
import type { Id } from '#commands/codec/scalar';
import { hostKind, type HostFacts } from '#aggregates/host';
import {
  groupMembers,
  hostLoad,
  maxHolds,
  memberKey,
  type HostLoad,
  type HostLoadEvent,
} from '#aggregates/plasmavmc/host-load';
import { decisions } from '#harness/decisions';
import { factsHolding, held } from '#harness/facts';

const id = 'n1' as Id<'host'>;
const GiB = 2 ** 30;
const host: HostFacts = {
  phase: 'up',
  schedulable: true,
  epoch: 1,
  capacity: { cpuCount: 2, memoryBytes: 8 * GiB, diskBytes: 100 * GiB },
  labels: { zone: 'a' },
  capabilities: { accelerators: ['kvm'], diskFormats: ['qcow2'], features: [] },
};
const with_ = (more: Partial<HostFacts>) => ({
  facts: [held({ kind: hostKind }, 'n1', { ...host, changedMs: 0, ...more })],
});
const room = { cpuCount: 8, memoryBytes: 8 * GiB, diskBytes: 100 * GiB };
const offered = (more = {}): HostLoadEvent => ({
  kind: 'host-load.offered',
  body: { open: true, room, labels: { zone: 'a' }, accelerators: ['kvm'], ...more },
});
const offer = { kind: 'host-load.offer' as const, id, body: {} };
const small = { cpuCount: 2, memoryBytes: 2 * GiB, diskBytes: 0, groups: ['shop role=web'] };
const reserve = (thing: string, more = {}) => ({
  kind: 'host-load.reserve' as const,
  id,
  body: { thing, ...small, ...more },
});
const reserved = (thing: string, more = {}): HostLoadEvent => ({
  kind: 'host-load.reserved',
  body: { thing, ...small, ...more },
});
const release = (thing: string) => ({ kind: 'host-load.release' as const, id, body: { thing } });
const released = (thing: string): HostLoadEvent => ({ kind: 'host-load.released', body: { thing } });
const withdrawn: HostLoadEvent = { kind: 'host-load.withdrawn', body: {} };
const web1 = 'vm/shop/web1';
const web2 = 'vm/shop/web2';
const many = Array.from({ length: maxHolds }, (_, at) => reserved(`vm/shop/v${at}`, { cpuCount: 0, memoryBytes: 0 }));

decisions(hostLoad, [
  ['offers what a host has, processors four times', [], offer, [offered()], with_({})],
  ['offers it once', [offered()], offer, [], with_({})],
  ['offers what a host has of late', [offered()], offer, [offered({ open: false })], with_({ schedulable: false })],
  [
    'promises as much as the host may',
    [],
    offer,
    [offered({ room: { cpuCount: 3, memoryBytes: 4 * GiB, diskBytes: 200 * GiB } })],
    with_({ overcommit: { cpuPercent: 150, memoryPercent: 50, diskPercent: 200 } }),
  ],
  ['offers nothing of a host that has not joined', [], offer, [offered({ open: false })], with_({ epoch: 0 })],
  ['offers nothing of a host that is not there', [], offer, []],
  ['forgets a host that is gone', [offered()], offer, [withdrawn]],
  ['closes one that is gone and not empty', [offered(), reserved(web1)], offer, [offered({ open: false })]],
  ['closes it once', [offered({ open: false }), reserved(web1)], offer, []],
  ['holds room', [offered()], reserve(web1), [reserved(web1)]],
  ['holds it once', [offered(), reserved(web1)], reserve(web1), []],
  [
    'holds more where there is more',
    [offered(), reserved(web1)],
    reserve(web1, { cpuCount: 8 }),
    [reserved(web1, { cpuCount: 8 })],
  ],
  [
    'changes what is held on a closed host',
    [offered(), reserved(web1), offered({ open: false })],
    reserve(web1, { cpuCount: 1 }),
    [reserved(web1, { cpuCount: 1 })],
  ],
  [
    'may shrink what is held on a host that has shrunk',
    [offered(), reserved(web1, { memoryBytes: 8 * GiB }), offered({ room: { ...room, memoryBytes: GiB } })],
    reserve(web1, { memoryBytes: 4 * GiB }),
    [reserved(web1, { memoryBytes: 4 * GiB })],
  ],
  ['refuses what has no room', [offered(), reserved(web1)], reserve(web2, { cpuCount: 7 }), 'host-load.full'],
  ['refuses more than so many things', [offered(), ...many], reserve(web1), 'host-load.full'],
  ['refuses anything new on a closed host', [offered({ open: false })], reserve(web1), 'host-load.closed'],
  ['refuses anything on a host that is not known', [], reserve(web1), 'host-load.closed'],
  ['gives room back', [offered(), reserved(web1)], release(web1), [released(web1)], with_({})],
  ['gives back what is not held', [offered()], release(web1), []],
  ['forgets a host with the last thing on it', [offered(), reserved(web1)], release(web1), [released(web1), withdrawn]],
]);

test('what is used is what is held, and each group counts its members, after any changes', () => {
  const thing = fc.constantFrom(web1, web2, 'disk/shop/a', 'disk/shop/b');
  const change = fc.record({
    thing,
    hold: fc.option(
      fc.record({
        cpuCount: fc.nat(8),
        memoryBytes: fc.nat(GiB),
        diskBytes: fc.nat(GiB),
        groups: fc.subarray(['shop role=web', 'shop tier=1']),
      }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const moment = { position: 1, now: 0, level: 1, principal: '', credential: '', address: '' };
      const last = changes.reduce<HostLoad | undefined>(
        (state, { thing: of, hold }) => {
          if (hold !== undefined) {
            return hostLoad.evolve(state, { kind: 'host-load.reserved', body: { thing: of, ...hold } }, moment);
          }
          return state?.holds[of] === undefined ? state : hostLoad.evolve(state, released(of), moment);
        },
        hostLoad.evolve(undefined, offered(), moment),
      );
      if (last === undefined) throw new Error('it is gone');
      const holds = Object.values(last.holds);
      for (const what of ['cpuCount', 'memoryBytes', 'diskBytes'] as const) {
        expect(last.used[what]).toBe(holds.reduce((sum, hold) => sum + hold[what], 0));
      }
      const facts = factsHolding([held(hostLoad, 'n1', last)]);
      for (const group of ['shop role=web', 'shop tier=1']) {
        const count = holds.filter(({ groups }) => groups.includes(group)).length;
        const places = [
          group,
          memberKey(group, 'host', 'n1'),
          memberKey(group, 'zone', 'a'),
          memberKey(group, 'rack', '-'),
        ];
        expect(places.map((key) => facts.sum(groupMembers, key))).toEqual(places.map(() => count));
      }
    }),
  );
});
