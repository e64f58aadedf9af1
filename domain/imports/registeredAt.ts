import { type Instant, instantOf } from '../time.ts';
import { type CalendarDay, calendarDay, isRealDay } from './calendarDay.ts';

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
