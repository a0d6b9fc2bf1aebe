/** A number, or a time, as part of an index key: the order of the texts is that of the numbers. */
export const orderedKey = (value: number): string => String(value).padStart(16, '0');
