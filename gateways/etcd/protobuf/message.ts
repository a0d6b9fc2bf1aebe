import { Malformed, Reader, WireType } from '#gateways/etcd/protobuf/reader';
import { Writer } from '#gateways/etcd/protobuf/writer';

/** How one field is read and written. `In` is what may be written, `Out` what is read; `empty` stands for absence. */
export interface FieldType<Out, In = Out> {
  readonly wireType: number;
  readonly empty: Out;
  /** Reads one value; a repeated field also gets what it has so far. */
  read(reader: Reader, wireType: number, sofar: Out): Out;
  /** Writes tag and value, or nothing when the value is the default of its type. */
  write(writer: Writer, tag: number, value: In): void;
}

interface AnyFieldType {
  readonly wireType: number;
  readonly empty: unknown;
  read(reader: Reader, wireType: number, sofar: never): unknown;
  write(writer: Writer, tag: number, value: never): void;
}

type Fields = Readonly<Record<string, readonly [number: number, type: AnyFieldType]>>;
type OutOf<T> = T extends { readonly empty: infer Out } ? Out : never;
type InOf<T> = T extends { write(writer: Writer, tag: number, value: infer In): void } ? In : never;
type Decoded<F extends Fields> = { readonly [K in keyof F]: OutOf<F[K][1]> };
type Input<F extends Fields> = { readonly [K in keyof F]?: InOf<F[K][1]> | undefined };

/** A message of the protocol: its fields by number, compiled to a reader and a writer. */
export interface Message<Out, In> {
  decode(bytes: Buffer): Out;
  encode(message: In): Buffer;
  readFrom(reader: Reader): Out;
  writeTo(writer: Writer, message: In): void;
}

export type MessageOf<M> = M extends { decode(bytes: Buffer): infer Out } ? Out : never;
export type InputOf<M> = M extends { encode(message: infer In): Buffer } ? In : never;

/** Messages are written one after another within a turn, so one buffer serves all of them. */
const shared = new Writer();

interface AnyField {
  readonly name: string;
  readonly number: number;
  readonly tag: number;
  readonly type: FieldType<unknown, unknown>;
}

/** The encoding is told by the table alone; a field of an unknown number is passed over, as proto3 asks. */
export const message = <F extends Fields>(fields: F): Message<Decoded<F>, Input<F>> => {
  const table: AnyField[] = Object.entries(fields).map(([name, [number, type]]) => {
    // The table's own types are those of `Decoded` and `Input`; inside, fields are read and written by name.
    const field = type as unknown as FieldType<unknown, unknown>;
    return { name, number, tag: number * 8 + field.wireType, type: field };
  });
  const template = Object.fromEntries(table.map(({ name, type }) => [name, type.empty]));
  const byNumber: (AnyField | undefined)[] = [];
  for (const field of table) byNumber[field.number] = field;

  const readFrom = (reader: Reader): Decoded<F> => {
    const out: Record<string, unknown> = { ...template };
    while (reader.at < reader.end) {
      const tag = reader.int64();
      const field = byNumber[Math.floor(tag / 8)];
      if (field === undefined) reader.skip(tag & 7);
      else out[field.name] = field.type.read(reader, tag & 7, out[field.name]);
    }
    return out as Decoded<F>;
  };
  const writeTo = (writer: Writer, input: Input<F>): void => {
    const values = input as Readonly<Record<string, unknown>>;
    for (const { name, tag, type } of table) {
      const value = values[name];
      if (value !== undefined) type.write(writer, tag, value);
    }
  };
  return {
    readFrom,
    writeTo,
    decode: (bytes) => readFrom(new Reader(bytes)),
    encode: (input) => {
      try {
        writeTo(shared, input);
        return shared.finish();
      } catch (error) {
        shared.clear();
        throw error;
      }
    },
  };
};

const scalar = <Out, In>(
  wireType: number,
  empty: Out,
  read: (reader: Reader) => Out,
  isDefault: (value: In) => boolean,
  write: (writer: Writer, value: In) => void,
): FieldType<Out, In> => ({
  wireType,
  empty,
  read: (reader, found) => {
    if (found !== wireType) throw new Malformed(`wire type ${found} before octet ${reader.at}, expected ${wireType}`);
    return read(reader);
  },
  write: (writer, tag, value) => {
    if (isDefault(value)) return;
    writer.int64(tag);
    write(writer, value);
  },
});

const nothing = Buffer.alloc(0);

