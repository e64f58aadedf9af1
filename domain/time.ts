/** A moment as whole milliseconds since 1970-01-01T00:00Z. In `domain` and in events it is operation time. */
export type Instant = number;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The instant as ISO 8601 in UTC, the form of every boundary (API, database, partners). */
export function iso(at: Instant): string {
  return new Date(at).toISOString();
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
