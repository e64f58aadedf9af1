import { Readable } from 'node:stream';
import type { Pool } from 'pg';
import type { CheckedRow, CheckSummary, ImportJob, ImportStore, Refusal } from '../../activities/imports.ts';
import { toOperation } from '../../domain/clock.ts';
import { type Finding, type Verdict, verdictOf } from '../../domain/intake/codes.ts';
import { flagsOfHousehold, inOrder, type ProtectionFlag } from '../../domain/intake/protection.ts';
import { iso } from '../../domain/time.ts';
import { type Keyring, openBytes, openFields, sealFields } from '../secrets/envelope.ts';
import { type Queryable, transaction } from './database.ts';
import { importKey } from './importKeys.ts';
import { commitHouseholds, type Intake, type IntakeHousehold, readFrame } from './intake.ts';
import { personRefKey } from './searchKeys.ts';

const MANY_ROWS = 5_000;

export type ImportsOptions = {
  keyring: Keyring;
  journeys: Intake['journeys'];
  /** rows looked at in one transaction of a commit; households are whole, so it may take in a few more */
  page?: number;
  now?: () => number;
};

/** Lists on their way in, on PostgreSQL. The file and its rows are sealed under a key of the import. */
export function importStore(
  pool: Pool,
  { keyring, journeys, page: size = 1_000, now = Date.now }: ImportsOptions,
): ImportStore {
  return {
    async beginCheck(importId) {
      const { rows } = await pool.query<ImportJob>(
        `update imports set status = 'checking', started_at = coalesce(started_at, now())
          where id = $1 and status in ('uploaded', 'checking')
          returning operation_id as "operationId", reference_date::text as "referenceDate", overrule, mapping`,
        [importId],
      );
      return rows[0];
    },

    source: (importId) => Readable.from(chunks(pool, keyring, importId), { objectMode: false }),

    async lastRowWritten(importId) {
      const { rows } = await pool.query<{ last: number }>(
        'select coalesce(max(row), 0) as last from import_rows where import_id = $1',
        [importId],
      );
      return rows[0]?.last ?? 0;
    },

    async writeRows(importId, checked) {
      if (checked.length === 0) return;
      const key = await importKey(pool, keyring, importId);
      await transaction(pool, async (client) => {
        await client.query(
          `insert into import_rows (import_id, row, line, verdict, codes, child, protection, household, sealed)
           select $1, row, line, verdict, codes::jsonb, child, protection::text[], household, sealed
             from unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[])
               as r (row, line, verdict, codes, child, protection, household, sealed)
           on conflict (import_id, row) do nothing`,
          [
            importId,
            checked.map(({ row }) => row),
            checked.map(({ line }) => line),
            checked.map(({ verdict }) => verdict),
            checked.map(({ codes }) => JSON.stringify(codes)),
            checked.map(({ child }) => child),
            checked.map(({ protection }) => `{${protection.join(',')}}`),
            checked.map(({ meaning }) => (meaning.householdRef === '' ? null : meaning.householdRef)),
            checked.map(({ row, meaning, cells }) =>
              sealFields(key.key, rowContext(importId, row, key.kekId), { meaning, cells }),
            ),
          ],
        );
        await client.query('update imports set done = greatest(done, $2) where id = $1', [
          importId,
          checked.at(-1)?.row ?? 0,
        ]);
      });
    },

    async amendRows(importId, findings) {
      const numbers = [...findings.keys()];
      for (let from = 0; from < numbers.length; from += size) {
        await amend(pool, importId, numbers.slice(from, from + size), findings);
      }
    },

    async countKnown(operationId, personRefs) {
      const { rows } = await pool.query<{ known: number }>(
        `select count(distinct key)::int as known from person_search where kind = 'person_ref' and key = any($1)`,
        [personRefs.map((ref) => personRefKey(keyring, operationId, ref).key)],
      );
      return rows[0]?.known ?? 0;
    },

    async finishCheck(importId, summary) {
      await transaction(pool, async (client) => {
        const counts = await countRows(client, importId, summary);
        await client.query(
          `update imports set status = 'checked', finished_at = now(), found = $2, counts = $3, total = $4, done = $4, failed = $5
            where id = $1 and status = 'checking'`,
          [importId, JSON.stringify(summary.found), JSON.stringify(counts), counts.rows, counts.reject],
        );
        // without statistics of so many new rows each page of the commit would read them all
        if (counts.rows >= MANY_ROWS) await client.query('analyze import_rows');
      });
    },

    async refuse(importId, refusal) {
      await transaction(pool, (client) => refuseImport(client, importId, refusal));
    },

    commitNext: (importId) =>
      transaction(pool, async (client) => {
        const { rows } = await client.query<{
          operation_id: string;
          reference_date: string;
          cursor: number;
          status: string;
        }>(`select operation_id, reference_date::text, cursor, status from imports where id = $1 for update`, [
          importId,
        ]);
        const job = rows[0];
        if (job === undefined || job.status !== 'committing') return { outcome: 'finished', cursor: job?.cursor ?? 0 };
        const frame = await readFrame(client, job.operation_id);
        if (frame === undefined || !frame.registrationOpen) {
          await refuseCommit(client, importId);
          return { outcome: 'registration_closed', cursor: job.cursor };
        }
        const page = await nextPage(client, keyring, importId, job.cursor, size);
        const at = toOperation(frame.clock, now());
        if (page.last === undefined) {
          await finishCommit(client, importId, job.operation_id, iso(at));
          return { outcome: 'finished', cursor: job.cursor };
        }
        const taken = await commitHouseholds(
          client,
          {
            operationId: job.operation_id,
            frame,
            importId,
            origin: importId,
            at,
            referenceDate: job.reference_date,
            keyring,
            journeys,
          },
          page.households,
        );
        const people = taken.flatMap((household) => household.people);
        await client.query(
          `update import_rows r set person_id = t.person_id, committed_at = now()
             from unnest($2::int[], $3::text[]) as t (row, person_id)
            where r.import_id = $1 and r.row = t.row and r.person_id is null`,
          [importId, people.map(({ row }) => row), people.map(({ personId }) => personId)],
        );
        await client.query('update imports set cursor = $2, done = done + $3 where id = $1', [
          importId,
          page.last,
          people.length,
        ]);
        return { outcome: 'more', cursor: page.last };
      }),

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
        await client.query(
          `update imports set status = 'done', finished_at = now() where id = $1 and status = 'starting'`,
          [importId],
        );
        // a list that continues another and has nothing left to mend answers that one's question
        await client.query(
          `update tasks set status = 'done', closed_at = opened_at
             from imports i
            where i.id = $1 and i.failed = 0 and tasks.subject = i.continues and tasks.kind = 'mendRows' and tasks.status = 'open'`,
          [importId],
        );
      });
    },
  };
}

