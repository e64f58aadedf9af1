import { type RawBuilder, sql } from 'kysely';
import {
  FrameMoved,
  type HouseholdInput,
  type HouseholdRegistration,
  householdOf,
  journeysStart,
  type OperationFrame,
  type RegisterPorts,
  type RegistrationContext,
} from '../../../application/households/register.ts';
import { STORED_RULES } from '../../../domain/rules.ts';
import { iso } from '../../../domain/time.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { encryptPerson, searchKeyFiler } from '../../crypto/people.ts';
import { anyOf, type Db, recordset } from '../database.ts';
import { type ClockRow, clockOf } from '../operations/operations.ts';
import { judgeAgain } from './judge.ts';

export const registrationsOn = (db: Db, keyring: Keyring): Pick<RegisterPorts, 'frame' | 'write'> => ({
  async frame(operationId) {
    const frame = await readFrame(db, operationId);
    if (frame === undefined) throw new Error(`There is no operation ${operationId}`);
    return frame;
  },
  write: (registration, household) => registerHouseholds(db, encrypted(keyring, registration, [household])),
});

/** The operation, under a share lock for the caller's transaction. @returns undefined if it is unknown */
export async function readFrame(db: Db, operationId: string): Promise<OperationFrame | undefined> {
  const row = await db
    .selectFrom('operations as o')
    .innerJoin('operationRules as r', (join) =>
      join.onRef('r.operationId', '=', 'o.id').onRef('r.version', '=', 'o.rulesVersion'),
    )
    .select(['o.registrationOpen', 'o.country', 'o.rulesVersion', 'r.document'])
    .select(
      sql<
        ClockRow[] | null
      >`(select json_agg(s order by s.position) from clock_segments s where s.operation_id = o.id)`.as('segments'),
    )
    .where('o.id', '=', operationId)
    .forShare('o')
    .executeTakeFirst();
  if (!row?.segments) return undefined;
  const { document, segments, ...frame } = row;
  return { ...frame, rules: STORED_RULES.read(document), clock: clockOf(segments) };
}

/** Households with all their rows, encrypted; made without the database. */
export type ReadyHouseholds = {
  registration: RegistrationContext;
  households: readonly HouseholdRegistration[];
  statement: RawBuilder<{ open: number }>;
};

/** Prepares households; those without an accepted member are left out. */
export const readyHouseholds = (
  keyring: Keyring,
  registration: RegistrationContext,
  households: readonly HouseholdInput[],
): ReadyHouseholds =>
  encrypted(
    keyring,
    registration,
    households.filter(({ members }) => members.length > 0).map((household) => householdOf(registration, household)),
  );

const encrypted = (
  keyring: Keyring,
  registration: RegistrationContext,
  households: readonly HouseholdRegistration[],
): ReadyHouseholds => ({ registration, households, statement: statementOf(keyring, registration, households) });

/**
 * Registers households: household, people with encrypted data, protection holds, passport, journeys, and the orders to
 * start them. Ids derive from `origin` and row, so that a repeated registration makes the same people.
 * Where the row of a member was rejected, DATA_DISPUTE holds keep the household together and a case worker gets a task.
 * Households that join others need the caller's transaction.
 * @throws FrameMoved, with nothing written, unless the caller holds the lock of `readFrame`
 */
export async function registerHouseholds(
  db: Db,
  { registration, households, statement }: ReadyHouseholds,
): Promise<void> {
  if (households.length === 0) return;
  const joining = households.filter(({ joins }) => joins);
  await makeWayForHeads(db, joining);
  const { rows } = await statement.execute(db);
  if (rows[0]?.open !== 1) throw new FrameMoved();
  await completeJoined(db, joining);
  for (const { householdId } of joining) await judgeAgain(db, householdId, registration.at);
}

