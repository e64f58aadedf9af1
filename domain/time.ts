import { z } from 'zod';

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

/**
 * One stretch of an operation's clock: from `fromOperationTime` on, a day of the operation takes
 * `secondsPerDay` seconds of real time. A real operation has one segment of 86,400.
 */
const ClockSegment = z.object({ fromOperationTime: z.number(), fromRealTime: z.number(), secondsPerDay: z.number() });
export type ClockSegment = z.infer<typeof ClockSegment>;

/** Fixed at the start of an operation, ordered by time, never empty. Times before the first segment run at its pace. */
const OperationClock = z.array(ClockSegment).min(1).readonly();
export type OperationClock = z.infer<typeof OperationClock>;

/** For the forms of stored workflow inputs. */
export const CLOCK_SCHEMA = Object.freeze({ clock: OperationClock });

/** The clock of a real operation: operation time is real time. */
export const REAL_CLOCK: OperationClock = [{ fromOperationTime: 0, fromRealTime: 0, secondsPerDay: DAY / SECOND }];

/** How fast a clock runs from which operation time on. */
export type Pace = Omit<ClockSegment, 'fromRealTime'>;

/** The clock of a new operation and when it starts. Without `segments` operation time is real time. */
export function beginning(
  real: Instant,
  { segments, startsAt }: { segments?: readonly Pace[] | undefined; startsAt?: Instant | undefined },
): { clock: OperationClock; startsAt: Instant } {
  const clock = segments === undefined ? REAL_CLOCK : clockFrom(real, segments);
  return { clock, startsAt: startsAt ?? toOperation(clock, real) };
}

/**
 * Lays segments end to end from a real starting moment.
 * @throws RangeError if there is no segment, a pace is not positive, or the segments are not in ascending order.
 */
export function clockFrom(startsAtReal: Instant, segments: readonly Pace[]): OperationClock {
  if (segments.length === 0) throw new RangeError('A clock needs at least one segment');
  const clock: ClockSegment[] = [];
  for (const { fromOperationTime, secondsPerDay } of segments) {
    if (!(secondsPerDay > 0)) throw new RangeError('secondsPerDay must be above 0');
    const before = clock.at(-1);
    if (before && fromOperationTime <= before.fromOperationTime) {
      throw new RangeError('Clock segments must ascend in operation time');
    }
    const fromRealTime = before ? toReal([before], fromOperationTime) : startsAtReal;
    clock.push({ fromOperationTime, fromRealTime, secondsPerDay });
  }
  return clock;
}

/** The real time at which the operation's clock shows `at`; whole milliseconds, rounded up. */
export function toReal(clock: OperationClock, at: Instant): Instant {
  const segment = segmentBy(clock, (s) => s.fromOperationTime <= at);
  return Math.ceil(segment.fromRealTime + ((at - segment.fromOperationTime) * segment.secondsPerDay * SECOND) / DAY);
}

/** What the operation's clock shows at the real time `real`; whole milliseconds, rounded down. */
export function toOperation(clock: OperationClock, real: Instant): Instant {
  const segment = segmentBy(clock, (s) => s.fromRealTime <= real);
  return Math.floor(
    segment.fromOperationTime + ((real - segment.fromRealTime) * DAY) / (segment.secondsPerDay * SECOND),
  );
}

function segmentBy(clock: OperationClock, begun: (segment: ClockSegment) => boolean): ClockSegment {
  const first = clock[0];
  if (!first) throw new RangeError('A clock needs at least one segment');
  return clock.findLast(begun) ?? first;
}

/** Weeks, or days with hours, minutes and seconds. Years and months are not of one length, so they are not read. */
const PATTERN =
  /^P(?:(?<weeks>\d{1,5})W|(?=\d|T\d)(?:(?<days>\d{1,6})D)?(?:T(?=\d)(?:(?<hours>\d{1,6})H)?(?:(?<minutes>\d{1,7})M)?(?:(?<seconds>\d{1,9}(?:\.\d{1,3})?)S)?)?)$/;

/** A length of time of ISO 8601, `P30D` or `PT2H`, in milliseconds; undefined where the text is none. */
export function durationOf(text: string): number | undefined {
  const parts = PATTERN.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const { weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = parts;
  const whole = (Number(weeks) * 7 + Number(days)) * DAY + Number(hours) * HOUR + Number(minutes) * MINUTE;
  return whole + Math.round(Number(seconds) * SECOND);
}

/** Milliseconds as ISO 8601 writes them, largest unit first: `P1DT12H`, `PT0S`. */
export function isoDuration(length: number): string {
  const left = Math.max(0, Math.round(length));
  const days = Math.floor(left / DAY);
  const hours = Math.floor((left % DAY) / HOUR);
  const minutes = Math.floor((left % HOUR) / MINUTE);
  const seconds = (left % MINUTE) / SECOND;
  const time = `${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${seconds > 0 ? `${seconds}S` : ''}`;
  if (days === 0 && time === '') return 'PT0S';
  return `P${days > 0 ? `${days}D` : ''}${time === '' ? '' : `T${time}`}`;
}
