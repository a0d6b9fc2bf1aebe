import type { Asked } from '#harness/why/asked';

const size = { cpuCount: 2, memoryBytes: 4_294_967_296 };

/** How each refusal of plasmavmc comes about. */
export const virtualMachineRefusals: Readonly<Record<string, readonly Asked[]>> = {
  'flavour.absent': [['flavour.delete', 'none', {}]],
  'flavour.exists': [
    ['flavour.create', 'medium', size],
    ['flavour.create', 'medium', { ...size, cpuCount: 4 }],
  ],
};
