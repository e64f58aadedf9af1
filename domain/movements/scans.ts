import type { Step } from '../preconditions.ts';
import type { Scan } from './events.ts';

/** The status of a seat. */
export type SeatStatus =
  | 'reserved'
  | 'checked_in'
  | 'boarded'
  | 'departed'
  | 'arrived'
  | 'released'
  | 'no_show'
  | 'denied'
  | 'offloaded';

/** Why a scan changes nothing. Refused scans are listed. */
export const REFUSED_SCANS = {
  no_seat: 'This person has no seat on this movement',
  not_on_board: 'The person is not on board',
  is_on_board: 'The person is on board; record an offload, not a denial',
  has_departed: 'The person has departed with this movement',
  marked_no_show: 'The person was recorded as a no-show, and the seat is free',
  was_denied: 'The person was denied boarding',
  left_again: 'The person has left the vehicle',
  preconditions: 'The preconditions are not met; the person is denied boarding',
  household: 'The household is not complete here; a person must decide',
} as const;

export type RefusedScan = keyof typeof REFUSED_SCANS;

type Effect = { to: SeatStatus; checks?: Step } | { again: true } | { refused: RefusedScan };

const AGAIN: Effect = { again: true };
const refused = (code: RefusedScan): Effect => ({ refused: code });

const ON_THE_GROUND: Record<Scan['kind'], Effect> = {
  check_in: { to: 'checked_in', checks: 'check_in' },
  board: { to: 'boarded', checks: 'board' },
  no_show: { to: 'no_show' },
  deny: { to: 'denied' },
  offload: refused('not_on_board'),
};

const GONE: Record<Scan['kind'], Effect> = {
  check_in: AGAIN,
  board: AGAIN,
  no_show: refused('has_departed'),
  deny: refused('has_departed'),
  offload: refused('has_departed'),
};

const allRefused = (code: RefusedScan): Record<Scan['kind'], Effect> => ({
  check_in: refused(code),
  board: refused(code),
  no_show: refused(code),
  deny: refused(code),
  offload: refused(code),
});

/**
 * What a scan does to a seat, by status and kind. A repeated scan changes nothing, because the seat already has the
 * status. A late scan never moves a person back. A scan of a person without a seat is refused, so that nobody boards
 * unscreened.
 */
export const SCANS: Record<SeatStatus, Record<Scan['kind'], Effect>> = {
  reserved: ON_THE_GROUND,
  checked_in: { ...ON_THE_GROUND, check_in: AGAIN },
  boarded: {
    check_in: AGAIN,
    board: AGAIN,
    no_show: refused('is_on_board'),
    deny: refused('is_on_board'),
    offload: { to: 'offloaded' },
  },
  departed: GONE,
  arrived: GONE,
  released: allRefused('no_seat'),
  no_show: { ...allRefused('marked_no_show'), no_show: AGAIN },
  denied: { ...allRefused('was_denied'), deny: AGAIN },
  offloaded: { ...allRefused('left_again'), offload: AGAIN },
};

/** The seat messages that a journey receives on the way from one status to another, in order. */
const STEPS: Partial<Record<SeatStatus, readonly SeatStatus[]>> = {
  checked_in: ['reserved'],
  boarded: ['reserved', 'checked_in'],
  departed: ['reserved', 'checked_in', 'boarded'],
  arrived: ['reserved', 'checked_in', 'boarded', 'departed'],
  released: ['reserved'],
  no_show: ['reserved'],
  denied: ['reserved'],
  offloaded: ['reserved', 'checked_in', 'boarded'],
};

/**
 * The statuses that the journey still has to receive, after the last one it received. The earlier statuses are included,
 * so a journey never receives a release before the seat.
 */
export function pendingNotifications(notified: SeatStatus | null, status: SeatStatus): SeatStatus[] {
  if (notified === status) return [];
  const way = [...(STEPS[status] ?? []), status];
  if (notified === null) return way;
  // The last status received is not on the way to this one (checked in, then released): only the end is left to send.
  return way.includes(notified) ? way.slice(way.indexOf(notified) + 1) : [status];
}
