import type { Codec, Unit } from '#commands/codec/codec';
import { integer } from '#commands/codec/scalar';

/** What a project may have so much of, and no more. */
export const limited = [
  'vpcs',
  'subnets',
  'ports',
  'securityGroups',
  'securityGroupRules',
  'routers',
  'floatingIps',
  'vms',
  'vcpus',
  'memoryBytes',
  'disks',
  'diskBytes',
  'images',
  'imageBytes',
  'snapshots',
] as const;

export type Limited = (typeof limited)[number];

/** So that amounts of all objects of a project together are always safe integers. */
const most = 2 ** 50;

const of = (name: string, summary: string, unit: Unit = 'count'): Codec<number> =>
  integer(name, { summary, unit, max: most });

/** One amount of each. */
export const amounts: Readonly<Record<Limited, Codec<number>>> = {
  vpcs: of('VPCs', 'Virtual private clouds.'),
  subnets: of('subnets', 'Subnets of all of its VPCs.'),
  ports: of('ports', 'Ports, each with an address.'),
  securityGroups: of('security groups', 'Security groups.'),
  securityGroupRules: of('security group rules', 'Rules of all of its security groups.'),
  routers: of('routers', 'Routers.'),
  floatingIps: of('floating IPs', 'Floating IP addresses.'),
  vms: of('VMs', 'Virtual machines, running or not.'),
  vcpus: of('vCPUs', 'Virtual processors of all of its VMs.'),
  memoryBytes: of('memory', 'Memory of all of its VMs.', 'bytes'),
  disks: of('disks', 'Disks, attached or not.'),
  diskBytes: of('disk bytes', 'What all of its disks may grow to.', 'bytes'),
  images: of('images', 'Images.'),
  imageBytes: of('image bytes', 'What all of its images take.', 'bytes'),
  snapshots: of('snapshots', 'Snapshots of disks.'),
};
