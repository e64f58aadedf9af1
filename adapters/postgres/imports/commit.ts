import type { Pool } from 'pg';
import type { CheckedRow, CommittedPage, ImportStore, PageAhead } from '../../../activities/imports.ts';
import type {
  HouseholdInput,
  Joined,
  OperationFrame,
  RegistrationContext,
} from '../../../application/households/register.ts';
import { toOperation } from '../../../domain/clock.ts';
import { STORED_FINDINGS, type Verdict } from '../../../domain/imports/codes.ts';
import type { Refusal } from '../../../domain/imports/importRecord.ts';
import { STORED_ROW_MEANING } from '../../../domain/imports/meaning.ts';
import type { ProtectionFlag } from '../../../domain/imports/protection.ts';
import { iso } from '../../../domain/time.ts';
import { type Keyring, openFields } from '../../crypto/envelope.ts';
import { databaseIn, type Queryable, transaction } from '../database.ts';
import { type ReadyHouseholds, readFrame, readyHouseholds, registerHouseholds } from '../households/register.ts';
import { encryptedIn, importKey } from './keys.ts';
import { registeredBefore } from './registeredBefore.ts';

export type CommitOptions = {
  keyring: Keyring;
  journeys: { workflowId: (journeyId: string) => string };
  /** rows read in one transaction of a commit; households are complete, so it may register a few more */
  page?: number;
  now?: () => number;
};

/** Registers the accepted rows of a dry run, in bounded transactions with a cursor. */
export function commitStore(
  pool: Pool,
  { keyring, journeys, page: size = 500, now = Date.now }: CommitOptions,
): Pick<ImportStore, 'commitNext' | 'countStartsLeft' | 'finish'> {
  return {
    commitNext: async (importId, ahead) => {
      // An error of the read-ahead appears again in the read below.
      const given = await ahead?.catch(() => undefined);
      return transaction(pool, async (client): Promise<CommittedPage> => {
        const { rows } = await client.query<Job & { cursor: number; status: string }>(
          `select id, operation_id as "operationId", reference_date::text as "referenceDate", round, cursor, status
             from imports where id = $1 for update`,
          [importId],
        );
        const job = rows[0];
        if (job === undefined || job.status !== 'committing') return { outcome: 'finished', cursor: job?.cursor ?? 0 };
        const frame = await readFrame(databaseIn(client), job.operationId);
        if (frame === undefined || !frame.registrationOpen) {
          await refuseCommit(client, importId);
          return { outcome: 'registration_closed', cursor: job.cursor };
        }
        const page = fits(given, job, frame) ? given : await readyPage(client, job, frame, job.cursor);
        if (page.last === undefined) {
          await finishCommit(client, importId, job.operationId, iso(toOperation(frame.clock, now())));
          return { outcome: 'finished', cursor: job.cursor };
        }
        const writing = registerHouseholds(databaseIn(client), page.ready);
        const next = readyPage(pool, job, frame, page.last);
        next.catch(() => {});
        await writing;
        const people = [...page.before, ...page.ready.households.flatMap((household) => household.people)];
        await client.query(
          `update import_rows r set person_id = t.person_id
             from unnest($2::int[], $3::text[]) as t (row, person_id)
            where r.import_id = $1 and r.row = t.row and r.person_id is null`,
          [importId, people.map(({ row }) => row), people.map(({ personId }) => personId)],
        );
        await client.query('update imports set cursor = $2, done = done + $3 where id = $1', [
          importId,
          page.last,
          people.length,
        ]);
        return { outcome: 'more', cursor: page.last, ahead: next };
      });
    },

    async countStartsLeft(importId) {
      const { rows } = await pool.query<{ id: string }>('select id from journeys where import_id = $1', [importId]);
      const left = await pool.query<{ left: number }>(
        'select count(*)::int as left from pending_starts where started_at is null and workflow_id = any($1)',
        [rows.map(({ id }) => journeys.workflowId(id))],
      );
      return left.rows[0]?.left ?? 0;
    },

    async finish(importId) {
      await transaction(pool, async (client) => {
        const { rows } = await client.query<{ failed: number }>(
          `update imports set status = 'done', finished_at = now() where id = $1 and status = 'starting' returning failed`,
          [importId],
        );
        // with nothing left to correct, the task of an earlier commit is done
        if (rows[0]?.failed === 0) {
          await client.query(
            `update tasks set status = 'done', closed_at = opened_at where subject = $1 and kind = 'correctRows' and status = 'open'`,
            [importId],
          );
        }
      });
    },
  };

  /** The next households, prepared and encrypted; `before`: rows of people who were registered by another list. */
  async function readyPage(db: Queryable, job: Job, frame: OperationFrame, after: number): Promise<ReadyPage> {
    const page = await nextPage(db, keyring, job.id, after, size);
    const { fresh, before } = await registeredBefore(db, keyring, job.operationId, page.households);
    const registration: RegistrationContext = {
      operationId: job.operationId,
      frame,
      importId: job.id,
      origin: job.id,
      at: toOperation(frame.clock, now()),
      referenceDate: job.referenceDate,
    };
    return { round: job.round, after, last: page.last, before, ready: readyHouseholds(keyring, registration, fresh) };
  }
}

