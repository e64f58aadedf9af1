import { DAY, HOUR, type Instant, MINUTE } from '../time.ts';
import { say, sayCount } from './say.ts';

/** A length of time in one unit, rounded down: `3 days`, `5 hours`, `less than a minute`. @param length milliseconds */
export function lengthInWords(length: number): string {
  if (length >= 2 * DAY) return sayCount('length.day', Math.floor(length / DAY));
  if (length >= HOUR) return sayCount('length.hour', Math.floor(length / HOUR));
  if (length >= MINUTE) return sayCount('length.minute', Math.floor(length / MINUTE));
  return say('length.now');
}

/** The moment to the minute, UTC: `2017-09-29 08:00 UTC`. */
export function momentInWords(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function dayInWords(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}
