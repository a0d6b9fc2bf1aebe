import { IPv4, isValid, isValidCIDR, parse, parseCIDR, type IPv6 } from 'ipaddr.js';

export type Network = [IPv4 | IPv6, number];

/** Undefined when it is no network in CIDR form. Short and octal ways to write an address of IPv4 are none. */
export const networkOf = (written: string): Network | undefined => {
  const address = written.slice(0, written.indexOf('/'));
  if (!isValidCIDR(written) || (!address.includes(':') && !IPv4.isValidFourPartDecimal(address))) return undefined;
  return parseCIDR(written);
};

/** Whether an address, as a socket has it, is of a network. */
export const contains = ([start, bits]: Network, address: string): boolean => {
  if (!isValid(address)) return false;
  const found = parse(address);
  return found.kind() === start.kind() && found.match(start, bits);
};
