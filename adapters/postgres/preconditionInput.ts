import { sql } from 'kysely';
import type { PersonPreconditions } from '../../domain/movements/householdGroup.ts';
import { type Instant, iso } from '../../domain/time.ts';
import type { Db } from './database.ts';
import type { Journey, Person } from './generated/kysely/tables.ts';

/** The context of the data: the current operation time, and the movement or partner. */
export type About = { at: Instant; movementId?: string; partnerId?: string; purpose?: string };

type Row = Journey &
  Pick<Person, 'nationality' | 'traveller'> &
  Pick<
    PersonPreconditions,
    'held' | 'groupSeated' | 'operationRunning' | 'agreement' | 'seatOnThisMovement' | 'movementCleared'
  > & { namesState: boolean; household: { open: boolean; unready: boolean } | null; ended: boolean };

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
  db: Db,
  journeyIds: readonly string[],
  about: About,
): Promise<Map<string, PersonPreconditions>> {
  const at = iso(about.at);
  const active = sql`('reserved', 'checked_in', 'boarded', 'departed')`;
  const { rows } = await sql<Row>`
    select j.*, p.nationality, p.traveller, j.ending is not null as ended,
      exists (select from holds where journey_id = j.id and status in ('raising', 'active')) as held,
      o.status = 'running' and not exists (
        select from suspensions s
        where s.operation_id = j.operation_id and s.from_at <= ${at}::timestamptz and (s.until_at is null or s.until_at > ${at}::timestamptz)
          and (s.scope_kind = 'all'
            or (s.scope_kind = 'leg' and s.scope_value = coalesce(m.leg, j.next_leg))
            or (s.scope_kind = 'site' and s.scope_value = hh.site)
            or (s.scope_kind = 'nationality' and s.scope_value = p.nationality))) as operation_running,
      exists (
        select from agreements a join partners pa on pa.id = a.partner_id
        where a.partner_id = ${about.partnerId ?? null}::text and pa.status = 'active' and a.operation_id = j.operation_id and ${about.purpose ?? null}::text = any (a.purposes)
          and a.valid_from <= ${at}::timestamptz and (a.valid_until is null or a.valid_until > ${at}::timestamptz)) as agreement,
      exists (
        select from seats s where s.movement_id = m.id and s.journey_id = j.id and s.status in ${active}) as seat_on_this_movement,
      -- a consulate is asked where the consent names its State, or the consulate itself
      coalesce((
        select pa.kind <> 'consulate' or (j.consent_own_state and pa.state is not distinct from p.nationality)
          or pa.id = any (j.consent_consulates)
        from partners pa where pa.id = ${about.partnerId ?? null}::text), true) as names_state,
      case when ${about.partnerId ?? null}::text is not null then members_of(j.household_id, j.id) end as household,
      coalesce(m.status in ('cleared', 'boarding', 'departed', 'arrived'), false) as movement_cleared,
      m.id is not null and not exists (
        select from journeys mate
        where mate.household_id = j.household_id and mate.ending is null
          and m.leg = any (mate.route) and not m.leg = any (mate.route_done)
          and not exists (
            select from seats s where s.movement_id = m.id and s.journey_id = mate.id and s.status in ${active})) as group_seated
    from journeys j
    join persons p on p.id = j.person_id
    join households hh on hh.id = j.household_id
    join operations o on o.id = j.operation_id
    left join movements m on m.id = ${about.movementId ?? null}::text
    where j.id = any (${journeyIds}::text[])`.execute(db);
  return new Map(rows.map((row) => [row.id, preconditionsOf(row)]));
}

function preconditionsOf(row: Row): PersonPreconditions {
  const validUntil = row.documentValidUntil?.getTime();
  const until = row.fitnessUntil?.getTime();
  const confirmedAt = row.consentConfirmedAt?.getTime();
  const { personId, householdId, operationId, householdOpen, traveller, isHead, identity, exitPermit, ended } = row;
  const { held, groupSeated, operationRunning, agreement, seatOnThisMovement, movementCleared } = row;
  return {
    ...{ personId, householdId, operationId, householdOpen, traveller, isHead, identity, exitPermit, ended },
    ...{ held, groupSeated, operationRunning, agreement, seatOnThisMovement, movementCleared },
    journeyId: row.id,
    nationalityCode: row.nationality,
    conditions: row.fitnessConditions,
    nextLegCode: row.nextLeg,
    screening: row.screening,
    // Where no partner is to be asked nobody looks at it: then it allows nothing.
    members: row.household?.open === false ? (row.household.unready ? 'unready' : 'ready') : 'open',
    consent: {
      status: row.consent,
      sharing: row.consentSharing,
      namesState: row.namesState,
      ...(confirmedAt === undefined ? {} : { confirmedAt }),
    },
    nationality: row.nationalityStatus,
    document: { status: row.document, ...(validUntil === undefined ? {} : { validUntil }) },
    fitness: { status: row.fitness, ...(until === undefined ? {} : { until }) },
    householdWhole: !householdOpen,
  };
}
