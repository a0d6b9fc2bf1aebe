/** An address of a socket as it is recorded: IPv4 stays IPv4 on a socket that takes both. */
export const plainAddress = (address: string | undefined): string =>
  address === undefined ? '' : address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
