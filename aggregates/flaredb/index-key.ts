import type { Json } from '#commands/codec/codec';
import type { IndexSpec } from '#commands/flaredb/namespace';

/** Of UTF-8. A longer text at an indexed path is refused: cut short it could not be told from another. */
export const maxIndexedTextBytes = 512;

/** What every key of an index starts with. Names hold no zero byte, so no index lies within another. */
export const indexPrefix = (namespace: string, index: string): string => `${namespace}\0${index}\0`;

/** The value as bytes whose order is the order of values; undefined when it is not of the index's kind. */
export const encodeValue = (kind: IndexSpec['kind'], value: Json | undefined): string | undefined => {
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? Buffer.from(value, 'utf8').toString('latin1') : undefined;
    case 'number':
      return typeof value === 'number' ? numberKey(value) : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? (value ? '\x01' : '\0') : undefined;
  }
};

/** A value as it is written in a query; undefined when it cannot be of the index's kind. */
export const parseValue = (kind: IndexSpec['kind'], written: string): Json | undefined => {
  switch (kind) {
    case 'text':
      return written;
    case 'number': {
      const value = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(written) ? Number(written) : NaN;
      // Adding 0 turns a negative zero into zero, as documents hold it.
      return Number.isFinite(value) ? value + 0 : undefined;
    }
    case 'boolean':
      return written === 'true' ? true : written === 'false' ? false : undefined;
  }
};

/** What is at a dotted path of a document. Lists are not entered. */
export const valueAt = (document: Json, path: string): Json | undefined => {
  let value: Json | undefined = document;
  for (const name of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
};

export const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** IEEE 754 orders like an integer once the sign is turned and, below zero, every other bit too. */
const numberKey = (value: number): string => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const turn = value < 0 ? 0xff : 0;
  let key = String.fromCharCode(view.getUint8(0) ^ (turn | 0x80));
  for (let at = 1; at < 8; at++) key += String.fromCharCode(view.getUint8(at) ^ turn);
  return key;
};
