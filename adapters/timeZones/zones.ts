import { Temporal as Calendar } from 'temporal-polyfill';

/** Time zones as one table has them. Whoever plans a movement asks here, once; what was answered is kept with it. */
export type Zones = {
  /** release of the table, as IANA names it (`2026c`) */
  table: string;
  /**
   * The offsets (`+01:00`) that clocks of a zone can show at a local reading (`2027-02-20T10:00`): none where they jump
   * over it, two where they are set back and show it twice, undefined where there is no such zone.
   */
  offsets(local: string, zone: string): string[] | undefined;
};

/** The table of this process: what Node carries, and never that of the machine or of PostgreSQL. */
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

/** An offset alone (`+01:00`) is no zone: it knows no rules. */
function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
