import { type Instant, instantOf } from '../time.ts';
import type { Hint } from './codes.ts';
import { type DobPrecision, hasOtherDigits } from './columns.ts';

/**
 * A day of the proleptic Gregorian calendar as the number yyyymmdd (20260131), which compares with < and >. The
 * difference of two days divided by 10,000 gives whole years. A person born on 29 February turns a year older on 1 March
 * in other years.
 */
export type CalendarDay = number;

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export function calendarDay(year: number, month: number, day: number): CalendarDay {
  return year * 10_000 + month * 100 + day;
}

/** Whether the calendar has this day; the year 0000 has none. */
export function isRealDay(year: number, month: number, day: number): boolean {
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

/** The day of `YYYY-MM-DD`, or null for another form or an impossible day. */
export function parseCalendarDay(text: string): CalendarDay | null {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (parts === null) return null;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  return isRealDay(year, month, day) ? calendarDay(year, month, day) : null;
}

/** Whole years from `born` to `on`; negative where `on` is before. */
export function wholeYears(born: CalendarDay, on: CalendarDay): number {
  return Math.floor((on - born) / 10_000);
}

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

/** Possible years of birth of a person who is alive about `referenceYear`. */
function isLivingYear(year: number, referenceYear: number): boolean {
  return year <= referenceYear && year >= referenceYear - 110;
}

/** What a refused birth date may mean. Nothing is converted: a person decides. */
export function birthDateHint(cell: string, referenceYear: number): Hint | undefined {
  if (hasOtherDigits(cell)) return 'other_digits';
  if (/^[0-9]{1,2}[./ -][0-9]{1,2}[./ -](?:[0-9]{4}|[0-9]{2})$/.test(cell)) return 'day_first';
  if (/^[0-9]{5}(?:[.,][0-9]+)?$/.test(cell)) return 'spreadsheet_day';
  const parts = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$/.exec(cell);
  if (parts === null) return undefined;
  const [year, month, day] = [Number(parts[1]), Number(parts[2] ?? 0), Number(parts[3] ?? 0)];
  if (month === 13 && day <= 6 && isLivingYear(year + 8, referenceYear)) return 'ethiopic';
  if (month > 12 || day > 31) return undefined;
  if (year >= 1250 && year <= 1500 && isLivingYear(year + 621, referenceYear)) return 'solar_hijri';
  if (year > referenceYear && isLivingYear(year - 543, referenceYear)) return 'buddhist';
  return undefined;
}

const FORM =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(?:(Z)|([+-])([0-9]{2}):([0-9]{2}))?$/;

/** `offsetMinutes` and `instant` are null without a UTC offset in the cell: the instant is not guessed. */
export type RegisteredAt = { local: string; day: CalendarDay; offsetMinutes: number | null; instant: Instant | null };

/**
 * Reads `YYYY-MM-DD`, `T` or one blank, `HH:MM` or `HH:MM:SS`, then nothing, `Z` or `±HH:MM`.
 * Null for another form, or a date or time that does not exist.
 */
export function readRegisteredAt(cell: string): RegisteredAt | null {
  const parts = FORM.exec(cell);
  if (parts === null) return null;
  const part = (index: number): number => Number(parts[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (!isRealDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return null;
  if (part(9) > 23 || part(10) > 59) return null;
  const local = `${cell.slice(0, 10)}T${cell.slice(11, 16)}:${parts[6] ?? '00'}`;
  const base = { local, day: calendarDay(year, month, day) };
  if (parts[7] === undefined && parts[8] === undefined) return { ...base, offsetMinutes: null, instant: null };
  const offsetMinutes = (parts[8] === '-' ? -1 : 1) * (part(9) * 60 + part(10));
  const instant = instantOf(`${local}Z`) - offsetMinutes * 60_000;
  return { ...base, offsetMinutes: offsetMinutes === 0 ? 0 : offsetMinutes, instant };
}

/** The day in the cell if it is a real one, even if the time is not. */
export function dayOfRegistration(cell: string): CalendarDay | null {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]|$)/.exec(cell);
  if (parts === null) return null;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  return isRealDay(year, month, day) ? calendarDay(year, month, day) : null;
}

/** Dates with slashes, dots or hyphens and the year last. A single date does not show which part is the day. */
export type DateOrder = 'day_first' | 'month_first';

const YEAR_LAST = /^([0-9]{1,2})([./ -])([0-9]{1,2})\2([0-9]{4})(?=$|[T ])/;

function isoText(year: string, month: string, day: string): string {
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

/**
 * The cell with its date in the form `YYYY-MM-DD`; any other cell unchanged. A later rule checks whether the day exists.
 */
export function turnDate(cell: string, order: DateOrder): string {
  const parts = YEAR_LAST.exec(cell);
  if (parts === null) return cell;
  const [text, one = '', , two = '', year = ''] = parts;
  const turned = order === 'day_first' ? isoText(year, two, one) : isoText(year, one, two);
  return turned + cell.slice(text.length);
}

/** An offer to a person, with the first dates in each reading. Nothing is converted without the person's choice. */
export type DateOrderOffer = {
  /** the orders in which every cell of the column is a possible date */
  possible: DateOrder[];
  examples: Array<{ cell: string; dayFirst: string; monthFirst: string }>;
};

/** State of one column while its cells are read from top to bottom. The caller passes it on; it is a few numbers. */
export type DateOrderWatch = {
  dates: number;
  others: number;
  dayFirstFits: boolean;
  monthFirstFits: boolean;
  examples: string[];
};

export function startDateOrderWatch(): DateOrderWatch {
  return { dates: 0, others: 0, dayFirstFits: true, monthFirstFits: true, examples: [] };
}

/** The state after one more tidied cell. Empty cells change nothing. */
export function watchDateOrder(watch: DateOrderWatch, cell: string): DateOrderWatch {
  if (cell === '') return watch;
  const parts = YEAR_LAST.exec(cell);
  if (parts === null) return { ...watch, others: watch.others + 1 };
  return {
    dates: watch.dates + 1,
    others: watch.others,
    dayFirstFits: watch.dayFirstFits && Number(parts[3]) <= 12,
    monthFirstFits: watch.monthFirstFits && Number(parts[1]) <= 12,
    examples: watch.examples.length < 3 ? [...watch.examples, parts[0]] : watch.examples,
  };
}

/** An offer only where such dates fill the whole column and at least one order fits all of them; else null. */
export function offerDateOrder(watch: DateOrderWatch): DateOrderOffer | null {
  if (watch.dates === 0 || watch.others > 0) return null;
  const possible: DateOrder[] = [];
  if (watch.dayFirstFits) possible.push('day_first');
  if (watch.monthFirstFits) possible.push('month_first');
  if (possible.length === 0) return null;
  return {
    possible,
    examples: watch.examples.map((cell) => ({
      cell,
      dayFirst: turnDate(cell, 'day_first'),
      monthFirst: turnDate(cell, 'month_first'),
    })),
  };
}
