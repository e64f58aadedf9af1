import { heldPassport, holdsAtIntake, priorityOf, registeredInstant, travellerOf } from '../../domain/admission.ts';
import type { OperationClock } from '../../domain/clock.ts';
import { HOLD_RULES } from '../../domain/holds.ts';
import { type CalendarDay, parseCalendarDay } from '../../domain/intake/calendarDay.ts';
import type { JudgedRow } from '../../domain/intake/judgeList.ts';
import type { PersonMeaning } from '../../domain/intake/meaning.ts';
import { type Rules, routeOf } from '../../domain/rules.ts';
import { type Instant, iso } from '../../domain/time.ts';
import type { JourneyInput } from '../../workflows/messages.ts';
import { derivedId } from '../ids.ts';
import type { Keyring } from '../secrets/envelope.ts';
import { readClocks } from './clocks.ts';
import type { Queryable } from './database.ts';
import { coreOf, insertPeople, type NewPerson } from './people.ts';

/**
 * A household with its accepted rows, in the order of the list. `rejectedRows`: members who could not be taken in.
 * `joins`: it was taken in before, without the members who come now.
 */
export type IntakeHousehold = { reference: string; members: JudgedRow[]; rejectedRows: number[]; joins?: Joined };

/** A household that is there. `hasHead`: somebody in it is marked as its head. */
export type Joined = { householdId: string; headNationality: string; hasHead: boolean };

/** What intake needs to know of the operation; read under a share lock, so that nobody closes it meanwhile. */
export type OperationFrame = { registrationOpen: boolean; rules: Rules; clock: OperationClock };

export type Intake = {
  operationId: string;
  frame: OperationFrame;
  importId: string | null;
  /** whatever names this intake for good: the import, or the principal and key of a request. It makes the ids */
  origin: string;
  /** operation time */
  at: Instant;
  /** the day on which ages are reckoned, YYYY-MM-DD */
  referenceDate: string;
  keyring: Keyring;
  /** how journeys are started; built from workflows/messages.ts by whoever puts things together */
  journeys: { taskQueue: string; workflowId: (journeyId: string) => string };
};

export type TakenIn = {
  householdId: string;
  people: Array<{ row: number; personId: string; journeyId: string; workflowId: string }>;
};

/** @returns undefined where there is no such operation */
export async function readFrame(client: Queryable, operationId: string): Promise<OperationFrame | undefined> {
  const { rows } = await client.query<{ registration_open: boolean; document: Rules }>({
    name: 'operation_frame',
    text: `select o.registration_open, r.document
       from operations o join operation_rules r on r.operation_id = o.id and r.version = o.rules_version
      where o.id = $1 for share of o`,
    values: [operationId],
  });
  const clock = (await readClocks(client, [operationId])).get(operationId);
  const row = rows[0];
  return row && clock ? { registrationOpen: row.registration_open, rules: row.document, clock } : undefined;
}

/**
 * Takes households in, inside the caller's transaction: household, people with their sealed data, protection holds,
 * the passport held, journeys, and the order to start each. Ids follow from `origin` and row, so that the same intake
 * done twice makes the same people once. Where a member's row was rejected the unit is held together by DATA_DISPUTE
 * holds and a case worker is asked for the missing member.
 */
export async function commitHouseholds(
  client: Queryable,
  intake: Intake,
  households: readonly IntakeHousehold[],
): Promise<TakenIn[]> {
  const taking = households.filter(({ members }) => members.length > 0).map((household) => admit(intake, household));
  const joining = taking.filter(({ joins }) => joins);
  const fresh = await insertHouseholds(
    client,
    intake,
    taking.filter(({ joins }) => !joins),
  );
  const admissions = taking
    .filter(({ householdId, joins }) => joins || fresh.has(householdId))
    .flatMap(({ admissions }) => admissions);
  await makeWayForHeads(client, joining);
  if (admissions.length > 0) {
    await insertPeople(
      client,
      intake.keyring,
      intake.operationId,
      admissions.map(({ person }) => person),
    );
    await insertStarts(client, intake, admissions);
    // As late as may be: it counts people by stage, and from then on whoever registers somebody else waits for the commit.
    await insertJourneys(client, intake, admissions);
    await insertHolds(client, intake, admissions);
    await insertDocuments(client, intake, admissions);
  }
  await askForMissing(
    client,
    intake,
    taking.filter(({ householdId, rejectedRows }) => fresh.has(householdId) && rejectedRows.length > 0),
  );
  await tellWhoCame(client, joining);
  return taking.map(({ householdId, admissions: members }) => ({
    householdId,
    people: members.map(({ row, person, journeyId }) => ({
      row,
      personId: person.personId,
      journeyId,
      workflowId: intake.journeys.workflowId(journeyId),
    })),
  }));
}

