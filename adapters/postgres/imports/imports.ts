import { Readable } from 'node:stream';
import type { Pool } from 'pg';
import type { CheckSummary, ImportStore } from '../../../activities/imports.ts';
import { type Finding, STORED_FINDINGS, type Verdict, verdictOf } from '../../../domain/imports/codes.ts';
import type { ImportCounts } from '../../../domain/imports/importRecord.ts';
import { flagsOfHousehold, inOrder, type ProtectionFlag } from '../../../domain/imports/protection.ts';
import { encryptFields, type Keyring, openBytes } from '../../crypto/envelope.ts';
import { personRefKey } from '../../crypto/people.ts';
import { type Queryable, transaction } from '../database.ts';
import { writeCells } from './cells.ts';
import { type CommitOptions, commitStore } from './commit.ts';
import { correctedFiles } from './corrections.ts';
import { joinCorrected } from './joinCorrected.ts';
import { encryptedIn, importKey } from './keys.ts';
import { latestReading, recallHeadings } from './readings.ts';
import { encryptFound, refuseForNow, refuseImport } from './refusals.ts';
import type { StartOf } from './starts.ts';

const MANY_ROWS = 5_000;

export type ImportsOptions = CommitOptions & {
  /** how the check of a list is started; the process builds it from workflows/messages.ts */
  checks: StartOf;
  /** tries to start new orders at once; otherwise the workflow starter does it, after all earlier journeys */
  startNow: (workflowIds: readonly string[]) => Promise<unknown>;
};

/** The store of imports on PostgreSQL. The file and its rows are encrypted under a key of the import. */
export function importStore(pool: Pool, options: ImportsOptions): ImportStore {
  const { keyring, checks, startNow } = options;
  return {
    ...commitStore(pool, options),

    async beginCheck(importId) {
      const { rows } = await pool.query<{
        operation_id: string;
        reference_date: string;
        country: string;
        round: number;
        continues: string | null;
      }>(
        `update imports set status = 'checking', started_at = coalesce(started_at, now())
          where id = $1 and status in ('uploaded', 'checking')
          returning operation_id, reference_date::text, round, continues,
            (select o.country from operations o where o.id = imports.operation_id) as country`,
        [importId],
      );
      const row = rows[0];
      if (row === undefined) return undefined;
      return {
        operationId: row.operation_id,
        referenceDate: row.reference_date,
        country: row.country,
        round: row.round,
        given: await latestReading(pool, keyring, importId),
        corrected: await correctedFiles(pool, keyring, importId),
        continues:
          row.continues === null
            ? null
            : { importId: row.continues, given: await latestReading(pool, keyring, row.continues) },
      };
    },

    source: (importId) => Readable.from(chunks(pool, keyring, importId), { objectMode: false }),

    recall: (importId, headings) => recallHeadings(pool, keyring, importId, headings),

    async beginRows(importId, round, total) {
      const { rows } = await pool.query<{ done: number }>(
        `update imports set total = $3 where id = $1 and round = $2 and status = 'checking' returning done`,
        [importId, round, total],
      );
      return rows[0]?.done ?? total;
    },

    async writeRows(importId, round, checked) {
      if (checked.length === 0) return;
      const key = await importKey(pool, keyring, importId);
      await transaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `update imports set done = greatest(done, $3) where id = $1 and round = $2 and status = 'checking'`,
          [importId, round, checked.at(-1)?.row ?? 0],
        );
        if (rowCount === 0) throw new Error(`${importId} is being checked anew`);
        await client.query(
          `insert into import_rows (import_id, row, line, verdict, codes, child, protection, household, encrypted)
           select $1, row, line, verdict, codes::jsonb, child, protection::text[], household, encrypted
             from unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[])
               as r (row, line, verdict, codes, child, protection, household, encrypted)
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
            checked.map(({ row, meaning }) =>
              encryptFields(key.key, encryptedIn(importId, `row ${row}`, key.kekId), { meaning }),
            ),
          ],
        );
        await writeCells(client, key, importId, checked);
      });
    },

    async amendRows(importId, round, findings) {
      await transaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `select from imports where id = $1 and round = $2 and status = 'checking' for share`,
          [importId, round],
        );
        if (rowCount === 0) throw new Error(`${importId} is being checked anew`);
        await amend(client, importId, [...findings.keys()], findings);
      });
    },

    async countKnown(operationId, importId, personRefs) {
      const { rows } = await pool.query<{ known: number }>(
        `select count(distinct s.key)::int as known from person_search s
          where s.kind = 'person_ref' and s.key = any($1)
            and not exists (select from journeys j where j.person_id = s.person_id and j.import_id = $2)`,
        [personRefs.map((ref) => personRefKey(keyring, operationId, ref).key), importId],
      );
      return rows[0]?.known ?? 0;
    },

    async finishCheck(importId, round, summary) {
      const { found, dateOrders } = summary;
      await transaction(pool, async (client) => {
        const counts = await countRows(client, importId, summary);
        await client.query(
          `update imports set status = 'checked', finished_at = now(), encrypted_found = $3, counts = $4, total = $5, done = $5, failed = $6
            where id = $1 and round = $2 and status = 'checking'`,
          [
            importId,
            round,
            await encryptFound(client, keyring, importId, { found, dateOrders }),
            JSON.stringify(counts),
            counts.rows,
            counts.reject,
          ],
        );
        // without new statistics each page of the commit would read all rows
        if (counts.rows >= MANY_ROWS) await client.query('analyze import_rows (import_id, row, household)');
      });
    },

    async joinCorrected(importId, listId, rows) {
      const check = await joinCorrected(pool, keyring, { importId, listId, rows, checks });
      if (check !== undefined) await startNow([check.workflowId]);
    },

    async refuse(importId, refusal, keep) {
      await transaction(pool, async (client) => {
        if (keep === undefined) await refuseImport(client, importId, refusal);
        else await refuseForNow(client, keyring, importId, refusal, keep.found);
      });
    },
  };
}

/** The file as it arrived, decrypted chunk by chunk. */
async function* chunks(pool: Pool, keyring: Keyring, importId: string): AsyncGenerator<Buffer> {
  const { key, kekId } = await importKey(pool, keyring, importId);
  for (let number = 0; ; number++) {
    const { rows } = await pool.query<{ encrypted: Buffer }>(
      'select encrypted from import_chunks where import_id = $1 and number = $2',
      [importId, number],
    );
    const chunk = rows[0];
    if (chunk === undefined) return;
    yield openBytes(key, encryptedIn(importId, `chunk ${number}`, kekId), chunk.encrypted);
  }
}

/** Rows of registered people stay unchanged. */
async function amend(
  client: Queryable,
  importId: string,
  numbers: readonly number[],
  findings: ReadonlyMap<number, Finding[]>,
): Promise<void> {
  const { rows } = await client.query<{ row: number; codes: unknown; protection: ProtectionFlag[] }>(
    'select row, codes, protection from import_rows where import_id = $1 and row = any($2) and person_id is null for update',
    [importId, numbers],
  );
  const amended = rows.map(({ row, codes: stored, protection }) => {
    const codes = STORED_FINDINGS.read(stored);
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
}

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
