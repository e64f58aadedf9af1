import { type CalendarDay, calendarDay, daysInMonth, wholeYears } from './calendarDay.ts';
import type { DobPrecision } from './columns.ts';

/** As much of a birth date as is known. Unknown parts are never filled in: 1991 is not 1991-01-01. */
export type PartialDate = { year: number; month: number | null; day: number | null };

/** `no`: surely 18 or over. `possibly`: treated as a child until the age is known. `unknown`: no usable birth date. */
export type ChildState = 'yes' | 'no' | 'possibly' | 'unknown';

export const ADULT_AT = 18;
export const ELDERLY_AT = 60;
export const OLDEST = 110;

export type DobReading = { outcome: 'read'; date: PartialDate } | { outcome: 'DOB_FORMAT' | 'DOB_IMPOSSIBLE' };

/** Reads `YYYY`, `YYYY-MM` or `YYYY-MM-DD` of a tidied cell; month or day 00 means unknown. */
export function readBirthDate(cell: string): DobReading {
  const parts = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$/.exec(cell);
  if (parts === null) return { outcome: 'DOB_FORMAT' };
  const year = Number(parts[1]);
  const month = Number(parts[2] ?? 0);
  const day = Number(parts[3] ?? 0);
  const impossible = year === 0 || month > 12 || (month === 0 ? day > 0 : day > daysInMonth(year, month));
  if (impossible) return { outcome: 'DOB_IMPOSSIBLE' };
  return { outcome: 'read', date: { year, month: month || null, day: day || null } };
}

export function precisionOf(date: PartialDate): DobPrecision {
  if (date.month === null) return 'year';
  return date.day === null ? 'month' : 'day';
}

const FINENESS: Record<DobPrecision, number> = { year: 0, month: 1, day: 2 };

export function isCoarser(one: DobPrecision, other: DobPrecision): boolean {
  return FINENESS[one] < FINENESS[other];
}

/** The date reduced to the precision that the team states: `1990-01-01` with precision `year` is 1990. */
export function coarsen(date: PartialDate, precision: DobPrecision | null): PartialDate {
  return {
    year: date.year,
    month: precision === 'year' ? null : date.month,
    day: precision === null || precision === 'day' ? date.day : null,
  };
}

export function earliestDay(date: PartialDate): CalendarDay {
  return calendarDay(date.year, date.month ?? 1, date.day ?? 1);
}

export function latestDay(date: PartialDate): CalendarDay {
  const month = date.month ?? 12;
  return calendarDay(date.year, month, date.day ?? daysInMonth(date.year, month));
}

/** Age in whole years on a day, as far as the date allows. */
export function ageRange(date: PartialDate, on: CalendarDay): { least: number; most: number } {
  return { least: wholeYears(latestDay(date), on), most: wholeYears(earliestDay(date), on) };
}

/** Under 18 on the day. */
export function childState(date: PartialDate | null, on: CalendarDay): ChildState {
  if (date === null) return 'unknown';
  const age = ageRange(date, on);
  if (age.most < ADULT_AT) return 'yes';
  return age.least >= ADULT_AT ? 'no' : 'possibly';
}

/** `1991`, `1991-04` or `1991-04-30`: the form in the API, in storage and to partners. */
export function formatPartialDate(date: PartialDate): string {
  const parts = [String(date.year).padStart(4, '0')];
  if (date.month !== null) parts.push(String(date.month).padStart(2, '0'));
  if (date.month !== null && date.day !== null) parts.push(String(date.day).padStart(2, '0'));
  return parts.join('-');
}

/** The inverse of `formatPartialDate`; null where the text is no date. */
export function parsePartialDate(text: string): PartialDate | null {
  const reading = readBirthDate(text);
  return reading.outcome === 'read' ? reading.date : null;
}
