import * as fc from 'fast-check';
import type { Resources } from '#aggregates/host';
import { candidateOf, cellOf, roomKey } from '#aggregates/plasmavmc/room';

const resources: fc.Arbitrary<Resources> = fc.record({
  cpuCount: fc.nat(4_096),
  memoryBytes: fc.nat(2 ** 44),
  diskBytes: fc.nat(2 ** 50),
});

test('what fits into a host is of no cell above that of the host', () => {
  fc.assert(
    fc.property(resources, fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100)), (free, [memory, cpus, disk]) => {
      const need = {
        memoryBytes: Math.floor((free.memoryBytes * memory) / 100),
        cpuCount: Math.floor((free.cpuCount * cpus) / 100),
        diskBytes: Math.floor((free.diskBytes * disk) / 100),
      };
      const above = cellOf(free);
      expect(cellOf(need).every((part, at) => part <= (above[at] ?? ''))).toBe(true);
    }),
  );
});

test('a key says of a host what it was made of, whatever the selector before it', () => {
  fc.assert(
    fc.property(resources, resources, fc.constantFrom('', 'zone=a', '@kvm'), (free, room, selector) => {
      const key = `${selector} ${roomKey({ free, room, labels: { zone: 'a', rack: 'r1' } })}`;
      expect(candidateOf('n1', key)).toEqual({ id: 'n1', free, room, zone: 'a', rack: 'r1' });
    }),
  );
  const empty = { cpuCount: 0, memoryBytes: 0, diskBytes: 0 };
  const key = ` ${roomKey({ free: empty, room: empty, labels: {} })}`;
  expect(candidateOf('n1', key)).toMatchObject({ zone: '-', rack: '-' });
});
