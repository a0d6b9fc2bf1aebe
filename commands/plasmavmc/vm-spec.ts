import { list, object, optional } from '#commands/codec/object';
import { boolean, bytes, choice, integer, text } from '#commands/codec/scalar';
import {
  CpuCount,
  DiskId,
  DisplayName,
  FlavourId,
  Group,
  HostLabels,
  ImageId,
  MemoryBytes,
  PortId,
  VmLabels,
} from '#commands/plasmavmc/name';

/** Of one machine; a host can plug no more. */
export const maxDisks = 16;
export const maxNics = 16;

export const diskUse = {
  disk: DiskId,
  deleteWithVm: optional(
    boolean('delete with the machine', { summary: 'Whether the disk goes when the machine goes.' }),
  ),
};

export const DiskUse = object(diskUse);

const Relation = choice('relation', {
  summary: 'Where the machine is to be: with the group, or away from it.',
  values: ['together', 'apart'],
});

const Domain = choice('domain', {
  summary: 'What counts as one place.',
  values: ['host', 'rack', 'zone'],
});

const Strength = choice('strength', {
  summary: 'Whether it is done where it can be, or the machine is not placed otherwise.',
  values: ['prefer', 'require'],
});

const PlacementRules = object(
  {
    rules: optional(
      list(object({ group: Group, relation: Relation, domain: Domain, strength: Strength }), {
        summary: 'Which machines it is to be near, or away from.',
        maxItems: 8,
      }),
    ),
    hostLabels: optional(HostLabels),
    accelerator: optional(choice('accelerator', { summary: 'How the guest must be run.', values: ['kvm', 'tcg'] })),
    features: optional(
      list(text('feature', { summary: 'What a host must be able to do.', maxLength: 63 }), {
        summary: 'What a host must be able to do.',
        maxItems: 8,
      }),
    ),
  },
  { summary: 'Where the machine may be.' },
);

const Restart = choice('restart', {
  summary: 'Whether a guest that ends by itself is started again.',
  values: ['never', 'onFailure', 'always'],
});

const SshKey = text('SSH key', {
  summary: 'A public key that may log in.',
  pattern: '(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]{16,1000}(?: [ -~]*)?',
  maxLength: 1_200,
  example: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKJxS3vHn6Fxh9tJ0dVqEFfBqvFQj3a4wq2m8m1 ada@example',
});

const order = integer('order', {
  summary: 'When its host starts: the lower ones first.',
  unit: 'number',
  max: 1_000,
});

/** What a machine is asked to be. Its size is that of a flavour, or given itself. */
export const vmAsked = {
  displayName: optional(DisplayName),
  labels: optional(VmLabels),
  flavour: optional(FlavourId),
  cpuCount: optional(CpuCount),
  memoryBytes: optional(MemoryBytes),
  kernel: optional(ImageId),
  disks: list(DiskUse, {
    summary: 'Its disks; it boots from the first, unless it boots a kernel.',
    maxItems: maxDisks,
  }),
  nics: list(PortId, { summary: 'The ports that it is plugged into, in order.', maxItems: maxNics }),
  userData: optional(
    bytes('user data', { summary: 'What cloud-init is given, for everybody to see.', minBytes: 1, maxBytes: 65_536 }),
  ),
  sealedUserData: optional(
    text('sealed user data', {
      summary: 'What cloud-init is given, under a key of the keyring.',
      pattern: 'sealed:v1:[0-9a-f]{16}:[A-Za-z0-9_-]{16}:[A-Za-z0-9_-]{22,90000}',
      maxLength: 90_100,
    }),
  ),
  sshKeys: optional(list(SshKey, { summary: 'Keys that may log in.', maxItems: 32 })),
  autostart: optional(order),
  restart: optional(Restart),
  placement: optional(PlacementRules),
};