export const bool = scalar<boolean, boolean>(
  WireType.varint,
  false,
  (reader) => reader.int64() !== 0,
  (value) => !value,
  (writer) => writer.byte(1),
);

/** Also for int32, uint32 and enumerations. Numbers beyond 2^53 lose their last digits. */
export const int64 = scalar<number, number>(
  WireType.varint,
  0,
  (reader) => reader.int64(),
  (value) => value === 0,
  (writer, value) => writer.int64(value),
);

/** An exact signed number, as decimal digits. */
export const id64 = scalar<string, string>(
  WireType.varint,
  '0',
  (reader) => reader.int64Text(),
  (value) => value === '0',
  (writer, value) => {
    if (value.length <= 15) writer.int64(Number(value));
    else writer.bigint(BigInt.asUintN(64, BigInt(value)));
  },
);

export const uint64 = scalar<bigint, bigint>(
  WireType.varint,
  0n,
  (reader) => reader.uint64(),
  (value) => value === 0n,
  (writer, value) => writer.bigint(value),
);

/** What is read shares memory with the message. */
export const bytes = scalar<Buffer, Uint8Array>(
  WireType.delimited,
  nothing,
  (reader) => reader.delimited(),
  (value) => value.length === 0,
  (writer, value) => writer.delimited(value),
);

/** Bytes as a string with one char per byte, the form of keys inside. */
export const key = scalar<string, string>(
  WireType.delimited,
  '',
  (reader) => reader.latin1(),
  (value) => value === '',
  (writer, value) => writer.latin1(value),
);

export const text = scalar<string, string>(
  WireType.delimited,
  '',
  (reader) => reader.utf8(),
  (value) => value === '',
  (writer, value) => writer.utf8(value),
);

/** A message that is already encoded, or is not looked into. */
export const encoded: FieldType<Buffer | undefined, Uint8Array> = {
  ...scalar<Buffer | undefined, Uint8Array>(
    WireType.delimited,
    undefined,
    (reader) => reader.delimited(),
    () => false,
    (writer, value) => writer.delimited(value),
  ),
};

/** A message inside a message; undefined when it is absent. */
export const nested = <Out, In>(inner: Message<Out, In>): FieldType<Out | undefined, In> =>
  scalar<Out | undefined, In>(
    WireType.delimited,
    undefined,
    (reader) => {
      const length = reader.length();
      const { end } = reader;
      reader.end = reader.at + length;
      const value = inner.readFrom(reader);
      reader.end = end;
      return value;
    },
    () => false,
    (writer, value) => {
      const start = writer.open();
      inner.writeTo(writer, value);
      writer.close(start);
    },
  );

/** Any number of messages. */
export const list = <Out, In>(inner: Message<Out, In>): FieldType<readonly Out[], readonly In[]> =>
  // Reading a message that is there never gives the undefined of one that is absent.
  each(nested(inner) as FieldType<Out, In>);

/** Any number of texts, bytes or keys. */
export const each = <Out, In>(item: FieldType<Out, In>): FieldType<readonly Out[], readonly In[]> => ({
  wireType: item.wireType,
  empty: [],
  read: (reader, wireType, sofar) => {
    const value = item.read(reader, wireType, item.empty);
    const values = sofar as Out[];
    if (values.length === 0) return [value];
    values.push(value);
    return values;
  },
  write: (writer, tag, values) => {
    for (const value of values) writeItem(writer, tag, item, value);
  },
});

/** An item of a list is written even where it is the default of its type. */
const writeItem = <Out, In>(writer: Writer, tag: number, item: FieldType<Out, In>, value: In): void => {
  const before = writer.length;
  item.write(writer, tag, value);
  if (writer.length > before) return;
  writer.int64(tag);
  writer.byte(0);
};

/** Any number of whole numbers, packed or not. */
export const numbers: FieldType<readonly number[], readonly number[]> = {
  wireType: WireType.delimited,
  empty: [],
  read: (reader, wireType, sofar) => {
    const values = sofar.length === 0 ? [] : (sofar as number[]);
    if (wireType === WireType.varint) {
      values.push(reader.int64());
      return values;
    }
    if (wireType !== WireType.delimited) throw new Malformed(`wire type ${wireType} before octet ${reader.at}`);
    const end = reader.length() + reader.at;
    while (reader.at < end) values.push(reader.int64());
    return values;
  },
  write: (writer, tag, values) => {
    if (values.length === 0) return;
    writer.int64(tag);
    const start = writer.open();
    for (const value of values) writer.int64(value);
    writer.close(start);
  },
};
