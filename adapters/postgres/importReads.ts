import type { Pool } from 'pg';
import type { CheckedRow, Refusal } from '../../activities/imports.ts';
import type { Finding, Verdict } from '../../domain/intake/codes.ts';
import { type Instant, SECOND } from '../../domain/time.ts';
import type { ImportCounts } from './imports.ts';

export type ImportStatus =
  | 'uploading'
  | 'uploaded'
  | 'checking'
  | 'checked'
  | 'committing'
  | 'starting'
  | 'done'
  | 'refused';

export type ImportProgress = {
  id: string;
  operationId: string;
  fileName: string | null;
  status: ImportStatus;
  refusal: Refusal | null;
  found: unknown;
  referenceDate: string;
  bytes: number;
  counts: ImportCounts | null;
  /** rows while it is checked, acceptable people once it is committed; unknown before the check has ended */
  total: number | null;
  done: number;
  /** rows that were rejected */
  failed: number;
  /** seconds of real time still to go, at the pace so far */
  eta: number | null;
  createdAt: Instant;
  finishedAt: Instant | null;
};

/** @param now real time. @returns undefined where there is no such import */
export async function readImport(pool: Pool, id: string, now: Instant): Promise<ImportProgress | undefined> {
  const { rows } = await pool.query<ImportRecord>(
    `select id, operation_id, file_name, status, refusal, found, reference_date::text, bytes, counts, total, done, failed,
            created_at, started_at, finished_at from imports where id = $1`,
    [id],
  );
  const row = rows[0];
  return (
    row && {
      id: row.id,
      operationId: row.operation_id,
      fileName: row.file_name,
      status: row.status,
      refusal: row.refusal,
      found: row.found,
      referenceDate: row.reference_date,
      bytes: row.bytes,
      counts: row.counts,
      total: row.total,
      done: row.done,
      failed: row.failed,
      eta: etaOf(row, now),
      createdAt: row.created_at.getTime(),
      finishedAt: row.finished_at?.getTime() ?? null,
    }
  );
}

type ImportRecord = {
  id: string;
  operation_id: string;
  file_name: string | null;
  status: ImportStatus;
  refusal: Refusal | null;
  found: unknown;
  reference_date: string;
  bytes: number;
  counts: ImportCounts | null;
  total: number | null;
  done: number;
  failed: number;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
};

function etaOf(row: Pick<ImportRecord, 'status' | 'total' | 'done' | 'started_at'>, now: Instant): number | null {
  if (row.status !== 'committing' || row.total === null || row.done === 0 || row.started_at === null) return null;
  const spent = Math.max(0, now - row.started_at.getTime());
  return Math.ceil((spent / row.done) * Math.max(0, row.total - row.done) * (1 / SECOND));
}

export type ImportRow = {
  row: number;
  line: number;
  verdict: Verdict;
  codes: Finding[];
  child: CheckedRow['child'];
  protection: string[];
  household: string | null;
  personId: string | null;
};

/** Rows of a list with what was found of them, in their order; what the cells hold stays sealed. */
export async function readImportRows(
  pool: Pool,
  importId: string,
  { verdict, after = 0, limit }: { verdict?: Verdict; after?: number; limit: number },
): Promise<ImportRow[]> {
  const { rows } = await pool.query<ImportRow>(
    `select row, line, verdict, codes, child, protection, household, person_id as "personId"
       from import_rows
      where import_id = $1 and row > $2 and ($3::text is null or verdict = $3) order by row limit $4`,
    [importId, after, verdict ?? null, limit],
  );
  return rows;
}
