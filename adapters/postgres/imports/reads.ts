import type { Pool } from 'pg';
import type { CheckedRow, DateOrders } from '../../../activities/imports.ts';
import { CODES, explain, type Finding, STORED_FINDINGS, type Verdict } from '../../../domain/imports/codes.ts';
import {
  type CorrectionCounts,
  type DuplicateCandidates,
  type ImportCounts,
  type Refusal,
  STORED_CORRECTION_COUNTS,
  STORED_DUPLICATE_CANDIDATES,
  STORED_IMPORT_COUNTS,
  STORED_REFUSAL,
} from '../../../domain/imports/importRecord.ts';
import { type PersonMeaning, STORED_ROW_MEANING } from '../../../domain/imports/meaning.ts';
import type { ProtectionFlag } from '../../../domain/imports/protection.ts';
import { type Instant, SECOND } from '../../../domain/time.ts';
import { type Keyring, openFields } from '../../crypto/envelope.ts';
import { listTagOf, type RowToCorrect } from '../../files/correctionFile.ts';
import type { FoundList } from '../../files/openList.ts';
import { STORED_FOUND_LIST } from '../../files/storedList.ts';
import type { Queryable } from '../database.ts';
import { readCells } from './cells.ts';
import { encryptedIn, importKey } from './keys.ts';
import { type Reading, readReadings } from './readings.ts';

export type ImportStatus =
  | 'uploading'
  | 'uploaded'
  | 'checking'
  | 'checked'
  | 'committing'
  | 'starting'
  | 'done'
  | 'refused';

export type ImportSummary = {
  id: string;
  operationId: string;
  fileName: string | null;
  status: ImportStatus;
  refusal: Refusal | null;
  referenceDate: string;
  partnerId: string | null;
  continues: string | null;
  bytes: number;
  counts: ImportCounts | null;
  /** null until the checked rows have been compared */
  met: DuplicateCandidates | null;
  /** of a correction file */
  correcting: CorrectionCounts | null;
  /** rows while it is checked, acceptable people once it is committed; unknown before the file is read */
  total: number | null;
  done: number;
  /** rows that were rejected */
  failed: number;
  /** seconds of real time that remain, at the pace so far */
  eta: number | null;
  createdBy: string;
  createdAt: Instant;
  finishedAt: Instant | null;
};

export type ImportProgress = ImportSummary & {
  /** null until the file has been read, if nothing was detected, and once the raw list is removed */
  found: { found: FoundList; dateOrders: DateOrders } | null;
  /** who set which overrides */
  readings: Reading[];
};

type ImportRecord = {
  id: string;
  operation_id: string;
  file_name: string | null;
  status: ImportStatus;
  refusal: unknown;
  encrypted_found: Buffer | null;
  reference_date: string;
  partner_id: string | null;
  continues: string | null;
  bytes: number;
  counts: unknown;
  met: unknown;
  total: number | null;
  done: number;
  failed: number;
  created_by: string;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
};

const RECORD = `id, operation_id, file_name, status, refusal, encrypted_found, reference_date::text, partner_id, continues, bytes,
                counts, met, total, done, failed, created_by, created_at, started_at, finished_at`;

/** @param now real time. @returns undefined for an unknown import */
export async function readImport(
  pool: Pool,
  keyring: Keyring,
  id: string,
  now: Instant,
): Promise<ImportProgress | undefined> {
  const { rows } = await pool.query<ImportRecord>(`select ${RECORD} from imports where id = $1`, [id]);
  const row = rows[0];
  return (
    row && {
      ...summaryOf(row, now),
      found: await openFound(pool, keyring, id, row.encrypted_found),
      readings: await readReadings(pool, id),
    }
  );
}

/** The lists of an operation, the newest first. @param after the end of the page before */
export async function listImports(
  pool: Pool,
  operationId: string,
  limit: number,
  now: Instant,
  after?: { createdAt: Instant; id: string },
): Promise<ImportSummary[]> {
  const { rows } = await pool.query<ImportRecord>(
    `select ${RECORD} from imports
      where operation_id = $1 and ($2::timestamptz is null or (date_trunc('milliseconds', created_at), id) < ($2, $3))
      order by date_trunc('milliseconds', created_at) desc, id desc limit $4`,
    [operationId, after === undefined ? null : new Date(after.createdAt), after?.id ?? null, limit],
  );
  return rows.map((row) => summaryOf(row, now));
}

function summaryOf(row: ImportRecord, now: Instant): ImportSummary {
  return {
    id: row.id,
    operationId: row.operation_id,
    fileName: row.file_name,
    status: row.status,
    refusal: STORED_REFUSAL.read(row.refusal),
    referenceDate: row.reference_date,
    partnerId: row.partner_id,
    continues: row.continues,
    bytes: row.bytes,
    counts: row.continues === null ? STORED_IMPORT_COUNTS.read(row.counts) : null,
    correcting: row.continues === null ? null : STORED_CORRECTION_COUNTS.read(row.counts),
    met: STORED_DUPLICATE_CANDIDATES.read(row.met),
    total: row.total,
    done: row.done,
    failed: row.failed,
    eta: etaOf(row, now),
    createdBy: row.created_by,
    createdAt: row.created_at.getTime(),
    finishedAt: row.finished_at?.getTime() ?? null,
  };
}

async function openFound(
  db: Queryable,
  keyring: Keyring,
  importId: string,
  encrypted: Buffer | null,
): Promise<ImportProgress['found']> {
  if (encrypted === null || !(await isStored(db, importId))) return null;
  const { key, kekId } = await importKey(db, keyring, importId);
  return STORED_FOUND_LIST.read(openFields(key, encryptedIn(importId, 'found', kekId), encrypted));
}

