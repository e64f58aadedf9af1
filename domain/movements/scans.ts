import type { Step } from '../preconditions.ts';
import type { Scan } from './events.ts';

/** Where a seat stands, as the gate sees it. */
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

/** Why a scan changes nothing and is put on the list of refused ones. */
export const REFUSED_SCANS = {
  no_seat: 'There is no seat for this person on this movement',
  not_on_board: 'The person is not on board',
  is_on_board: 'The person is on board; they can be brought off, not turned away',
  has_departed: 'The person has departed with this movement',
  marked_no_show: 'The person was recorded as not having come, and the seat is free',
  turned_away: 'The person was turned away at this gate',
  left_again: 'The person has left the vehicle',
  gate: 'The gate says no; the person is turned away',
  household: 'The household is not here as a whole; a person must decide',
} as const;

export type RefusedScan = keyof typeof REFUSED_SCANS;

type Effect = { to: SeatStatus; asks?: Step } | { again: true } | { refused: RefusedScan };

const AGAIN: Effect = { again: true };
const refused = (code: RefusedScan): Effect => ({ refused: code });

const ON_THE_GROUND: Record<Scan['kind'], Effect> = {
  check_in: { to: 'checked_in', asks: 'check_in' },
  board: { to: 'boarded', asks: 'board' },
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
 * What a scan does to a seat: status × kind. The same scan twice is once, because the seat stands there already; one
 * that comes late never puts a person back. Whoever has no seat is refused, whatever the scan: an unscreened person does
 * not board to fill one.
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
  denied: { ...allRefused('turned_away'), deny: AGAIN },
  offloaded: { ...allRefused('left_again'), offload: AGAIN },
};

/** What the journey of a person is notified on the way of their seat from one status to another, in order. */
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
 * The statuses still to be notified, given the last one notified. What led up to the present status is notified too, so that a
 * journey never firstSeen of a release before the seat, however late it firstSeen.
 */
export function pendingNotifications(notified: SeatStatus | null, status: SeatStatus): SeatStatus[] {
  if (notified === status) return [];
  const way = [...(STEPS[status] ?? []), status];
  if (notified === null) return way;
  // Delivered of a step that is not on the way (checked in, then released): what is left to tell is the end.
  return way.includes(notified) ? way.slice(way.indexOf(notified) + 1) : [status];
}
