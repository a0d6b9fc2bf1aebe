import type { Entry } from '#log/entry';

type Written = Pick<Entry, 'kind' | 'id' | 'body'> & Partial<Entry>;

const id = 'small';
const size = { cpuCount: 2, memoryBytes: 4_294_967_296 };

/** Sizes that are named, told of and forgotten. */
export const virtualMachineStory: readonly Written[] = [
  { kind: 'flavour.create', id, body: size },
  { kind: 'flavour.create', id, body: size },
  { kind: 'flavour.create', id, body: { ...size, cpuCount: 4 } },
  { kind: 'flavour.describe', id, body: { description: 'For small things' } },
  { kind: 'flavour.describe', id, body: { description: 'For small things' } },
  { kind: 'flavour.delete', id, body: {} },
  { kind: 'flavour.delete', id, body: {} },
];
