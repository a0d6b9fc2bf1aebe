import { addressOf } from '#aggregates/prismnet/cidr';

/** Locally administered, with the low byte of the number of the VPC. */
const prefixOf = (vpcNumber: number): string => `02:${hex(vpcNumber & 0xff)}`;

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** The MAC of an IPv4 address in a VPC: another for each, and the same again for the same one. */
export const madeMac = (vpcNumber: number, address: string): string => {
  const value = Number(addressOf(address)?.value ?? 0n);
  return [prefixOf(vpcNumber), ...[24, 16, 8, 0].map((shift) => hex((value >>> shift) & 0xff))].join(':');
};

/** Whether a MAC could be made from an address of the VPC, or is no address of a machine at all. */
export const isMadeMac = (vpcNumber: number, mac: string): boolean =>
  mac.startsWith(`${prefixOf(vpcNumber)}:`) || mac === '00:00:00:00:00:00';
