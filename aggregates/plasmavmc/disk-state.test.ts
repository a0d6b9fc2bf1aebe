import { needOfDisk } from '#aggregates/plasmavmc/disk-state';

test('a disk takes room for disks only, and belongs to no group', () => {
  expect(needOfDisk(5)).toEqual({ cpuCount: 0, memoryBytes: 0, diskBytes: 5, groups: [] });
});
