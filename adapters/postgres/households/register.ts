import { HOLD_RULES } from '../../../domain/holds.ts';
import { iso } from '../../../domain/time.ts';
import type { JourneyInput } from '../../../workflows/messages.ts';
import type { Queryable } from '../database.ts';
import { type EncryptedPerson, encryptPeople } from './people.ts';
import type { HouseholdRegistration, Registration, RegistrationContext } from './registrations.ts';
import { searchKeyFiler } from './searchKeys.ts';

/**
 * Writes complete households in one statement, so that one round trip to the database replaces eight. Values that are
 * the same for everybody are sent once.
 *
 * `open` locks the operation as it was read, so that nobody closes it or changes its rules meanwhile. `fresh` are new
 * households; two concurrent writers may conflict on either key of the table, so no key is named. `m` are the new
 * members: of fresh households, and of those they join. Status counts are written at the end of the statement; from then
 * on other registrations wait for the commit.
 */
const REGISTER = `
  with open as (
      select id from operations where id = $2 and registration_open and rules_version = $3 for share),
    h as (
      select h.* from open, json_to_recordset($4) as h (id text, joins boolean, reference text, site text, priority int,
        requested_at timestamptz, head_nationality text, rejected_rows jsonb)),
    fresh as (
      insert into households (id, operation_id, reference, site, priority, requested_at, head_nationality, import_id)
      select id, $2, reference, site, priority, requested_at, head_nationality, $1::text from h where not joins
      on conflict do nothing returning id),
    m as (
      select m.* from json_to_recordset($5) as m (household_id text, person_id text, nationality text, sex text,
        traveller text, kek_id text, wrapped text, encrypted text, journey_id text, relationship text, is_head boolean,
        registered_at timestamptz, import_row int, protection text[], route text[], route_decided boolean,
        workflow_id text, input jsonb)
      where household_id in (select id from fresh union all select id from h where joins)),
    people as (
      insert into persons (id, nationality, sex, traveller) select person_id, nationality, sex, traveller from m),
    keys as (
      insert into person_keys (person_id, kek_id, wrapped_key) select person_id, kek_id, decode(wrapped, 'base64') from m),
    data as (
      insert into person_data (person_id, field_set, key_id, encrypted)
      select person_id, 'core', kek_id, decode(encrypted, 'base64') from m),
    search as (
      insert into person_search (person_id, kind, key, seen)
      select k.* from unnest($6::text[], $7::text[], $8::text[], $9::int[]) as k (person_id, kind, key, seen)
        join m using (person_id) order by kind, key),
    starts as (
      insert into pending_starts (workflow_id, workflow, task_queue, input)
      select workflow_id, 'journey', $10, $11::jsonb || input from m),
    came as (
      insert into journeys (id, person_id, operation_id, household_id, relationship, is_head, registered_at, import_id,
        import_row, protection, status_since, route, route_decided)
      select journey_id, person_id, $2, household_id, relationship, is_head, registered_at, $1::text,
        case when $1::text is not null then import_row end, protection, $12::timestamptz, route, route_decided from m),
    held as (
      insert into holds (id, journey_id, operation_id, type, status, blocks_disclosure, blocks_seat, blocks_boarding,
        raised_by, raised_at)
      select x.id, journey_id, $2, type, 'active', disclosure, seat, boarding, 'homeward', $12
        from json_to_recordset($13) as x (id text, journey_id text, type text, disclosure boolean, seat boolean,
          boarding boolean) join m using (journey_id)),
    papers as (
      insert into documents (id, journey_id, kind, issued_by, valid_until, status, at)
      select d.id, journey_id, 'PASSPORT', issued_by, valid_until, 'held', $12
        from json_to_recordset($14) as d (id text, journey_id text, issued_by text, valid_until timestamptz)
        join m using (journey_id)),
    missing as (
      insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
      select id || '.completeHousehold', $2, id, 'completeHousehold', 'case_worker', $12,
        jsonb_build_object('importId', $1::text, 'rejectedRows', rejected_rows)
        from h join fresh using (id) where jsonb_array_length(rejected_rows) > 0
      on conflict (id) do nothing)
  select count(*)::int as open from open`;

