import { Temporal as Calendar } from 'temporal-polyfill';
import type { Zones } from '../../domain/movements/localTimes.ts';

/** The table of this process: that of Node, never of the machine or of PostgreSQL. */
export const ZONES: Zones = {
  table: process.versions['tz'] ?? 'unknown',
  offsets(local, zone) {
    if (!isZone(zone)) return undefined;
    const reading = Calendar.PlainDateTime.from(local);
    const readings = (['earlier', 'later'] as const)
      .map((disambiguation) => reading.toZonedDateTime(zone, { disambiguation }))
      .filter((moment) => moment.toPlainDateTime().equals(reading));
    return [...new Set(readings.map(({ offset }) => offset))];
  },
};

/** An offset alone (`+01:00`) is not a zone, because it has no rules. */
function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
