import type * as server from '#gateways/server/main';

/** What the CLI asks of the server's bundle, which is only loaded by the verbs that need it. */
export type ServerProgram = Pick<
  typeof server,
  'newSigningRequest' | 'serve' | 'initialise' | 'verify' | 'restore' | 'backUpKeyring' | 'restoreKeyring'
>;