/** One household; see `commitHouseholds`. @throws RangeError where nobody in it is accepted */
export async function commitHousehold(client: Queryable, intake: Intake, household: IntakeHousehold): Promise<TakenIn> {
  const [taken] = await commitHouseholds(client, intake, [household]);
  if (!taken) throw new RangeError('A household without an accepted member cannot be taken in');
  return taken;
}

type Hold = { id: string; type: keyof typeof HOLD_RULES };

type Admission = {
  row: number;
  journeyId: string;
  householdId: string;
  person: NewPerson;
  meaning: Admitted;
  isHead: boolean;
  registeredAt: Instant;
  protection: string[];
  holds: Hold[];
  document?: { documentId: string; issuedBy: string; validUntil: Instant };
  route: { stages: string[]; decided: boolean };
};

type HouseholdAdmission = {
  householdId: string;
  joins: boolean;
  reference: string;
  site: string | null;
  priority: number;
  requestedAt: Instant;
  headNationality: string;
  rejectedRows: number[];
  admissions: Admission[];
};

/** An accepted row has everything that is required. */
type Admitted = PersonMeaning & {
  [Field in 'relationship' | 'sex' | 'nationality' | 'registeredAt' | 'consent']: NonNullable<PersonMeaning[Field]>;
};

function admitted({ row, verdict, meaning }: JudgedRow): Admitted {
  const { relationship, sex, nationality, registeredAt, consent } = meaning;
  const whole =
    relationship !== null && sex !== null && nationality !== null && registeredAt !== null && consent !== null;
  if (verdict === 'reject' || !whole) throw new RangeError(`Row ${row} was not accepted`);
  return { ...meaning, relationship, sex, nationality, registeredAt, consent };
}

function admit(intake: Intake, household: IntakeHousehold): HouseholdAdmission {
  const { origin, frame } = intake;
  const members = household.members.map((judged) => ({ judged, meaning: admitted(judged) }));
  const first = members[0];
  if (!first) throw new RangeError('A household without an accepted member cannot be taken in');
  // Who heads it is for a person to say where nobody, or more than one, is marked; for the route the first one counts.
  const { joins } = household;
  const marked = members.find(({ meaning }) => meaning.relationship === 'HEAD');
  const head = marked ?? first;
  const newHead = joins === undefined ? head : joins.hasHead ? undefined : marked;
  const headNationality = joins?.headNationality ?? head.meaning.nationality;
  const route = routeOf(frame.rules, headNationality);
  const householdId = joins?.householdId ?? derivedId('household', origin, first.judged.row);
  const on = dayOf(intake.referenceDate);
  const incomplete = household.rejectedRows.length > 0;
  const admissions = members.map(({ judged, meaning }): Admission => {
    const { row, protection, codes } = judged;
    const journeyId = derivedId('journey', origin, row);
    const passport = heldPassport(
      meaning,
      codes.map(({ code }) => code),
      intake.at,
    );
    return {
      row,
      journeyId,
      householdId,
      person: {
        personId: derivedId('person', origin, row),
        nationality: meaning.nationality,
        sex: meaning.sex,
        traveller: travellerOf(meaning.birthDate, on),
        core: coreOf(meaning),
      },
      meaning,
      isHead: judged === newHead?.judged,
      registeredAt: registeredInstant(meaning.registeredAt),
      protection,
      holds: holdsAtIntake(protection, incomplete).map((type) => ({ id: derivedId('hold', origin, row, type), type })),
      ...(passport ? { document: { documentId: derivedId('document', origin, row), ...passport } } : {}),
      route,
    };
  });
  return {
    householdId,
    joins: joins !== undefined,
    reference: household.reference,
    site: head.meaning.site,
    priority: priorityOf(members.map(({ judged }) => judged.protection)),
    requestedAt: Math.min(...admissions.map(({ registeredAt }) => registeredAt)),
    headNationality,
    rejectedRows: household.rejectedRows,
    admissions,
  };
}