type Job = { id: string; operationId: string; referenceDate: string; round: number };

type ReadyPage = PageAhead & {
  last: number | undefined;
  before: Array<{ row: number; personId: string }>;
  ready: ReadyHouseholds;
};

/** Whether this page is next, of the latest check of the list, under the rules in force. */
function fits(
  ahead: PageAhead | undefined,
  job: Job & { cursor: number },
  { rulesVersion }: OperationFrame,
): ahead is ReadyPage {
  return (
    ahead !== undefined &&
    'ready' in ahead &&
    ahead.round === job.round &&
    ahead.after === job.cursor &&
    (ahead as ReadyPage).ready.registration.frame.rulesVersion === rulesVersion
  );
}

/** Registered people stay registered; the other rows wait, and the import says so. */
async function refuseCommit(client: Queryable, importId: string): Promise<void> {
  const refusal: Refusal = {
    code: 'registration_closed',
    detail: 'The operation has closed registration; people who were already committed stay registered.',
    hint: 'Ask the operation lead, or import the rest into another operation.',
  };
  await client.query(`update imports set status = 'refused', refusal = $2, finished_at = now() where id = $1`, [
    importId,
    JSON.stringify(refusal),
  ]);
}

async function finishCommit(client: Queryable, importId: string, operationId: string, at: string): Promise<void> {
  await client.query(`update imports set status = 'starting' where id = $1`, [importId]);
  await client.query(
    `insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
     select $1 || '.correctRows', $2, $1, 'correctRows', 'case_worker', $3, jsonb_build_object('rejected', count(*))
       from import_rows where import_id = $1 and verdict = 'reject' having count(*) > 0
     on conflict (id) do update set data = excluded.data where tasks.status = 'open'`,
    [importId, operationId, at],
  );
}

type StoredRow = {
  row: number;
  verdict: Verdict;
  codes: unknown;
  child: CheckedRow['child'];
  protection: ProtectionFlag[];
  household: string;
  person_id: string | null;
  encrypted: Buffer;
};

/**
 * The complete households that begin within the next page of rows. `last` is the cursor after them; undefined at the
 * end.
 * A household that began before the cursor is registered with its later rows. Members of an earlier commit are already
 * registered, and corrected rows join them.
 */
async function nextPage(
  client: Queryable,
  keyring: Keyring,
  importId: string,
  cursor: number,
  size: number,
): Promise<{ households: HouseholdInput[]; last: number | undefined }> {
  const page = await client.query<{ row: number; household: string | null }>(
    'select row, household from import_rows where import_id = $1 and row > $2 order by row limit $3',
    [importId, cursor, size],
  );
  const references = [...new Set(page.rows.flatMap(({ household }) => household ?? []))];
  const { key, kekId } = await importKey(client, keyring, importId);
  const { rows } = await client.query<StoredRow>(
    `select row, verdict, codes, child, protection, household, person_id, case when person_id is null then encrypted end as encrypted
       from import_rows where import_id = $1 and household = any($2)
        and not exists (select from import_rows b where b.import_id = $1 and b.household = import_rows.household and b.row <= $3)
      order by row`,
    [importId, references, cursor],
  );
  const there = rows.some(({ person_id }) => person_id !== null)
    ? await householdsThere(client, importId, references)
    : new Map<string, Joined>();
  const households = new Map<string, HouseholdInput>();
  for (const stored of rows) {
    const joins = there.get(stored.household);
    const household = households.get(stored.household) ?? {
      reference: stored.household,
      members: [],
      rejectedRows: [],
      ...(joins === undefined ? {} : { joins }),
    };
    households.set(stored.household, household);
    const codes = STORED_FINDINGS.read(stored.codes);
    if (stored.verdict === 'reject') {
      // a repeated row is not a missing member
      if (!codes.some(({ code }) => code === 'PERSON_REF_REPEATED')) household.rejectedRows.push(stored.row);
    } else if (stored.person_id === null) {
      const opened = openFields(key, encryptedIn(importId, `row ${stored.row}`, kekId), stored.encrypted);
      const { meaning } = STORED_ROW_MEANING.read(opened);
      household.members.push({ ...stored, codes, meaning });
    }
  }
  return { households: [...households.values()], last: page.rows.at(-1)?.row };
}

/**
 * The households whose members are already registered, by the list's own number: from this list, or from an earlier one.
 */
async function householdsThere(
  client: Queryable,
  importId: string,
  references: readonly string[],
): Promise<Map<string, Joined>> {
  const { rows } = await client.query<Joined & { reference: string }>(
    `select distinct on (r.household) r.household as reference, h.id as "householdId", h.head_nationality as "headNationality",
            exists (select from journeys o where o.household_id = h.id and o.relationship = 'HEAD') as "hasHead"
       from import_rows r
       join imports i on i.id = r.import_id
       join journeys j on j.person_id = r.person_id and j.operation_id = i.operation_id
       join households h on h.id = j.household_id
      where r.import_id = $1 and r.household = any($2) order by r.household, r.row`,
    [importId, references],
  );
  return new Map(rows.map(({ reference, ...joined }) => [reference, joined]));
}
