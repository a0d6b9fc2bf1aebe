import { left, right } from 'fp-ts/lib/Either';
import type { Id } from '#commands/codec/scalar';
import { flavour } from '#aggregates/plasmavmc/flavour';
import { absentPart, portKind, sizeOf } from '#aggregates/plasmavmc/vm-definition';
import { factsHolding, held } from '#harness/facts';

const facts = factsHolding([
  held(flavour, 'small', { cpuCount: 2, memoryBytes: 2 ** 30 }),
  held({ kind: portKind }, 'bank/front', {}),
]);
const small = 'small' as Id<'flavour'>;

test('a size is that of a flavour or a whole one of its own', () => {
  expect(sizeOf(facts, { flavour: small })).toEqual(right({ flavour: 'small', cpuCount: 2, memoryBytes: 2 ** 30 }));
  expect(sizeOf(facts, { cpuCount: 1, memoryBytes: 5 })).toEqual(right({ cpuCount: 1, memoryBytes: 5 }));
  const sizeless = left({ code: 'vm.sizeless' });
  expect(
    [{}, { cpuCount: 1 }, { memoryBytes: 1 }, { flavour: small, cpuCount: 2 }].map((body) => sizeOf(facts, body)),
  ).toEqual([sizeless, sizeless, sizeless, sizeless]);
});

test('a port of another project is as absent as one that is not there', () => {
  for (const port of ['bank/front', 'shop/none'] as Id<'port'>[]) {
    expect(absentPart(facts, 'shop', { disks: [], nics: [port] })).toEqual(
      left({ code: 'port.absent', detail: { port } }),
    );
  }
  expect(absentPart(facts, 'bank', { disks: [], nics: ['bank/front' as Id<'port'>] })).toBeUndefined();
});
