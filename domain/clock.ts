import { z } from 'zod';
import { DAY, type Instant, SECOND } from './time.ts';

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
