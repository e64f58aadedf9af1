import type { HouseholdInput, OperationFrame } from '../../../application/households/register.ts';
import { STORED_RULES } from '../../../domain/rules.ts';
import type { Queryable } from '../database.ts';
import { type ClockRow, clockOf } from '../operations/clocks.ts';
import { encryptRegistrations, type RegistrationValues, writeRegistrations } from './registrationRows.ts';
import { type HouseholdRegistration, type RegistrationContext, registrationOf } from './registrations.ts';

export type Registered = {
  householdId: string;
  people: Array<{ row: number; personId: string; journeyId: string; workflowId: string }>;
};

/** The operation, under a share lock for the caller's transaction. @returns undefined if it is unknown */
export async function readFrame(client: Queryable, operationId: string): Promise<OperationFrame | undefined> {
  const { rows } = await client.query<{
    registration_open: boolean;
    rules_version: number;
    document: unknown;
    segments: ClockRow[] | null;
  }>({
    name: 'operation_frame',
    text: `select o.registration_open, o.rules_version, r.document,
             (select json_agg(s order by s.position) from clock_segments s where s.operation_id = o.id) as segments
       from operations o join operation_rules r on r.operation_id = o.id and r.version = o.rules_version
      where o.id = $1 for share of o`,
    values: [operationId],
  });
  const row = rows[0];
  if (!row?.segments) return undefined;
  return {
    registrationOpen: row.registration_open,
    rulesVersion: row.rules_version,
    rules: STORED_RULES.read(row.document),
    clock: clockOf(row.segments),
  };
}

/** The operation has changed since it was read: registration is closed, or the rules are different. */
export class FrameMoved extends Error {}

/** Households with all their rows; made without the database. */
export type ReadyHouseholds = {
  taking: readonly HouseholdRegistration[];
  values: RegistrationValues;
  registration: RegistrationContext;
};

export function readyHouseholds(
  registration: RegistrationContext,
  households: readonly HouseholdInput[],
): ReadyHouseholds {
  const taking = households
    .filter(({ members }) => members.length > 0)
    .map((household) => registrationOf(registration, household));
  return { taking, values: encryptRegistrations(registration, taking), registration };
}

/**
 * Registers households: household, people with encrypted data, protection holds, passport, journeys, and the orders to
 * start them. Ids derive from `origin` and row, so that a repeated registration makes the same people.
 * Where the row of a member was rejected, DATA_DISPUTE holds keep the household together and a case worker gets a task.
 * Households that join others need the caller's transaction.
 * @throws FrameMoved, with nothing written, unless the caller holds the lock of `readFrame`
 */
export async function commitReady(
  client: Queryable,
  { taking, values, registration }: ReadyHouseholds,
): Promise<Registered[]> {
  const joining = taking.filter(({ joins }) => joins);
  await makeWayForHeads(client, joining);
  if (taking.length > 0 && !(await writeRegistrations(client, values))) throw new FrameMoved();
  await notifyWhoRegistered(client, joining);
  return taking.map(({ householdId, registrations }) => ({
    householdId,
    people: registrations.map(({ row, person, journeyId }) => ({
      row,
      personId: person.personId,
      journeyId,
      workflowId: registration.journeys.workflowId(journeyId),
    })),
  }));
}

/** Prepares households and registers them; see `commitReady`. */
export const commitHouseholds = (
  client: Queryable,
  registration: RegistrationContext,
  households: readonly HouseholdInput[],
): Promise<Registered[]> => commitReady(client, readyHouseholds(registration, households));

/** Registers one household. @returns `closed` if registration is closed */
export async function register(
  db: Queryable,
  { household, ...registration }: Omit<RegistrationContext, 'frame' | 'importId'> & { household: HouseholdInput },
): Promise<Registered | 'closed'> {
  for (;;) {
    const frame = await readFrame(db, registration.operationId);
    if (frame === undefined) throw new Error(`There is no operation ${registration.operationId}`);
    if (!frame.registrationOpen) return 'closed';
    try {
      return await commitHousehold(db, { ...registration, frame, importId: null }, household);
    } catch (error) {
      if (!(error instanceof FrameMoved)) throw error;
    }
  }
}

/** One household; see `commitHouseholds`. @throws RangeError where nobody in it is accepted */
export async function commitHousehold(
  client: Queryable,
  registration: RegistrationContext,
  household: HouseholdInput,
): Promise<Registered> {
  const [taken] = await commitHouseholds(client, registration, [household]);
  if (!taken) throw new RangeError('A household without an accepted member cannot be registered');
  return taken;
}

/** Where nobody was marked as head, the first member counted; a marked head who arrives later replaces them. */
async function makeWayForHeads(client: Queryable, joining: readonly HouseholdRegistration[]): Promise<void> {
  const headed = joining.filter(({ registrations }) => registrations.some(({ isHead }) => isHead));
  if (headed.length === 0) return;
  await client.query('update journeys set is_head = false where is_head and household_id = any($1)', [
    headed.map(({ householdId }) => householdId),
  ]);
}

/**
 * The household moves forward if a new member needs it. The open task for missing members names those who are still
 * missing; a person releases the holds.
 */
async function notifyWhoRegistered(client: Queryable, joining: readonly HouseholdRegistration[]): Promise<void> {
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
