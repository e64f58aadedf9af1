import type { Occasion, Step } from '../preconditions.ts';
import type { Instant } from '../time.ts';
import type { Scan } from './events.ts';
import { judgeGroup, NOT_TRAVELLING, type PersonPreconditions, type Verdict } from './householdGroup.ts';
import type { SeatStatus } from './statuses.ts';

/** Why a scan changes nothing. Refused scans are listed. */
export const REFUSED_SCANS = {
  no_seat: 'This person has no seat on this movement',
  not_on_board: 'The person is not on board',
  is_on_board: 'The person is on board; record an offload, not a denial',
  has_departed: 'The person has departed with this movement',
  marked_no_show: 'The person was recorded as a no-show, and the seat is free',
  was_denied: 'The person was denied boarding',
  left_again: 'The person has left the vehicle',
  has_died: 'The person has died on board',
  preconditions: 'The preconditions are not met; the person is denied boarding',
  household: 'The household is not complete here; a person must decide',
} as const;

export type RefusedScan = keyof typeof REFUSED_SCANS;

type Effect = { to: SeatStatus; checks?: Step } | { again: true } | { refused: RefusedScan };

const AGAIN: Effect = { again: true };
const refused = (code: RefusedScan): Effect => ({ refused: code });

const BEFORE_BOARDING: Record<Scan['kind'], Effect> = {
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
  reserved: BEFORE_BOARDING,
  checked_in: { ...BEFORE_BOARDING, check_in: AGAIN },
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
  died: allRefused('has_died'),
};

/** What becomes of a seat. A reason that it already has stays if the change has none. */
export type SeatChange = { seatId: string; status: SeatStatus; at: Instant; reasonCode?: string };

/** What scans of the gate change, and which of them are refused. */
export type ScanEffects = { changes: SeatChange[]; refused: Array<{ scan: Scan; code: RefusedScan }> };

/**
 * Applies scans of the gate in the order of their time. The preconditions of each person and household are evaluated
 * right before. A person who does not meet them is denied. If only the household does not meet them, the scan is refused
 * and the seat stays until a person decides. Repeated scans change nothing.
 * @param departed the vehicle has left: a person who is scanned as on board now travelled with it
 */
export function applyScans(
  scans: readonly Scan[],
  seats: ReadonlyMap<string, { id: string; status: SeatStatus }>,
  people: readonly PersonPreconditions[],
  occasion: Occasion,
  departed: boolean,
): ScanEffects {
  const check = checksOfBatch(people, occasion);
  const changes = new Map<string, SeatChange>();
  const refused: ScanEffects['refused'] = [];
  for (const scan of scans.toSorted((a, b) => a.at - b.at)) {
    const seat = seats.get(scan.journeyId);
    const before = seat && (changes.get(seat.id)?.status ?? seat.status);
    const effect = before ? SCANS[before][scan.kind] : { refused: 'no_seat' as const };
    if (!seat || 'refused' in effect) {
      refused.push({ scan, code: 'refused' in effect ? effect.refused : 'no_seat' });
      continue;
    }
    if ('again' in effect) continue;
    const verdict = effect.checks ? check.person(effect.checks, scan.journeyId) : 'go';
    if (verdict === 'household') {
      refused.push({ scan, code: 'household' });
      continue;
    }
    const denied = verdict === 'denied';
    if (denied) refused.push({ scan, code: 'preconditions' });
    const status = denied ? 'denied' : departed && effect.to === 'boarded' ? 'departed' : effect.to;
    const reasonCode = denied ? NOT_TRAVELLING.code : scan.reasonCode;
    const at = Math.min(scan.at, occasion.now);
    changes.set(seat.id, { seatId: seat.id, status, at, ...(reasonCode ? { reasonCode } : {}) });
    if (status !== 'checked_in' && status !== 'boarded' && status !== 'departed') check.leaves(scan.journeyId);
  }
  return { changes: [...changes.values()], refused };
}

/** The preconditions for the scans of one batch: a later scan sees what an earlier one changed in a household. */
function checksOfBatch(all: readonly PersonPreconditions[], occasion: Occasion) {
  const people = new Map(all.map((person) => [person.journeyId, { ...person }]));
  const households = Map.groupBy(people.values(), ({ householdId }) => householdId);
  const judged = new Map<string, Verdict[]>();
  return {
    person(step: Step, journeyId: string): 'go' | 'denied' | 'household' {
      const householdId = people.get(journeyId)?.householdId ?? '';
      const key = `${step} ${householdId}`;
      const verdicts = judged.get(key) ?? judgeGroup(step, households.get(householdId) ?? [], occasion);
      judged.set(key, verdicts);
      const verdict = verdicts.find((one) => one.journeyId === journeyId);
      // A person decides an open question about the household, so it denies nobody.
      if (!verdict || verdict.own.some(({ condition }) => condition !== 'household')) return 'denied';
      return verdict.own.length + verdict.group.length > 0 ? 'household' : 'go';
    },
    /** The person no longer holds the seat, so the household is no longer complete. */
    leaves(journeyId: string): void {
      const person = people.get(journeyId);
      if (!person) return;
      person.seatOnThisMovement = false;
      for (const member of households.get(person.householdId) ?? []) member.groupSeated = false;
      judged.clear();
    },
  };
}

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
  died: ['reserved', 'checked_in', 'boarded'],
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