/** The values of `writeRegistrations`, encrypted and in the order of its statement. */
export type RegistrationValues = readonly unknown[];

/** Encrypts people and their search keys. This is a quarter of the work of a list and needs no database. */
export function encryptRegistrations(
  registration: RegistrationContext,
  households: readonly HouseholdRegistration[],
): RegistrationValues {
  const { operationId, frame, keyring, journeys } = registration;
  const registrations = households.flatMap((household) => household.registrations);
  const encrypted = encryptPeople(
    keyring,
    registrations.map(({ person }) => person),
  );
  const filed = searchKeyFiler(keyring, operationId);
  const keys = registrations.flatMap(({ person }) =>
    filed(person.core).map((key) => ({ ...key, personId: person.personId })),
  );
  const shared: Shared = { version: 1, operationId, clock: frame.clock, rules: frame.rules };
  return [
    registration.importId,
    operationId,
    frame.rulesVersion,
    JSON.stringify(households.map(householdRow)),
    JSON.stringify(
      registrations.map((registration, index) => ({
        ...memberRow(registration),
        ...encryptedRow(encrypted[index] as EncryptedPerson),
        workflow_id: journeys.workflowId(registration.journeyId),
      })),
    ),
    keys.map(({ personId }) => personId),
    keys.map(({ kind }) => kind),
    keys.map(({ key }) => key),
    keys.map(({ seen }) => seen ?? null),
    journeys.taskQueue,
    JSON.stringify(shared),
    iso(registration.at),
    JSON.stringify(registrations.flatMap(holdRows)),
    JSON.stringify(registrations.flatMap(passportRow)),
  ];
}

/**
 * Runs in its own transaction, or the caller's. Holds are active at once, because registration raises them before any
 * request to a partner. Each household without a member gets a task for a case worker, who sees the rejected rows.
 * @returns false if the operation has closed registration or changed its rules since it was read
 */
export async function writeRegistrations(client: Queryable, values: RegistrationValues): Promise<boolean> {
  const { rows } = await client.query<{ open: number }>({ name: 'register', text: REGISTER, values: [...values] });
  return rows[0]?.open === 1;
}

type Shared = Pick<JourneyInput, 'version' | 'operationId' | 'clock' | 'rules'>;

const householdRow = (household: HouseholdRegistration) => ({
  id: household.householdId,
  joins: household.joins,
  reference: household.reference,
  site: household.site,
  priority: household.priority,
  requested_at: iso(household.requestedAt),
  head_nationality: household.headNationality,
  rejected_rows: household.rejectedRows,
});

const encryptedRow = ({ kekId, wrapped, core }: EncryptedPerson) => ({
  kek_id: kekId,
  wrapped: wrapped.toString('base64'),
  encrypted: core.toString('base64'),
});

function memberRow(registration: Registration) {
  const { person, journeyId, householdId, meaning, registeredAt, route, document } = registration;
  const input: Omit<JourneyInput, keyof Shared> = {
    journeyId,
    householdId,
    registration: {
      registeredAt,
      consent: meaning.consent,
      holds: registration.holds.map(({ id }) => id),
      route: route.legs,
      routeDecided: route.decided,
      ...(document ? { document: { documentId: document.documentId, validUntil: document.validUntil } } : {}),
    },
  };
  return {
    household_id: householdId,
    person_id: person.personId,
    nationality: person.nationality,
    sex: person.sex,
    traveller: person.traveller,
    journey_id: journeyId,
    relationship: meaning.relationship,
    is_head: registration.isHead,
    registered_at: iso(registeredAt),
    import_row: registration.row,
    protection: registration.protection,
    route: route.legs,
    route_decided: route.decided,
    input,
  };
}

const holdRows = ({ journeyId, holds }: Registration) =>
  holds.map(({ id, type }) => {
    const { disclosure, seat, boarding } = HOLD_RULES[type].blocks;
    return { id, journey_id: journeyId, type, disclosure, seat, boarding };
  });

const passportRow = ({ journeyId, document }: Registration) =>
  document
    ? [
        {
          id: document.documentId,
          journey_id: journeyId,
          issued_by: document.issuedBy,
          valid_until: iso(document.validUntil),
        },
      ]
    : [];
