import { systemPrincipal } from '#log/authority';

/** Who sends what follows from time, liveness and the start of a node: the process itself. */
export const bySystem = { principal: systemPrincipal, credential: 'process', source: 'system', address: '' } as const;
