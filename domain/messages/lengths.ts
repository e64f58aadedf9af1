import { DAY, HOUR, type Instant, iso, MINUTE } from '../time.ts';
import { t, tCount } from './t.ts';

/** A length of time in one unit, rounded down: `3 days`, `5 hours`, `less than a minute`. @param length milliseconds */
export function lengthInWords(length: number): string {
  if (length >= 2 * DAY) return tCount('length.day', Math.floor(length / DAY));
  if (length >= HOUR) return tCount('length.hour', Math.floor(length / HOUR));
  if (length >= MINUTE) return tCount('length.minute', Math.floor(length / MINUTE));
  return t('length.now');
}

/** The moment to the minute, UTC: `2017-09-29 08:00 UTC`. */
export function momentInWords(at: Instant): string {
  return `${iso(at).slice(0, 16).replace('T', ' ')} UTC`;
}
