/** A label of a host name (RFC 1123 2.1), in lower case so that a name is written in one way. */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** A DNS name that may stand in a certificate: whole, no wildcard, and nothing that reads as an address. */
export const isSignable = (name: string): boolean => {
  if (name.length > 253) return false;
  const labels = name.split('.');
  return labels.every((each) => label.test(each)) && !/^[0-9]+$/.test(labels.at(-1) ?? '');
};

const octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const dotted = new RegExp(`^${octet}(?:\\.${octet}){3}$`);

/** An address that one machine can have: none that stands for all, for many, or for nobody. */
export const isSignableAddress = (address: string): boolean => {
  if (dotted.test(address)) return !/^0\.|^255\.255\.255\.255$|^(?:22[4-9]|23[0-9])\./.test(address);
  const groups = groupsOf(address);
  if (groups === undefined) return false;
  return groups.some((group) => group !== 0) && ((groups[0] ?? 0) & 0xff00) !== 0xff00;
};

/** The eight groups of an IPv6 address (RFC 4291 2.2, without a dotted end); undefined when it is none. */
const groupsOf = (address: string): readonly number[] | undefined => {
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const parsed = halves.map((half) => (half === '' ? [] : half.split(':')));
  const written = parsed.flat();
  if (!written.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
  const [head = [], tail = []] = parsed;
  const missing = 8 - written.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const zeros = Array.from({ length: halves.length === 1 ? 0 : missing }, () => '0');
  return [...head, ...zeros, ...tail].map((group) => parseInt(group, 16));
};
