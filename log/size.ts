/**
 * About how many bytes a value takes where it is recorded. Equal values have equal sizes on every replica, whether they
 * were made here or read from the disk.
 */
export const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return value.length + 3;
  if (typeof value !== 'object' || value === null) return 9;
  if (ArrayBuffer.isView(value)) return value.byteLength + 3;
  let size = 3;
  if (Array.isArray(value)) {
    for (const item of value) size += sizeOf(item);
    return size;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name in fields) {
    const field = fields[name];
    if (field !== undefined) size += name.length + 1 + sizeOf(field);
  }
  return size;
};