/** Raw lists are removed after 30 days, and at once if they were refused for good. */
async function isStored(db: Queryable, importId: string): Promise<boolean> {
  const { rowCount } = await db.query('select from import_keys where import_id = $1', [importId]);
  return rowCount !== 0;
}

function etaOf(row: Pick<ImportRecord, 'status' | 'total' | 'done' | 'started_at'>, now: Instant): number | null {
  const runs = row.status === 'checking' || row.status === 'committing';
  if (!runs || row.total === null || row.done === 0 || row.started_at === null) return null;
  const spent = Math.max(0, now - row.started_at.getTime());
  return Math.ceil((spent / row.done) * Math.max(0, row.total - row.done) * (1 / SECOND));
}

export type ImportRow = {
  row: number;
  line: number;
  verdict: Verdict;
  codes: Finding[];
  child: CheckedRow['child'];
  protection: ProtectionFlag[];
  household: string | null;
  personId: string | null;
  /** the cells as they arrived, in the order of the file; null once the raw list is removed */
  raw: string[] | null;
  /** how they were read */
  meaning: PersonMeaning | null;
};

export type RowFilter = { verdict?: Verdict; code?: string; after?: number };

/** Rows of a list with their findings, in order, with cells and meaning. */
export async function readImportRows(
  pool: Pool,
  keyring: Keyring,
  importId: string,
  { verdict, code, after = 0, limit }: RowFilter & { limit: number },
): Promise<ImportRow[]> {
  const { rows } = await pool.query<
    Omit<ImportRow, 'raw' | 'meaning' | 'codes'> & { codes: unknown; encrypted: Buffer }
  >(
    `select row, line, verdict, codes, child, protection, household, person_id as "personId", encrypted
       from import_rows
      where import_id = $1 and row > $2 and ($3::text is null or verdict = $3)
        and ($4::jsonb is null or codes @> $4)
      order by row limit $5`,
    [importId, after, verdict ?? null, code === undefined ? null : JSON.stringify([{ code }]), limit],
  );
  if (rows.length === 0) return [];
  const key = (await isStored(pool, importId)) ? await importKey(pool, keyring, importId) : null;
  const cells = new Map<number, string[]>();
  if (key !== null) {
    const numbers = rows.map(({ row }) => row);
    for await (const { row, raw } of readCells(pool, keyring, importId, numbers)) cells.set(row, raw);
  }
  return rows.map(({ encrypted, ...row }) => ({
    ...row,
    codes: STORED_FINDINGS.read(row.codes),
    raw: cells.get(row.row) ?? null,
    meaning:
      key === null
        ? null
        : STORED_ROW_MEANING.read(openFields(key.key, encryptedIn(importId, `row ${row.row}`, key.kekId), encrypted))
            .meaning,
  }));
}

/**
 * Rows in one correction file, which is in memory as a whole. The next file has the others, after these are corrected.
 */
const MOST_TO_CORRECT = 20_000;

/**
 * The first rejected rows, for the correction file.
 * @returns undefined if the raw list is removed, or nothing was detected
 */
export async function readRowsToCorrect(
  pool: Pool,
  keyring: Keyring,
  importId: string,
): Promise<{ found: FoundList; listTag: string; rows: RowToCorrect[] } | undefined> {
  const { rows } = await pool.query<{ encrypted_found: Buffer | null }>(
    'select encrypted_found from imports where id = $1',
    [importId],
  );
  const found = await openFound(pool, keyring, importId, rows[0]?.encrypted_found ?? null);
  if (found === null) return undefined;
  const rejected = await pool.query<{ row: number; codes: unknown }>(
    `select row, codes from import_rows where import_id = $1 and verdict = 'reject' order by row limit $2`,
    [importId, MOST_TO_CORRECT],
  );
  const whyOf = new Map(rejected.rows.map(({ row, codes }) => [row, inWords(STORED_FINDINGS.read(codes))]));
  const toCorrect: RowToCorrect[] = [];
  for await (const { row, raw } of readCells(pool, keyring, importId, [...whyOf.keys()])) {
    toCorrect.push({ row, raw, why: whyOf.get(row) ?? '' });
  }
  return { found: found.found, listTag: listTagOf(importId), rows: toCorrect };
}

/** Rejecting findings first, then warnings. */
function inWords(codes: readonly Finding[]): string {
  return [...codes.filter(({ code }) => CODES[code].rejects), ...codes.filter(({ code }) => !CODES[code].rejects)]
    .map(explain)
    .join(' ');
}

/** The first rejected rows, to show at once what is wrong with the list. */
export async function firstFaults(
  pool: Pool,
  importId: string,
  limit: number,
): Promise<Array<Pick<ImportRow, 'row' | 'line' | 'codes'>>> {
  const { rows } = await pool.query<Pick<ImportRow, 'row' | 'line'> & { codes: unknown }>(
    `select row, line, codes from import_rows
      where import_id = $1 and verdict = 'reject' order by row limit $2`,
    [importId, limit],
  );
  return rows.map((row) => ({ ...row, codes: STORED_FINDINGS.read(row.codes) }));
}

/** The access log of an import: who read or downloaded which rows. */
export type Look = {
  id: string;
  importId: string;
  principal: string;
  kind: 'rows' | 'correction_file';
  filter: object;
  /** columns whose cells were disclosed */
  fields: readonly string[];
  rowCount: number;
};

/** Written before the rows are disclosed. */
export async function writeLook(db: Queryable, look: Look): Promise<void> {
  await db.query(
    `insert into access_log (id, import_id, principal, purpose, filter, fields, row_count, at)
     values ($1, $2, $3, $4, $5, $6, $7, now())`,
    [look.id, look.importId, look.principal, look.kind, JSON.stringify(look.filter), look.fields, look.rowCount],
  );
}
