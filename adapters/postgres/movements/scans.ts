import type { Pool } from 'pg';
import type { ScanInput, ScanResult } from '../../../activities/movements.ts';
import type { Scan } from '../../../domain/movements/events.ts';
import { judgeGroup, type PersonPreconditions, type Verdict } from '../../../domain/movements/householdGroup.ts';
import { type RefusedScan, SCANS, type SeatStatus } from '../../../domain/movements/scans.ts';
import type { Occasion, Step } from '../../../domain/preconditions.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { type Queryable, transaction } from '../database.ts';
import { readPreconditionInput } from '../preconditionInput.ts';
import { countSeats, lockHouseholds, lockMovement, NOT_TRAVELLING, occasionOf } from './movements.ts';

type SeatRow = { id: string; journey_id: string; household_id: string; status: SeatStatus };
type Change = { status: SeatStatus; at: Instant; reasonCode?: string };
type Refusal = { scan: Scan; code: RefusedScan };

/**
 * Applies scans of the gate in the order of their time, in one transaction. The preconditions of each person and
 * household are evaluated right before. A person who does not meet them is denied. If only the household does not meet
 * them, the scan is refused and the seat stays until a person decides.
 * Refused scans are listed (refused_scans). Repeated scans change nothing.
 */
export async function applyScans(pool: Pool, input: ScanInput): Promise<ScanResult> {
  return transaction(pool, async (client) => {
    const movement = await lockMovement(client, input.movementId);
    const journeyIds = [...new Set(input.scans.map((scan) => scan.journeyId))];
    const householdIds = await householdsOf(client, journeyIds);
    await lockHouseholds(client, householdIds);
    const seats = await seatsOf(client, movement.id, journeyIds);
    const people = await peopleOf(client, movement.leg, movement.id, householdIds, input.at);
    const preconditions = new BatchPreconditions(people, occasionOf(movement, input.rules, input.at));
    const changes = new Map<string, Change>();
    const refusals: Refusal[] = [];
    for (const scan of input.scans.toSorted((a, b) => a.at - b.at)) {
      const seat = seats.get(scan.journeyId);
      const effect = seat ? SCANS[seat.status][scan.kind] : { refused: 'no_seat' as const };
      if (!seat || 'refused' in effect) {
        refusals.push({ scan, code: 'refused' in effect ? effect.refused : 'no_seat' });
        continue;
      }
      if ('again' in effect) continue;
      const verdict = effect.checks ? preconditions.check(effect.checks, scan.journeyId) : 'go';
      if (verdict === 'household') {
        refusals.push({ scan, code: 'household' });
        continue;
      }
      if (verdict === 'denied') refusals.push({ scan, code: 'preconditions' });
      seat.status =
        verdict === 'denied' ? 'denied' : input.departed && effect.to === 'boarded' ? 'departed' : effect.to;
      const reasonCode = verdict === 'denied' ? NOT_TRAVELLING : scan.reasonCode;
      changes.set(seat.id, {
        status: seat.status,
        at: Math.min(scan.at, input.at),
        ...(reasonCode ? { reasonCode } : {}),
      });
      if (seat.status !== 'checked_in' && seat.status !== 'boarded' && seat.status !== 'departed')
        preconditions.leaves(scan.journeyId);
    }
    await writeChanges(client, input, changes);
    await writeRefused(client, input, refusals);
    const { checkedIn, boarded, noShow, denied, offloaded } = await countSeats(client, movement.id);
    return {
      checkedIn,
      boarded,
      noShow,
      denied,
      offloaded,
      refused: refusals.length,
      offBoard: await offBoard(client, input),
    };
  });
}

async function householdsOf(client: Queryable, journeyIds: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ household_id: string }>(
    'select distinct household_id from journeys where id = any ($1::text[]) order by 1',
    [journeyIds],
  );
  return rows.map((row) => row.household_id);
}

/** The seat of each person on this movement; a released one only if there is no other. */
async function seatsOf(
  client: Queryable,
  movementId: string,
  journeyIds: readonly string[],
): Promise<Map<string, SeatRow>> {
  const { rows } = await client.query<SeatRow>(
    `select distinct on (s.journey_id) s.id, s.journey_id, j.household_id, s.status
     from seats s join journeys j on j.id = s.journey_id
     where s.movement_id = $1 and s.journey_id = any ($2::text[])
     order by s.journey_id, s.status = 'released', s.reserved_at desc, s.id desc`,
    [movementId, journeyIds],
  );
  return new Map(rows.map((row) => [row.journey_id, row]));
}

