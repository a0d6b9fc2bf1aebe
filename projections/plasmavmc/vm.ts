import type { TypeOf } from '#commands/codec/codec';
import type { Id } from '#commands/codec/scalar';
import { vms } from '#commands/plasmavmc/vm';
import { phaseOf, vmKind, type Vm } from '#aggregates/plasmavmc/vm-state';
import type { View } from '#projections/view';

export const vmView: View<Vm, TypeOf<(typeof vms)['row']>> = {
  spec: vms,
  kind: vmKind,
  row: ({ id, state, createPosition, modPosition }) => {
    const { asked, desired, observed, placed, migration } = state;
    const { userData, sealedUserData, sshKeys = [], ...shown } = asked;
    const { generation, reason, atMs } = observed;
    return {
      // A machine that exists was created under an id that the command's codec let through.
      id: id as Id<'vm'>,
      ...shown,
      sshKeyCount: sshKeys.length,
      userDataBytes: userData?.length ?? 0,
      hasSealedUserData: sealedUserData !== undefined,
      protected: state.protected,
      desired: { power: desired.power, generation: desired.generation, deleting: desired.deleting },
      observed: {
        generation,
        phase: phaseOf(state),
        ...(reason === undefined ? {} : { reason }),
        ...(atMs === undefined ? {} : { at: atMs }),
      },
      ...(placed === undefined ? {} : { host: placed.host, hostEpoch: placed.epoch }),
      ...(migration === undefined
        ? {}
        : {
            migration: {
              to: migration.to.host,
              percent: migration.percent,
              ...(migration.cancelling === undefined ? {} : { cancelling: migration.cancelling }),
              deadline: migration.deadlineMs,
            },
          }),
      createPosition,
      modPosition,
    };
  },
};
