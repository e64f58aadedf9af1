/** A moment as whole milliseconds since 1970-01-01T00:00Z. In `domain` and in events it is operation time. */
export type Instant = number;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The instant as ISO 8601 in UTC: the form in the API, the database and the partner protocol. */
export function iso(at: Instant): string {
  return new Date(at).toISOString();
}

/** The day of the instant in UTC, `2017-09-29`. */
export function isoDay(at: Instant): string {
  return iso(at).slice(0, 10);
}

/** The instant of a text in ISO 8601 with its offset; NaN for any other text. */
export function instantOf(text: string): Instant {
  return Date.parse(text);
}

/** The beginning of a day in UTC. @param month 1 to 12 */
export function startOfDay(year: number, month: number, day: number): Instant {
  return Date.UTC(year, month - 1, day);
}

/**
 * The same day of the month `months` later, UTC; where that month is shorter, its last day
 * (31 August + 6 months = 28 February).
 */
export function addMonths(at: Instant, months: number): Instant {
  const from = new Date(at);
  const target = new Date(at);
  target.setUTCDate(1);
  target.setUTCMonth(from.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  target.setUTCDate(Math.min(from.getUTCDate(), lastDay));
  return target.getTime();
}
