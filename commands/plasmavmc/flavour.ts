import { object, optional } from '#commands/codec/object';
import { command, type CommandOf } from '#commands/command';
import { CpuCount, CreatePosition, Description, FlavourId, MemoryBytes, ModPosition } from '#commands/plasmavmc/name';
import { view } from '#commands/view';

export const createFlavour = command('flavour', 'create', {
  summary: 'Name a size of virtual machines.',
  id: FlavourId,
  body: { cpuCount: CpuCount, memoryBytes: MemoryBytes, description: optional(Description) },
  examples: [
    {
      title: 'Two processors and four gibibytes.',
      id: 'small',
      body: { cpuCount: 2, memoryBytes: 4_294_967_296, description: 'For what is mostly idle' },
    },
  ],
});

export const describeFlavour = command('flavour', 'describe', {
  summary: 'Say anew what a flavour is for. Its size stays.',
  id: FlavourId,
  body: { description: Description },
  examples: [{ title: 'Another description.', id: 'small', body: { description: 'For small things' } }],
});

export const deleteFlavour = command('flavour', 'delete', {
  summary: 'Delete a flavour. Machines that were made of it keep their size.',
  id: FlavourId,
  body: {},
});

export type FlavourCommand = CommandOf<typeof createFlavour | typeof describeFlavour | typeof deleteFlavour>;

export const flavours = view('flavour', {
  summary: 'Sizes of virtual machines that have a name.',
  id: FlavourId,
  row: object({
    id: FlavourId,
    cpuCount: CpuCount,
    memoryBytes: MemoryBytes,
    description: optional(Description),
    createPosition: CreatePosition,
    modPosition: ModPosition,
  }),
  columns: [
    { title: 'FLAVOUR', path: 'id' },
    { title: 'PROCESSORS', path: 'cpuCount' },
    { title: 'MEMORY', path: 'memoryBytes' },
    { title: 'DESCRIPTION', path: 'description' },
  ],
});