function dayOf(referenceDate: string): CalendarDay {
  const day = parseCalendarDay(referenceDate);
  if (day === null) throw new RangeError(`${referenceDate} is no day`);
  return day;
}

/** @returns ids of those that were not there before. Two at once meet at either of the table's keys, so no one key is named */
async function insertHouseholds(
  client: Queryable,
  intake: Intake,
  households: readonly HouseholdAdmission[],
): Promise<Set<string>> {
  const { rows } = await client.query<{ id: string }>({
    name: 'insert_households',
    text: `insert into households (id, operation_id, reference, site, priority, requested_at, head_nationality, import_id)
     select id, $2, reference, site, priority, requested_at, head_nationality, $3
       from json_to_recordset($1) as h (id text, reference text, site text, priority int, requested_at timestamptz, head_nationality text)
     on conflict do nothing returning id`,
    values: [
      JSON.stringify(
        households.map((household) => ({
          id: household.householdId,
          reference: household.reference,
          site: household.site,
          priority: household.priority,
          requested_at: iso(household.requestedAt),
          head_nationality: household.headNationality,
        })),
      ),
      intake.operationId,
      intake.importId,
    ],
  });
  return new Set(rows.map(({ id }) => id));
}

async function insertJourneys(client: Queryable, intake: Intake, admissions: readonly Admission[]): Promise<void> {
  await client.query({
    name: 'insert_journeys',
    text: `insert into journeys (id, person_id, operation_id, household_id, relationship, is_head, registered_at, import_id,
                           import_row, protection, stage_since, route, route_decided)
     select id, person_id, $2, household_id, relationship, is_head, registered_at, $3,
            case when $3::text is null then null else import_row end, protection, $4, route, route_decided
       from json_to_recordset($1) as j (id text, person_id text, household_id text, relationship text, is_head boolean,
              registered_at timestamptz, import_row int, protection text[], route text[], route_decided boolean)`,
    values: [
      JSON.stringify(
        admissions.map(({ journeyId, person, householdId, meaning, isHead, registeredAt, row, protection, route }) => ({
          id: journeyId,
          person_id: person.personId,
          household_id: householdId,
          relationship: meaning.relationship,
          is_head: isHead,
          registered_at: iso(registeredAt),
          import_row: row,
          protection,
          route: route.stages,
          route_decided: route.decided,
        })),
      ),
      intake.operationId,
      intake.importId,
      iso(intake.at),
    ],
  });
}

/** They stand as active from the start: intake itself is what raises them, before any question leaves the house. */
async function insertHolds(client: Queryable, intake: Intake, admissions: readonly Admission[]): Promise<void> {
  const holds = admissions.flatMap(({ journeyId, holds: raised }) =>
    raised.map(({ id, type }) => {
      const { disclosure, seat, boarding } = HOLD_RULES[type].blocks;
      return { id, journey_id: journeyId, type, disclosure, seat, boarding };
    }),
  );
  if (holds.length === 0) return;
  await client.query({
    name: 'insert_holds',
    text: `insert into holds (id, journey_id, operation_id, type, status, blocks_disclosure, blocks_seat, blocks_boarding, raised_by, raised_at)
     select id, journey_id, $2, type, 'active', disclosure, seat, boarding, 'homeward', $3
       from json_to_recordset($1) as h (id text, journey_id text, type text, disclosure boolean, seat boolean, boarding boolean)`,
    values: [JSON.stringify(holds), intake.operationId, iso(intake.at)],
  });
}

