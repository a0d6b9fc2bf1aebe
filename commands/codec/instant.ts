import type { Instant } from '#commands/codec/scalar';

/** 9999-12-31T23:59:59.999Z, the last instant that RFC 3339 can write. */
export const lastInstant: Instant = 253_402_300_799_999;

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Reads RFC 3339 text with any offset; what is finer than a millisecond is cut. Undefined if it is not such a
 * text, names no day of the calendar, is a leap second, or is before 1970.
 */
export const instantFromText = (input: string): Instant | undefined => {
  const match = rfc3339.exec(input);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const offset = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || Number(match[9] ?? 0) > 23 || Number(match[10] ?? 0) > 59) {
    return undefined;
  }
  const local = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  const instant = local - (match[8] === '-' ? -offset : offset) * 60_000;
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; all of them are before 1970.
  return year < 100 || instant < 0 || instant > lastInstant ? undefined : instant;
};

export const instantToText = (instant: Instant): string => new Date(instant).toISOString();

const daysOf = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
};
