/** How ids and positions become keys whose byte order is the order we read in. */

/** Eight big-endian bytes of a non-negative safe integer. */
export const integerKey = (value: number): string => {
  const high = Math.floor(value / 0x1_0000_0000);
  const low = value >>> 0;
  return String.fromCharCode(
    (high >>> 24) & 0xff,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    (low >>> 24) & 0xff,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
  );
};

export const integerOfKey = (key: string, at: number): number => {
  let value = 0;
  for (let i = at; i < at + 8; i++) value = value * 256 + key.charCodeAt(i);
  return value;
};

export const stateKey = (noun: string, id: string): string => `${noun}\0${id}`;

/**
 * An id that may hold any bytes, with something behind it: 0x00 becomes 0x00 0xff and the end is 0x00 0x00. What
 * follows never starts with 0xff here, so the order of ids is kept.
 */
export const escaped = (id: string): string =>
  id.includes('\0') ? `${id.replaceAll('\0', '\0\xff')}\0\0` : `${id}\0\0`;

/** The id that starts at `at`, and where the rest begins. */
export const unescaped = (key: string, at: number): { id: string; next: number } => {
  let end = key.indexOf('\0', at);
  while (key.charCodeAt(end + 1) === 0xff) end = key.indexOf('\0', end + 2);
  return { id: key.slice(at, end).replaceAll('\0\xff', '\0'), next: end + 2 };
};

export const versionKey = (noun: string, id: string, position: number): string =>
  `${noun}\0${escaped(id)}${integerKey(position)}`;

export const indexKey = (name: string, key: string, id: string): string => `${name}\0${escaped(key)}${id}`;

export const timerKey = (dueMs: number, noun: string, id: string): string => `${integerKey(dueMs)}${noun}\0${id}`;

/** Splits `noun 0x00 id`. */
export const splitKey = (key: string): { noun: string; id: string } => {
  const end = key.indexOf('\0');
  return { noun: key.slice(0, end), id: key.slice(end + 1) };
};
