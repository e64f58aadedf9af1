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
