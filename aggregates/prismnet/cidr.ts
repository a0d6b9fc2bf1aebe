/** Addresses are integers here, and ranges begin with their first address; states hold their texts. */

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** `bits` of the value are those of the range; the others may be set in what was written. */
export interface Network extends Address {
  readonly bits: number;
}

const widthOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** IPv4 in four decimal numbers without leading zeros, or IPv6 without an IPv4 part; undefined for anything else. */
export const addressOf = (text: string): Address | undefined => {
  const value = text.includes(':') ? ipv6Of(text) : ipv4Of(text);
  return value === undefined ? undefined : { family: text.includes(':') ? 6 : 4, value };
};

const ipv4Of = (text: string): bigint | undefined => {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
};

const ipv6Of = (text: string): bigint | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array.from({ length: missing }, () => '0'), ...tail]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return value;
};

export const textOf = ({ family, value }: Address): string => (family === 4 ? ipv4Text(value) : ipv6Text(value));

const ipv4Text = (value: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');

/** The shortest spelling (RFC 5952): the first of the longest runs of zeros is left out, if it is longer than one. */
const ipv6Text = (value: bigint): string => {
  const groups = Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16));
  let [start, length] = [0, 0];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (groups[end] === '0') end++;
    if (end - at > length) [start, length] = [at, end - at];
  }
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
};

/** A range in CIDR form; undefined when it is none. Host bits may be set: `firstOf` is without them. */
export const networkOf = (text: string): Network | undefined => {
  const [written = '', length = '', ...more] = text.split('/');
  const address = addressOf(written);
  if (address === undefined || more.length > 0 || !/^(?:0|[1-9][0-9]{0,2})$/.test(length)) return undefined;
  const bits = Number(length);
  return bits > widthOf(address.family) ? undefined : { ...address, bits };
};

export const networkText = (network: Network): string => `${textOf(firstOf(network))}/${network.bits}`;

/** Without host bits and in the shortest spelling: there is one such text for each range. */
export const isCanonical = (text: string): boolean => {
  const network = networkOf(text);
  return network !== undefined && networkText(network) === text;
};

const hostMask = ({ family, bits }: Network): bigint => (1n << BigInt(widthOf(family) - bits)) - 1n;

export const firstOf = (network: Network): Address => ({
  family: network.family,
  value: (network.value | hostMask(network)) ^ hostMask(network),
});

export const lastOf = (network: Network): Address => ({
  family: network.family,
  value: network.value | hostMask(network),
});

export const contains = (network: Network, { family, value }: Address): boolean =>
  family === network.family && value >= firstOf(network).value && value <= lastOf(network).value;

export const overlaps = (a: Network, b: Network): boolean => contains(a, firstOf(b)) || contains(b, firstOf(a));

/** In hexadecimal digits of equal number, so that the order of texts is that of addresses. */
export const sortable = ({ family, value }: Address): string => value.toString(16).padStart(widthOf(family) / 4, '0');

/** The address that a machine with a MAC gives itself in a /64 (RFC 4291, appendix A). */
export const eui64 = (prefix: Network, mac: string): Address => {
  const [a = 0, b = 0, c = 0, ...rest] = mac.split(':').map((part) => parseInt(part, 16));
  const host = [a ^ 2, b, c, 0xff, 0xfe, ...rest].reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return { family: 6, value: firstOf(prefix).value | host };
};
