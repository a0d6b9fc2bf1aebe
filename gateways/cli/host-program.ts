import type * as host from '#gateways/host/main';

/** What the CLI asks of the agent's bundle, which is only loaded by the verbs that need it. */
export type HostProgram = Pick<typeof host, 'runHost'>;
