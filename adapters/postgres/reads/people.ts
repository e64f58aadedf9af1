import type { Pool } from 'pg';
import type { AccessPurpose } from '../../../domain/access.ts';
import type { JourneyState } from '../../../domain/journeys/state.ts';
import type { Ending, JourneyPhase, JourneyStatus } from '../../../domain/journeys/statuses.ts';
import type { RequestKind } from '../../../domain/partners/protocol.ts';
import type { DeadlineKey } from '../../../domain/rules.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import { epoch } from '../database.ts';
import { SEVERAL, type SearchKey } from '../people/searchKeys.ts';

/** A journey of a person from its projection; open ones first, then the newest. */
export type PersonJourney = {
  personId: string;
  journeyId: string;
  operationId: string;
  householdId: string;
  reference: string;
  relationship: string;
  isHead: boolean;
  registeredAt: Instant;
  protection: string[];
  nationality: string;
  sex: 'F' | 'M' | 'X';
  traveller: 'adult' | 'child' | 'infant';
  seq: number;
  phase: JourneyPhase;
  status: JourneyStatus;
  statusSince: Instant;
  ending: Ending | null;
  endedAt: Instant | null;
  householdOpen: boolean;
  consent: JourneyState['consent']['status'];
  consentSharing: boolean;
  nationalityStatus: JourneyState['nationality']['status'];
  document: JourneyState['document']['status'];
  documentValidUntil: Instant | null;
  exitPermit: JourneyState['exitPermit']['status'];
  fitness: JourneyState['fitness']['status'];
  fitnessUntil: Instant | null;
  fitnessConditions: string[];
  travel: JourneyState['travel']['status'];
  nextLegCode: string | null;
  movementId: string | null;
  movementReference: string | null;
  route: string[];
  arrivedAt: Instant | null;
  openHolds: number;
};

export type PeopleFilter = {
  status?: string;
  ending?: string;
  nationality?: string;
  household?: string;
  movement?: string;
  /** a role, or the id of a partner */
  waitingFor?: string;
  onHold?: boolean;
};

export type ListedPerson = {
  personId: string;
  journeyId: string;
  householdId: string;
  reference: string;
  nationality: string;
  sex: 'F' | 'M' | 'X';
  traveller: 'adult' | 'child' | 'infant';
  status: JourneyStatus;
  statusSince: Instant;
  ending: Ending | null;
  onHold: boolean;
  movementId: string | null;
  updatedAt: Instant;
  waiting: { whomKind: string; whom: string; what: DeadlineKey; since: Instant; due: Instant | null } | null;
  more: number;
};

const JOURNEY = `j.person_id as "personId", j.id as "journeyId", j.operation_id as "operationId", j.household_id as "householdId",
  h.reference, j.relationship, j.is_head as "isHead", ${epoch('j.registered_at', 'registeredAt')}, j.protection, p.nationality, p.sex, p.traveller,
  j.seq, j.phase, j.status, ${epoch('j.status_since', 'statusSince')}, j.ending, ${epoch('j.ended_at', 'endedAt')},
  j.household_open as "householdOpen", j.consent, j.consent_sharing as "consentSharing", j.nationality_status as "nationalityStatus",
  j.document, ${epoch('j.document_valid_until', 'documentValidUntil')}, j.exit_permit as "exitPermit", j.fitness,
  ${epoch('j.fitness_until', 'fitnessUntil')}, j.fitness_conditions as "fitnessConditions", j.travel, j.next_leg as "nextLegCode",
  j.movement_id as "movementId", m.reference as "movementReference", j.route, ${epoch('j.arrived_at', 'arrivedAt')},
  (select count(*)::integer from holds where journey_id = j.id and status in ('raising', 'active')) as "openHolds"`;
const FROM = `from journeys j join persons p on p.id = j.person_id join households h on h.id = j.household_id
  left join movements m on m.id = j.movement_id`;

export type SearchHit = {
  personId: string;
  operationId: string;
  journeyId: string;
  reference: string;
  status: JourneyStatus;
  exact: boolean;
};

