import { left, right, type Either } from 'fp-ts/lib/Either';
import type { Rejection } from '#commands/rejection';
import { projectIn } from '#commands/tenant';
import type { Facts } from '#aggregates/facts';
import { diskKind } from '#aggregates/plasmavmc/disk-state';
import { place, type Wish } from '#aggregates/plasmavmc/placement';
import { needOfVm, type Vm } from '#aggregates/plasmavmc/vm-state';

/** In which every disk of a machine is. */
const diskFormat = 'qcow2';

/** What a machine asks of a host, its disks included. */
export const wishOf = (facts: Facts, id: string, vm: Vm): Wish => {
  const project = projectIn(id);
  const { disks, placement = {} } = vm.asked;
  const { rules = [], hostLabels = {}, accelerator, features = [] } = placement;
  const diskBytes = disks.reduce((sum, { disk }) => sum + (facts.get(diskKind, disk)?.state.sizeBytes ?? 0), 0);
  const { cpuCount, memoryBytes } = needOfVm(project, vm);
  return {
    need: { cpuCount, memoryBytes, diskBytes },
    rules: rules.map((rule) => ({ ...rule, group: `${project} ${rule.group}` })),
    hostLabels,
    ...(accelerator === undefined ? {} : { accelerator }),
    diskFormats: disks.length === 0 ? [] : [diskFormat],
    features,
    except: [],
  };
};

export const placementRejections = {
  'placement.impossible': {
    category: 'exhausted',
    summary: 'No host takes the machine.',
    fix: 'The detail counts the hosts by what is against them: free room, add hosts, or ask for less.',
  },
} as const;

/** The host for a wish, or a refusal that counts all hosts by what is against them. */
export const hostFor = (
  facts: Facts,
  wish: Wish,
): Either<Rejection<keyof typeof placementRejections>, { readonly id: string; readonly epoch: number }> => {
  const { host, leftOut } = place(facts, wish);
  return host === undefined ? left({ code: 'placement.impossible', detail: { ...leftOut } }) : right(host);
};