/**
 * Writes complete households in one statement, so that one round trip to the database replaces eight. Values that are
 * the same for everybody are sent once. Encryption is a quarter of the work of a list.
 *
 * `open` locks the operation as it was read, so that nobody closes it or changes its rules meanwhile. `fresh` are new
 * households; two concurrent writers may conflict on either key of the table, so no key is named. `m` are the new
 * members: of fresh households, and of those they join. Holds are active at once, because registration raises them
 * before any request to a partner. Status counts are written at the end of the statement; from then on other
 * registrations wait for the commit.
 */
function statementOf(
  keyring: Keyring,
  registration: RegistrationContext,
  households: readonly HouseholdRegistration[],
): RawBuilder<{ open: number }> {
  const { operationId, importId, frame } = registration;
  const people = households.flatMap((household) => household.people);
  const filed = searchKeyFiler(keyring, operationId);
  const keys = people.flatMap(({ personId, core }) => filed(core).map((key) => ({ ...key, personId })));
  const { taskQueue, input } = journeysStart(registration);
  const operation = sql`${operationId}::text`;
  const list = sql`${importId}::text`;
  const at = sql`${iso(registration.at)}::timestamptz`;
  return sql<{ open: number }>`
    with open as (
        select id from operations
         where id = ${operation} and registration_open and rules_version = ${frame.rulesVersion}::int for share),
      h as (
        select h.* from open, json_to_recordset(${JSON.stringify(households.map(householdRow))}) as h (id text,
          joins boolean, reference text, site text, priority int, requested_at timestamptz, head_nationality text,
          rejected_rows jsonb, composition text)),
      fresh as (
        insert into households (id, operation_id, reference, site, priority, requested_at, head_nationality, import_id,
          composition, not_registered)
        select id, ${operation}, reference, site, priority, requested_at, head_nationality, ${list}, composition,
          jsonb_array_length(rejected_rows)
          from h where not joins
        on conflict do nothing returning id),
      m as (
        select m.* from json_to_recordset(${JSON.stringify(people.map((person) => memberRow(keyring, person)))}) as m (
          household_id text, person_id text, nationality text, sex text, traveller text, kek_id text, wrapped text,
          encrypted text, journey_id text, relationship text, is_head boolean, registered_at timestamptz,
          import_row int, protection text[], route text[], route_decided boolean, workflow_id text, input jsonb)
        where household_id in (select id from fresh union all select id from h where joins)),
      people as (
        insert into persons (id, nationality, sex, traveller) select person_id, nationality, sex, traveller from m),
      keys as (
        insert into person_keys (person_id, kek_id, wrapped_key)
        select person_id, kek_id, decode(wrapped, 'base64') from m),
      data as (
        insert into person_data (person_id, field_set, key_id, encrypted)
        select person_id, 'core', kek_id, decode(encrypted, 'base64') from m),
      search as (
        insert into person_search (person_id, kind, key, seen)
        select k.* from unnest(${keys.map(({ personId }) => personId)}::text[], ${keys.map(({ kind }) => kind)}::text[],
          ${keys.map(({ key }) => key)}::text[], ${keys.map(({ seen }) => seen ?? null)}::int[])
            as k (person_id, kind, key, seen)
          join m using (person_id) order by kind, key),
      starts as (
        insert into pending_starts (workflow_id, workflow, task_queue, input)
        select workflow_id, 'journey', ${taskQueue}::text, ${JSON.stringify(input)}::jsonb || input from m),
      came as (
        insert into journeys (id, person_id, operation_id, household_id, relationship, is_head, registered_at,
          import_id, import_row, protection, status_since, route, route_decided)
        select journey_id, person_id, ${operation}, household_id, relationship, is_head, registered_at, ${list},
          case when ${list} is not null then import_row end, protection, ${at}, route, route_decided from m),
      held as (
        insert into holds (id, journey_id, operation_id, type, status, raised_by, raised_at)
        select x.id, journey_id, ${operation}, type, 'active', 'homeward', ${at}
          from json_to_recordset(${JSON.stringify(people.flatMap(holdRows))}) as x (id text, journey_id text, type text)
            join m using (journey_id)),
      papers as (
        insert into documents (id, journey_id, kind, issued_by, valid_until, status, at)
        select d.id, journey_id, 'PASSPORT', issued_by, valid_until, 'held', ${at}
          from json_to_recordset(${JSON.stringify(people.flatMap(passportRow))}) as d (id text, journey_id text,
            issued_by text, valid_until timestamptz) join m using (journey_id)),
      missing as (
        insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
        select id || '.completeHousehold', ${operation}, id, 'completeHousehold', 'case_worker', ${at},
          jsonb_build_object('importId', ${list}, 'rejectedRows', rejected_rows)
          from h join fresh using (id) where jsonb_array_length(rejected_rows) > 0
        on conflict (id) do nothing)
    select count(*)::int as open from open`;
}