/**
 * Finds keys by the index alone, and then journeys one by one. `limit` in the lateral join stops the planner from
 * reading all journeys, because it cannot know how many people are found. People with more of the tokens come first,
 * then those with more equal spellings: among 200,000 people thousands share the spelling of one token.
 */
export const SEARCH = `
  with found as (
    select s.person_id, bool_or(s.kind <> 'name') as exact,
           array[count(*), count(*) filter (where s.seen in (k.seen, ${SEVERAL}))] as hits
      from unnest($1::text[], $2::text[], $5::int[]) as k (kind, key, seen) join person_search s on s.kind = k.kind and s.key = k.key
     group by s.person_id),
  best as (
    select f.*, j.* from found f
     cross join lateral (
       select id, operation_id, household_id, status from journeys
        where person_id = f.person_id and ($3::text[] is null or operation_id = any($3))
        order by (ending is null) desc, registered_at desc, id desc limit 1) j
     order by f.exact desc, f.hits desc, j.id desc limit $4)
  select b.person_id as "personId", b.operation_id as "operationId", b.id as "journeyId", h.reference, b.status, b.exact
    from best b join households h on h.id = b.household_id
   order by b.exact desc, b.hits desc, b.id desc`;

export function createPeople(pool: Pool) {
  return {
    /** Operation and journey of a person, the open journey first, then the newest. */
    async placesOf(personId: string): Promise<Array<{ operationId: string; journeyId: string }>> {
      const { rows } = await pool.query<{ operationId: string; journeyId: string }>(
        `select operation_id as "operationId", id as "journeyId" from journeys where person_id = $1
          order by (ending is null) desc, registered_at desc, id desc`,
        [personId],
      );
      return rows;
    },

    async journey(journeyId: string): Promise<PersonJourney | undefined> {
      const { rows } = await pool.query<PersonJourney>(`select ${JOURNEY} ${FROM} where j.id = $1`, [journeyId]);
      return rows[0];
    },

    async household(householdId: string): Promise<
      | {
          id: string;
          reference: string;
          site: string | null;
          priority: number;
          requestedAt: Instant;
          members: PersonJourney[];
        }
      | undefined
    > {
      const { rows } = await pool.query<{
        id: string;
        reference: string;
        site: string | null;
        priority: number;
        requestedAt: Instant;
      }>(
        `select id, reference, site, priority, ${epoch('requested_at', 'requestedAt')} from households where id = $1`,
        [householdId],
      );
      const row = rows[0];
      if (!row) return undefined;
      const members = await pool.query<PersonJourney>(
        `select ${JOURNEY} ${FROM} where j.household_id = $1 order by j.is_head desc, j.id`,
        [householdId],
      );
      return { ...row, members: members.rows };
    },

    /** People of an operation by journey id, each with the earliest blocking deadline. */
    async list(operationId: string, filter: PeopleFilter, limit: number, after?: string): Promise<ListedPerson[]> {
      const { rows } = await pool.query<ListedPerson>(
        `select j.person_id as "personId", j.id as "journeyId", j.household_id as "householdId", h.reference, p.nationality, p.sex, p.traveller,
                j.status, ${epoch('j.status_since', 'statusSince')}, j.ending, j.movement_id as "movementId", ${epoch('j.updated_at', 'updatedAt')},
                exists (select from holds o where o.journey_id = j.id and o.status in ('raising', 'active')) as "onHold",
                w.first as waiting, coalesce(w.n - 1, 0)::integer as more
           from journeys j join persons p on p.id = j.person_id join households h on h.id = j.household_id
           left join lateral (
             select count(*) as n, (array_agg(jsonb_build_object('whomKind', w.whom_kind, 'whom', w.whom, 'what', w.what,
                      'since', extract(epoch from w.since) * 1000, 'due', extract(epoch from w.due) * 1000)
                      order by w.blocks desc, w.due nulls last, w.since, w.key))[1] as first
               from waits w where w.subject = j.id having count(*) > 0) w on true
          where j.operation_id = $1 and ($2::text is null or j.id > $2)
            and ($3::text is null or j.status = $3) and ($4::text is null or j.ending = $4)
            and ($5::text is null or p.nationality = $5) and ($6::text is null or j.household_id = $6)
            and ($7::text is null or j.movement_id = $7)
            and ($8::text is null or exists (select from waits x where x.subject = j.id and x.whom = $8))
            and ($9::boolean is null or $9 = exists (select from holds o where o.journey_id = j.id and o.status in ('raising', 'active')))
          order by j.id limit $10`,
        [
          operationId,
          after ?? null,
          filter.status ?? null,
          filter.ending ?? null,
          filter.nationality ?? null,
          filter.household ?? null,
          filter.movement ?? null,
          filter.waitingFor ?? null,
          filter.onHold ?? null,
          limit + 1,
        ],
      );
      return rows;
    },

    /**
     * People with some of the keys in the given operations, those with most keys and equal spellings first.
     * `exact`: found by a number, not only by the phonetic key of a name.
     */
    async search(
      keys: readonly SearchKey[],
      operations: 'all' | readonly string[],
      limit: number,
    ): Promise<SearchHit[]> {
      if (keys.length === 0) return [];
      const { rows } = await pool.query<SearchHit>(SEARCH, [
        keys.map(({ kind }) => kind),
        keys.map(({ key }) => key),
        operations === 'all' ? null : operations,
        limit,
        keys.map(({ seen }) => seen ?? null),
      ]);
      return rows;
    },

    /** The disclosures and accesses to data of a person, newest first. */
    async disclosures(
      personId: string,
      limit: number,
      after?: string,
    ): Promise<
      Array<{
        id: string;
        kind: string;
        partnerId: string | null;
        partner: string | null;
        principal: string | null;
        purpose: RequestKind | AccessPurpose;
        fields: string[];
        consentVersion: number | null;
        agreementId: string | null;
        at: Instant;
        recordedAt: Instant;
      }>
    > {
      const { rows } = await pool.query(
        `with d as (
           select id, 'sent' as kind, partner_id, null as principal, purpose, fields, consent_version, agreement_id, at, recorded_at
             from disclosures where person_id = $1
           union all
           select id, 'shown', null, principal, purpose, fields, null, null, at, recorded_at
             from access_log where person_id = $1)
         select d.id, d.kind, d.partner_id as "partnerId", a.name as partner, d.principal, d.purpose, d.fields,
                d.consent_version as "consentVersion", d.agreement_id as "agreementId", ${epoch('d.at', 'at')}, ${epoch('d.recorded_at', 'recordedAt')}
           from d left join partners a on a.id = d.partner_id
          where $2::text is null or (d.recorded_at, d.id) < (select recorded_at, id from d where id = $2)
          order by d.recorded_at desc, d.id desc limit $3`,
        [personId, after ?? null, limit + 1],
      );
      return rows;
    },

    /** A document that the person showed. Idempotent by id. */
    async holdDocument(document: {
      id: string;
      journeyId: string;
      kind: string;
      issuedBy: string | null;
      validUntil: Instant;
      at: Instant;
    }): Promise<void> {
      await pool.query(
        `insert into documents (id, journey_id, kind, issued_by, valid_until, status, at) values ($1, $2, $3, $4, $5, 'held', $6)
         on conflict (id) do nothing`,
        [document.id, document.journeyId, document.kind, document.issuedBy, iso(document.validUntil), iso(document.at)],
      );
    },

    /** The workflow refused the document: it was never valid. */
    async dropDocument(id: string): Promise<void> {
      await pool.query("delete from documents where id = $1 and status = 'held'", [id]);
    },

    /** A service given in addition to the journey, counted for its sector. Idempotent by id. */
    async recordService(service: {
      id: string;
      operationId: string;
      personId: string;
      subject: string;
      sector: string;
      kind: string;
      at: Instant;
    }): Promise<void> {
      await pool.query(
        `insert into services (id, operation_id, sector_code, kind, person_id, subject, seq, at)
         values ($1, $2, $3, $4, $5, $1, 1, $6) on conflict (id) do nothing`,
        [service.id, service.operationId, service.sector, service.kind, service.personId, iso(service.at)],
      );
    },
  };
}

export type People = ReturnType<typeof createPeople>;
