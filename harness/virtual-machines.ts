import { command } from '#commands/command';
import { id } from '#commands/codec/scalar';
import { HostId, PortId } from '#commands/plasmavmc/name';
import type { AnyAggregate } from '#aggregates/aggregate';
import { accept } from '#aggregates/decision';
import { hostKind } from '#aggregates/host';
import { disk } from '#aggregates/plasmavmc/disk';
import { flavour } from '#aggregates/plasmavmc/flavour';
import { hostLoad } from '#aggregates/plasmavmc/host-load';
import { image } from '#aggregates/plasmavmc/image';
import { migration } from '#aggregates/plasmavmc/migrate';
import { vm } from '#aggregates/plasmavmc/vm';
import { portKind } from '#aggregates/plasmavmc/vm-definition';
import { vmKeeping } from '#aggregates/plasmavmc/vm-keeping';
import type { Component } from '#log/component';
import { diskView } from '#projections/plasmavmc/disk';
import { imageView } from '#projections/plasmavmc/image';
import { vmView } from '#projections/plasmavmc/vm';

/** Something that is what it is said to be: for what a component reads of others. */
const standIn = (noun: string, spec: ReturnType<typeof command>, kind: AnyAggregate['kind']): AnyAggregate => ({
  kind,
  summary: noun,
  commands: [spec],
  events: { [`${noun}.became`]: spec.body },
  rejections: {},
  decide: (_state, { body }) => accept({ kind: `${noun}.became`, body }),
  evolve: (_state, { body }) => body,
});

const become = (noun: string, of: Parameters<typeof command>[2]['id']): ReturnType<typeof command> =>
  command(noun, 'become', { summary: 'Be so.', id: of, body: {} });

/** Virtual machines among hosts, ports and projects that are whatever `<noun>.become` says. */
export const machineComponents: readonly Component[] = [
  {
    name: 'others',
    summary: '',
    aggregates: [
      standIn('host', become('host', HostId), hostKind),
      standIn('port', become('port', PortId), portKind),
      standIn('project', become('project', id('project')), { noun: 'project' }),
    ],
    procedures: [],
    reactions: [{ on: 'host.became', react: ({ id: host }) => [{ kind: 'host-load.offer', id: host, body: {} }] }],
    views: [],
  },
  {
    name: 'plasmavmc',
    summary: '',
    aggregates: [flavour, image, disk, vm, hostLoad],
    procedures: [migration],
    reactions: vmKeeping,
    views: [imageView, diskView, vmView],
  },
];