const rowContext = (importId: string, row: number, keyId: string) => ({
  subject: importId,
  fieldSet: `row ${row}`,
  keyId,
});

/** The file as it came, chunk by chunk, opened one at a time. */
async function* chunks(pool: Pool, keyring: Keyring, importId: string): AsyncGenerator<Buffer> {
  const { key, kekId } = await importKey(pool, keyring, importId);
  for (let number = 0; ; number++) {
    const { rows } = await pool.query<{ sealed: Buffer }>(
      'select sealed from import_chunks where import_id = $1 and number = $2',
      [importId, number],
    );
    const chunk = rows[0];
    if (chunk === undefined) return;
    yield openBytes(key, { subject: importId, fieldSet: `chunk ${number}`, keyId: kekId }, chunk.sealed);
  }
}

async function amend(
  pool: Pool,
  importId: string,
  numbers: readonly number[],
  findings: ReadonlyMap<number, Finding[]>,
): Promise<void> {
  await transaction(pool, async (client) => {
    const { rows } = await client.query<{ row: number; codes: Finding[]; protection: ProtectionFlag[] }>(
      'select row, codes, protection from import_rows where import_id = $1 and row = any($2) for update',
      [importId, numbers],
    );
    const amended = rows.map(({ row, codes, protection }) => {
      const stands = new Set(codes.map(({ code, column }) => `${code} ${column}`));
      const more = (findings.get(row) ?? []).filter(({ code, column }) => !stands.has(`${code} ${column}`));
      const all = [...codes, ...more];
      const flags = flagsOfHousehold(all.map(({ code }) => code));
      return { row, verdict: verdictOf(all), codes: all, protection: inOrder([...protection, ...flags]) };
    });
    await client.query(
      `update import_rows r set verdict = a.verdict, codes = a.codes, protection = a.protection
         from json_to_recordset($2) as a (row int, verdict text, codes jsonb, protection text[])
        where r.import_id = $1 and r.row = a.row`,
      [importId, JSON.stringify(amended)],
    );
  });
}

/** What a dry run found, for the whole list. `byCode` counts rows that have a code. */
export type ImportCounts = {
  rows: number;
  accept: number;
  acceptWithWarning: number;
  reject: number;
  byCode: Record<string, number>;
  households: number;
  incompleteHouseholds: number;
  alreadyKnown: number;
};

