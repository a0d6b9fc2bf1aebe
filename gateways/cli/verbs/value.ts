import { bytesAt } from '#gateways/cli/json';
import type { Call } from '#gateways/cli/verb';

/** The bytes of the value alone, as they are; a terminal gets a line end after them. */
export const printValue = ({ session }: Call, row: unknown): void => {
  const { stdout } = session.terminal;
  const value = bytesAt(row, 'value') ?? Buffer.alloc(0);
  stdout.write(value);
  if (stdout.isTTY && value.at(-1) !== 10) stdout.write('\n');
};
