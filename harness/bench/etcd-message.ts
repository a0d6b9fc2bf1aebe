/** The few messages of etcd's API that the load consists of, encoded as protobuf has it. */

/** `k/` and eight digits: the digits can be changed in place. */
export const keyOf = (index: number): string => `k/${String(index).padStart(8, '0')}`;

export const KEY_DIGITS_AT = 2;
const KEY_DIGITS = 8;

const VALUE_BYTES = 300;

/** Printable, so that the same bytes can be sent as JSON text. */
export const value: Buffer = Buffer.from(
  Array.from({ length: VALUE_BYTES }, (_, at) => 'abcdefghijklmnopqrstuvwxyz0123456789'.charCodeAt((at * 7919) % 36)),
);

export const writeDigits = (bytes: Buffer, at: number, index: number): void => {
  let rest = index;
  for (let place = at + KEY_DIGITS - 1; place >= at; place--) {
    bytes[place] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
};

const varint = (number: number): Buffer => {
  const bytes: number[] = [];
  let rest = number;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
};

const field = (number: number, bytes: Uint8Array): Buffer =>
  Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);

/** Where the key's first byte is in a put or a range request: behind the field's tag and length. */
export const KEY_AT = 2;

export const rangeRequest = (key: string): Buffer => field(1, Buffer.from(key));

export const putRequest = (key: string): Buffer => Buffer.concat([rangeRequest(key), field(2, value)]);

/** Puts every key from `from` on, `count` of them. */
export const txnOfPuts = (from: number, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, at) => field(2, field(2, putRequest(keyOf(from + at))))));

export const watchRequest = (key: string): Buffer => field(1, field(1, Buffer.from(key)));

/** Events (field 11) in the WatchResponse at `from`. */
export const eventsIn = (bytes: Buffer, from: number, to: number): number => {
  let count = 0;
  let at = from;
  while (at < to) {
    const tag = bytes[at++] as number;
    let number = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = bytes[at++] as number;
      number += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte > 127 && at < to);
    if ((tag & 7) === 2) at += number;
    if (tag === ((11 << 3) | 2)) count++;
  }
  return count;
};