async function countRows(client: Queryable, importId: string, summary: CheckSummary): Promise<ImportCounts> {
  const verdicts = await client.query<{ verdict: Verdict; count: number }>(
    'select verdict, count(*)::int as count from import_rows where import_id = $1 group by verdict',
    [importId],
  );
  const codes = await client.query<{ code: string; count: number }>(
    `select code, count(*)::int as count
       from (select distinct row, finding ->> 'code' as code
               from import_rows, jsonb_array_elements(codes) as finding where import_id = $1) as found
      group by code order by code`,
    [importId],
  );
  const of = (verdict: Verdict): number => verdicts.rows.find((row) => row.verdict === verdict)?.count ?? 0;
  return {
    rows: of('accept') + of('accept_with_warning') + of('reject'),
    accept: of('accept'),
    acceptWithWarning: of('accept_with_warning'),
    reject: of('reject'),
    byCode: Object.fromEntries(codes.rows.map(({ code, count }) => [code, count])),
    households: summary.households,
    incompleteHouseholds: summary.incompleteHouseholds,
    alreadyKnown: summary.alreadyKnown,
  };
}

/** Nothing of a refused list is kept but why it was refused. */
export async function refuseImport(client: Queryable, importId: string, refusal: Refusal): Promise<void> {
  await client.query(
    `update imports set status = 'refused', refusal = $2, finished_at = now() where id = $1 and status in ('uploading', 'uploaded', 'checking')`,
    [importId, JSON.stringify(refusal)],
  );
  for (const table of ['import_chunks', 'import_rows', 'import_keys']) {
    await client.query(`delete from ${table} where import_id = $1`, [importId]);
  }
}

/** Who was taken in before stays; the rest waits in its rows, and the import says so. */
async function refuseCommit(client: Queryable, importId: string): Promise<void> {
  const refusal: Refusal = {
    code: 'registration_closed',
    detail: 'The operation takes nobody in any more; people committed before stay taken in.',
    hint: 'Ask the operation lead, or take the rest into another operation.',
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
     select $1 || '.mendRows', $2, $1, 'mendRows', 'case_worker', $3, jsonb_build_object('rejected', count(*))
       from import_rows where import_id = $1 and verdict = 'reject' having count(*) > 0
     on conflict (id) do nothing`,
    [importId, operationId, at],
  );
}

type StoredRow = {
  row: number;
  verdict: Verdict;
  codes: Finding[];
  child: CheckedRow['child'];
  protection: ProtectionFlag[];
  household: string;
  sealed: Buffer;
};

/**
 * The households that begin within the next page of rows, whole. `last` is the cursor after them; undefined at the end.
 * A household that began before the cursor has been taken in with its later rows.
 */
async function nextPage(
  client: Queryable,
  keyring: Keyring,
  importId: string,
  cursor: number,
  size: number,
): Promise<{ households: IntakeHousehold[]; last: number | undefined }> {
  const page = await client.query<{ row: number; household: string | null }>(
    'select row, household from import_rows where import_id = $1 and row > $2 order by row limit $3',
    [importId, cursor, size],
  );
  const { key, kekId } = await importKey(client, keyring, importId);
  const { rows } = await client.query<StoredRow>(
    `select row, verdict, codes, child, protection, household, sealed
       from import_rows where import_id = $1 and household = any($2) order by row`,
    [importId, [...new Set(page.rows.flatMap(({ household }) => household ?? []))]],
  );
  const households = new Map<string, IntakeHousehold>();
  const takenBefore = new Set(rows.flatMap(({ row, household }) => (row <= cursor ? [household] : [])));
  for (const stored of rows) {
    if (takenBefore.has(stored.household)) continue;
    const household = households.get(stored.household) ?? {
      reference: stored.household,
      members: [],
      rejectedRows: [],
    };
    households.set(stored.household, household);
    if (stored.verdict !== 'reject') {
      const { meaning } = openFields(key, rowContext(importId, stored.row, kekId), stored.sealed) as Pick<
        CheckedRow,
        'meaning'
      >;
      household.members.push({ ...stored, meaning });
    } else if (!stored.codes.some(({ code }) => code === 'PERSON_REF_REPEATED')) {
      // a row that was pasted twice is no missing member
      household.rejectedRows.push(stored.row);
    }
  }
  return { households: [...households.values()], last: page.rows.at(-1)?.row };
}