async function insertDocuments(client: Queryable, intake: Intake, admissions: readonly Admission[]): Promise<void> {
  const documents = admissions.flatMap(({ journeyId, document }) =>
    document
      ? [
          {
            id: document.documentId,
            journey_id: journeyId,
            issued_by: document.issuedBy,
            valid_until: iso(document.validUntil),
          },
        ]
      : [],
  );
  if (documents.length === 0) return;
  await client.query({
    name: 'insert_documents',
    text: `insert into documents (id, journey_id, kind, issued_by, valid_until, status, at)
     select id, journey_id, 'PASSPORT', issued_by, valid_until, 'held', $2
       from json_to_recordset($1) as d (id text, journey_id text, issued_by text, valid_until timestamptz)`,
    values: [JSON.stringify(documents), iso(intake.at)],
  });
}

/** What is the same for everybody goes over the wire once. */
async function insertStarts(client: Queryable, intake: Intake, admissions: readonly Admission[]): Promise<void> {
  const { operationId, frame, journeys } = intake;
  const shared: Pick<JourneyInput, 'version' | 'operationId' | 'clock' | 'rules'> = {
    version: 1,
    operationId,
    clock: frame.clock,
    rules: frame.rules,
  };
  const own = admissions.map(
    ({
      journeyId,
      householdId,
      registeredAt,
      meaning,
      holds,
      route,
      document,
    }): Omit<JourneyInput, keyof typeof shared> => ({
      journeyId,
      householdId,
      intake: {
        registeredAt,
        consent: meaning.consent,
        holds: holds.map(({ id }) => id),
        route: route.stages,
        routeDecided: route.decided,
        ...(document ? { document: { documentId: document.documentId, validUntil: document.validUntil } } : {}),
      },
    }),
  );
  await client.query({
    name: 'insert_journey_starts',
    text: `insert into pending_starts (workflow_id, workflow, task_queue, input)
     select workflow_id, 'journey', $4, $3::jsonb || own
       from unnest($1::text[], $2::jsonb[]) as s (workflow_id, own)`,
    values: [
      own.map(({ journeyId }) => journeys.workflowId(journeyId)),
      own.map((input) => JSON.stringify(input)),
      JSON.stringify(shared),
      journeys.taskQueue,
    ],
  });
}

/** Nobody is dropped silently: each household that lacks a member asks a case worker, who sees the rejected rows. */
async function askForMissing(
  client: Queryable,
  intake: Intake,
  households: readonly HouseholdAdmission[],
): Promise<void> {
  if (households.length === 0) return;
  await client.query(
    `insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
     select household_id || '.completeHousehold', $2, household_id, 'completeHousehold', 'case_worker', $3,
            jsonb_build_object('importId', $4::text, 'rejectedRows', rejected_rows)
       from json_to_recordset($1) as h (household_id text, rejected_rows jsonb)
     on conflict (id) do nothing`,
    [
      JSON.stringify(
        households.map(({ householdId, rejectedRows }) => ({ household_id: householdId, rejected_rows: rejectedRows })),
      ),
      intake.operationId,
      iso(intake.at),
      intake.importId,
    ],
  );
}

/** Where nobody was marked as head the first one counted; a marked head who comes later takes that place. */
async function makeWayForHeads(client: Queryable, joining: readonly HouseholdAdmission[]): Promise<void> {
  const headed = joining.filter(({ admissions }) => admissions.some(({ isHead }) => isHead));
  if (headed.length === 0) return;
  await client.query('update journeys set is_head = false where is_head and household_id = any($1)', [
    headed.map(({ householdId }) => householdId),
  ]);
}

/**
 * The household goes first if a member who came needs it. The open question for missing members names those who are
 * missing still; the holds are released by a person.
 */
async function tellWhoCame(client: Queryable, joining: readonly HouseholdAdmission[]): Promise<void> {
  if (joining.length === 0) return;
  await client.query(
    `update households h set priority = least(h.priority, j.priority)
       from unnest($1::text[], $2::int[]) as j (id, priority) where h.id = j.id`,
    [joining.map(({ householdId }) => householdId), joining.map(({ priority }) => priority)],
  );
  await client.query(
    `update tasks t set data = t.data || jsonb_build_object('rejectedRows', h.rejected_rows)
       from json_to_recordset($1) as h (household_id text, rejected_rows jsonb)
      where t.id = h.household_id || '.completeHousehold' and t.status = 'open'`,
    [
      JSON.stringify(
        joining.map(({ householdId, rejectedRows }) => ({ household_id: householdId, rejected_rows: rejectedRows })),
      ),
    ],
  );
}