async function peopleOf(
  client: Queryable,
  leg: string,
  movementId: string,
  householdIds: readonly string[],
  at: Instant,
): Promise<PersonPreconditions[]> {
  const { rows } = await client.query<{ id: string }>(
    `select j.id from journeys j where j.household_id = any ($1::text[])
       and ((j.ending is null and $2 = any (j.route) and not $2 = any (j.route_done))
         or exists (select from seats s where s.movement_id = $3 and s.journey_id = j.id and s.status in ('reserved', 'checked_in', 'boarded')))
     order by j.id`,
    [householdIds, leg, movementId],
  );
  return [
    ...(
      await readPreconditionInput(
        client,
        rows.map((row) => row.id),
        { at, movementId },
      )
    ).values(),
  ];
}

/** The preconditions for the scans of one batch: a later scan sees what an earlier one changed in a household. */
class BatchPreconditions {
  private readonly people: Map<string, PersonPreconditions>;
  private readonly occasion: Occasion;
  private readonly verdicts = new Map<string, Verdict[]>();

  constructor(people: readonly PersonPreconditions[], occasion: Occasion) {
    this.people = new Map(people.map((person) => [person.journeyId, { ...person }]));
    this.occasion = occasion;
  }

  check(step: Step, journeyId: string): 'go' | 'denied' | 'household' {
    const householdId = this.people.get(journeyId)?.householdId;
    if (householdId === undefined) return 'denied';
    const key = `${step} ${householdId}`;
    const verdicts = this.verdicts.get(key) ?? judgeGroup(step, this.group(householdId), this.occasion);
    this.verdicts.set(key, verdicts);
    const verdict = verdicts.find((one) => one.journeyId === journeyId);
    // A person decides an open question about the household, so it denies nobody.
    if (!verdict || verdict.own.some((reason) => reason.condition !== 'household')) return 'denied';
    return verdict.own.length + verdict.group.length > 0 ? 'household' : 'go';
  }

  /** The person no longer holds the seat, so the household is no longer complete. */
  leaves(journeyId: string): void {
    const person = this.people.get(journeyId);
    if (!person) return;
    person.seatOnThisMovement = false;
    for (const member of this.group(person.householdId)) member.groupSeated = false;
    this.verdicts.clear();
  }

  private group(householdId: string): PersonPreconditions[] {
    return [...this.people.values()].filter((person) => person.householdId === householdId);
  }
}

async function writeChanges(
  client: Queryable,
  { actor }: ScanInput,
  changes: ReadonlyMap<string, Change>,
): Promise<void> {
  const rows = [...changes];
  await client.query(
    `update seats s set status = n.status, status_at = n.at, status_by = $1, updated_at = now(),
       reason_code = coalesce(n.reason, s.reason_code)
     from unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[]) as n (id, status, at, reason) where s.id = n.id`,
    [
      actor,
      rows.map(([id]) => id),
      rows.map(([, change]) => change.status),
      rows.map(([, change]) => iso(change.at)),
      rows.map(([, change]) => change.reasonCode ?? null),
    ],
  );
}

async function writeRefused(client: Queryable, { movementId }: ScanInput, refusals: readonly Refusal[]): Promise<void> {
  await client.query(
    `insert into refused_scans (movement_id, scan_id, journey_id, kind, code, at)
     select $1, n.* from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) as n
     on conflict do nothing`,
    [
      movementId,
      refusals.map(({ scan }) => scan.scanId),
      refusals.map(({ scan }) => scan.journeyId),
      refusals.map(({ scan }) => scan.kind),
      refusals.map(({ code }) => code),
      refusals.map(({ scan }) => iso(scan.at)),
    ],
  );
}

async function offBoard(client: Queryable, { movementId, mustLeave }: ScanInput): Promise<string[]> {
  if (mustLeave.length === 0) return [];
  const { rows } = await client.query<{ household_id: string }>(
    `select distinct j.household_id from seats s join journeys j on j.id = s.journey_id
     where s.movement_id = $1 and s.status = 'boarded' and j.household_id = any ($2::text[])`,
    [movementId, mustLeave],
  );
  const aboard = new Set(rows.map((row) => row.household_id));
  return mustLeave.filter((householdId) => !aboard.has(householdId));
}
