import type { PersonPreconditions } from '../../domain/movements/householdGroup.ts';
import type { PreconditionInput } from '../../domain/preconditions.ts';
import { type Instant, iso } from '../../domain/time.ts';
import type { Queryable } from './database.ts';

/** The context of the data: the current operation time, and the movement or partner. */
export type About = { at: Instant; movementId?: string; partnerId?: string; purpose?: string };

type Row = {
  id: string;
  person_id: string;
  household_id: string;
  operation_id: string;
  nationality: string;
  traveller: PersonPreconditions['traveller'];
  is_head: boolean;
  next_leg: string | null;
  fitness_conditions: string[];
  identity: PreconditionInput['identity'];
  screening: string;
  consent: PreconditionInput['consent']['status'];
  consent_sharing: boolean;
  consent_confirmed_at: Date | null;
  nationality_status: PreconditionInput['nationality'];
  document: PreconditionInput['document']['status'];
  document_valid_until: Date | null;
  exit_permit: PreconditionInput['exitPermit'];
  fitness: PreconditionInput['fitness']['status'];
  fitness_until: Date | null;
  household_open: boolean;
  ended: boolean;
  hold_disclosure: boolean;
  hold_seat: boolean;
  hold_boarding: boolean;
  running: boolean;
  agreement: boolean;
  seated: boolean;
  cleared: boolean;
  group_seated: boolean;
};

/**
 * Fresh data for the preconditions, one statement for all people. A hold blocks as soon as its row exists, before its
 * workflow has confirmed it. The operation runs for a person if no suspension covers the leg of the movement (else their
 * next leg), their site or their nationality. Without a movement nobody is seated and nothing is cleared; without a
 * partner there is no agreement.
 *
 * A caller that takes a step locks the people first (journeys by ascending id), so that other changes wait.
 * `householdWhole` covers one row only; domain/movements/householdGroup.ts judges a household.
 */
export async function readPreconditionInput(
  client: Queryable,
  journeyIds: readonly string[],
  about: About,
): Promise<Map<string, PersonPreconditions>> {
  const { rows } = await client.query<Row>({
    name: 'gate_facts',
    text: PRECONDITION_INPUT,
    values: [journeyIds, iso(about.at), about.movementId ?? null, about.partnerId ?? null, about.purpose ?? null],
  });
  return new Map(rows.map((row) => [row.id, eventsOf(row)]));
}

const ACTIVE = `('reserved', 'checked_in', 'boarded', 'departed')`;

const PRECONDITION_INPUT = `
  select j.id, j.person_id, j.household_id, j.operation_id, p.nationality, p.traveller, j.is_head, j.next_leg,
    j.fitness_conditions, j.identity, j.screening, j.consent, j.consent_sharing, j.consent_confirmed_at,
    j.nationality_status, j.document, j.document_valid_until, j.exit_permit, j.fitness, j.fitness_until,
    j.household_open, j.ending is not null as ended,
    coalesce(h.disclosure, false) as hold_disclosure, coalesce(h.seat, false) as hold_seat,
    coalesce(h.boarding, false) as hold_boarding,
    o.status = 'running' and not exists (
      select from suspensions s
      where s.operation_id = j.operation_id and s.from_at <= $2::timestamptz and (s.until_at is null or s.until_at > $2::timestamptz)
        and (s.scope_kind = 'all'
          or (s.scope_kind = 'leg' and s.scope_value = coalesce(m.leg, j.next_leg))
          or (s.scope_kind = 'site' and s.scope_value = hh.site)
          or (s.scope_kind = 'nationality' and s.scope_value = p.nationality))) as running,
    exists (
      select from agreements a join partners pa on pa.id = a.partner_id
      where a.partner_id = $4::text and pa.status = 'active' and a.operation_id = j.operation_id and $5::text = any (a.purposes)
        and a.valid_from <= $2::timestamptz and (a.valid_until is null or a.valid_until > $2::timestamptz)) as agreement,
    exists (
      select from seats s where s.movement_id = m.id and s.journey_id = j.id and s.status in ${ACTIVE}) as seated,
    coalesce(m.status in ('cleared', 'boarding', 'departed', 'arrived'), false) as cleared,
    m.id is not null and not exists (
      select from journeys mate
      where mate.household_id = j.household_id and mate.ending is null
        and m.leg = any (mate.route) and not m.leg = any (mate.route_done)
        and not exists (
          select from seats s where s.movement_id = m.id and s.journey_id = mate.id and s.status in ${ACTIVE})) as group_seated
  from journeys j
  join persons p on p.id = j.person_id
  join households hh on hh.id = j.household_id
  join operations o on o.id = j.operation_id
  left join movements m on m.id = $3::text
  left join lateral (
    select bool_or(blocks_disclosure) as disclosure, bool_or(blocks_seat) as seat, bool_or(blocks_boarding) as boarding
    from holds where journey_id = j.id and status in ('raising', 'active')) h on true
  where j.id = any ($1::text[])`;

function eventsOf(row: Row): PersonPreconditions {
  const until = row.document_valid_until?.getTime();
  const fitUntil = row.fitness_until?.getTime();
  const confirmedAt = row.consent_confirmed_at?.getTime();
  return {
    journeyId: row.id,
    personId: row.person_id,
    householdId: row.household_id,
    operationId: row.operation_id,
    nationalityCode: row.nationality,
    traveller: row.traveller,
    isHead: row.is_head,
    conditions: row.fitness_conditions,
    nextLegCode: row.next_leg,
    groupSeated: row.group_seated,
    identity: row.identity,
    screened: row.screening === 'done',
    consent: {
      status: row.consent,
      sharing: row.consent_sharing,
      ...(confirmedAt === undefined ? {} : { confirmedAt }),
    },
    holds: { disclosure: row.hold_disclosure, seat: row.hold_seat, boarding: row.hold_boarding },
    nationality: row.nationality_status,
    document: { status: row.document, ...(until === undefined ? {} : { validUntil: until }) },
    exitPermit: row.exit_permit,
    fitness: { status: row.fitness, ...(fitUntil === undefined ? {} : { until: fitUntil }) },
    householdWhole: !row.household_open,
    operationRunning: row.running,
    agreement: row.agreement,
    seatOnThisMovement: row.seated,
    movementCleared: row.cleared,
    householdOpen: row.household_open,
    ended: row.ended,
  };
}
