import { Temporal as Calendar } from 'temporal-polyfill';

/** Time zones of one table. The planner of a movement reads them once; the result is stored with the movement. */
export type Zones = {
  /** release of the table, as IANA names it (`2026c`) */
  table: string;
  /**
   * The offsets (`+01:00`) of a zone at a local time (`2027-02-20T10:00`): none if clocks skip it, two if clocks repeat
   * it, undefined for an unknown zone.
   */
  offsets(local: string, zone: string): string[] | undefined;
};

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