type Member = HouseholdRegistration['people'][number];

const householdRow = ({ householdId, requestedAt, headNationality, rejectedRows, ...row }: HouseholdRegistration) => ({
  id: householdId,
  joins: row.joins,
  reference: row.reference,
  site: row.site,
  priority: row.priority,
  requested_at: iso(requestedAt),
  head_nationality: headNationality,
  rejected_rows: rejectedRows,
  composition: row.composition,
});

function memberRow(keyring: Keyring, person: Member) {
  const { personId, input } = person;
  const { kekId, wrapped, encrypted: core } = encryptPerson(keyring, personId, person.core);
  return {
    household_id: input.householdId,
    person_id: personId,
    nationality: person.nationality,
    sex: person.sex,
    traveller: person.traveller,
    kek_id: kekId,
    wrapped: wrapped.toString('base64'),
    encrypted: core.toString('base64'),
    journey_id: person.journeyId,
    relationship: person.relationship,
    is_head: person.isHead,
    registered_at: iso(input.registration.registeredAt),
    import_row: person.row,
    protection: person.protection,
    route: input.registration.route,
    route_decided: input.registration.routeDecided,
    workflow_id: person.workflowId,
    input,
  };
}

const holdRows = ({ journeyId, holds }: Member) => holds.map(({ id, type }) => ({ id, journey_id: journeyId, type }));

const passportRow = ({ journeyId, document }: Member) =>
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

/** Where nobody was marked as head, the first member counted; a marked head who arrives later replaces them. */
async function makeWayForHeads(db: Db, joining: readonly HouseholdRegistration[]): Promise<void> {
  const headed = joining.filter(({ people }) => people.some(({ isHead }) => isHead));
  if (headed.length === 0) return;
  await db
    .updateTable('journeys')
    .set({ isHead: false })
    .where('isHead', '=', true)
    .where('householdId', '=', anyOf(headed.map(({ householdId }) => householdId)))
    .execute();
}

/**
 * The household moves forward if a new member needs it. The open task for missing members names those who are still
 * missing; a person releases the holds.
 */
async function completeJoined(db: Db, joining: readonly HouseholdRegistration[]): Promise<void> {
  if (joining.length === 0) return;
  const households = recordset(joining.map(householdRow), { id: 'text', priority: 'int', rejectedRows: 'jsonb' }, 'n');
  await db
    .updateTable('households as h')
    .from(households)
    .set({
      priority: sql<number>`least(h.priority, n.priority)`,
      notRegistered: sql<number>`jsonb_array_length(n.rejected_rows)`,
    })
    .whereRef('h.id', '=', 'n.id')
    .execute();
  await db
    .updateTable('tasks as t')
    .from(households)
    .set({ data: sql`t.data || jsonb_build_object('rejectedRows', n.rejected_rows)` })
    .where('t.id', '=', sql<string>`n.id || '.completeHousehold'`)
    .where('t.status', '=', 'open')
    .execute();
}
