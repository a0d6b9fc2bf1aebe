import { isLeft } from 'fp-ts/lib/Either';
import { disk } from '#aggregates/plasmavmc/disk';
import type { Vm } from '#aggregates/plasmavmc/vm-state';
import { hostFor, wishOf } from '#aggregates/plasmavmc/vm-wish';
import { factsHolding, held } from '#harness/facts';
import { heldHost, hostFacts, wishFor } from '#harness/fleet';

const MiB = 2 ** 20;
const machine = (asked: object): Vm => ({
  asked: { cpuCount: 2, memoryBytes: 64 * MiB, disks: [], nics: [], ...asked },
  protected: false,
  desired: { power: 'off', generation: 1, deleting: false },
  observed: { generation: 0, phase: 'pending' },
  migrations: 0,
});

test('a machine asks for its size, for room for its disks, and for groups of its own project', () => {
  const facts = factsHolding(
    ['shop/a', 'shop/b'].map((id) =>
      held(disk, id, {
        asked: { sizeBytes: 5 },
        sizeBytes: 7,
        epoch: 0,
        snapshots: [],
        deleting: false,
        generation: 1,
        observed: { generation: 0, phase: 'pending' },
      }),
    ),
  );
  const rule = { group: 'role=web', relation: 'apart', domain: 'host', strength: 'require' };
  const placement = { rules: [rule], hostLabels: { zone: 'a' }, accelerator: 'kvm', features: ['tpm'] };
  const disks = [{ disk: 'shop/a' }, { disk: 'shop/b' }];
  expect(wishOf(facts, 'shop/web1', machine({ disks, placement }))).toEqual({
    need: { cpuCount: 2, memoryBytes: 64 * MiB, diskBytes: 14 },
    rules: [{ ...rule, group: 'shop role=web' }],
    hostLabels: { zone: 'a' },
    accelerator: 'kvm',
    diskFormats: ['qcow2'],
    features: ['tpm'],
    except: [],
  });
  expect(wishOf(facts, 'shop/web1', machine({}))).toMatchObject({ diskFormats: [], rules: [], hostLabels: {} });
});

test('a refusal counts every host by what is against it', () => {
  const facts = factsHolding([
    ...heldHost('n1', hostFacts({ schedulable: false })),
    ...heldHost('n2', hostFacts()),
    ...heldHost('n3', hostFacts()),
  ]);
  const tooLarge = wishFor({ need: { cpuCount: 1_000, memoryBytes: 1, diskBytes: 1 } });
  const refused = hostFor(facts, tooLarge);
  expect(isLeft(refused) && refused.left).toEqual({ code: 'placement.impossible', detail: { closed: 1, noRoom: 2 } });
  expect(hostFor(facts, wishFor())).toMatchObject({ right: { id: 'n2', epoch: 1 } });
});
