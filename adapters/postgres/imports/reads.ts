import { sql } from 'kysely';
import type { ImportProgress, ImportReads, ImportSummary, RowToCorrect } from '../../../application/imports/record.ts';
import { STORED_FINDINGS } from '../../../domain/imports/codes.ts';
import { STORED_DATE_ORDER, STORED_FOUND_LIST } from '../../../domain/imports/file.ts';
import {
  STORED_CORRECTION_COUNTS,
  STORED_DUPLICATE_CANDIDATES,
  STORED_IMPORT_COUNTS,
  STORED_REFUSAL,
} from '../../../domain/imports/importRecord.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { type Db, json } from '../database.ts';
import type { Import } from '../generated/kysely/tables.ts';
import { type ImportKey, meaningOf, readCells, storedKey } from './rows.ts';

/** What people read of imports. */
export function importReadsOn(db: Db, keyring: Keyring): ImportReads {
  const imports = db
    .selectFrom('imports')
    .select(['id', 'operationId', 'fileName', 'status', 'refusal', 'partnerId', 'continues', 'bytes', 'counts', 'met'])
    .select(['total', 'done', 'failed', 'createdBy', 'createdAt', 'startedAt', 'finishedAt'])
    .select(sql<string>`reference_date::text`.as('referenceDate'))
    .select(
      sql<boolean>`status in ('committing', 'starting', 'done')
        or exists (select from import_rows r where r.import_id = imports.id and r.person_id is not null)`.as(
        'committed',
      ),
    );
  const rejected = (importId: string, limit: number) =>
    db
      .selectFrom('importRows')
      .select(['row', 'line', 'codes'])
      .where('importId', '=', importId)
      .where('verdict', '=', 'reject')
      .orderBy('row')
      .limit(limit)
      .execute();

  return {
    async read(importId) {
      const row = await imports.select('encryptedFound').where('id', '=', importId).executeTakeFirst();
      if (row === undefined) return undefined;
      const { encryptedFound, ...record } = row;
      const key = encryptedFound === null ? undefined : await storedKey(db, keyring, importId);
      return { ...summaryOf(record), found: foundOf(key, encryptedFound), readings: await readingsOf(db, importId) };
    },

    async list(operationId, limit, after) {
      const created = sql<Date>`date_trunc('milliseconds', created_at)`;
      let query = imports.where('operationId', '=', operationId);
      if (after !== undefined) {
        query = query.where((eb) => eb(eb.refTuple(created, 'id'), '<', eb.tuple(new Date(after.createdAt), after.id)));
      }
      const rows = await query.orderBy(created, 'desc').orderBy('id', 'desc').limit(limit).execute();
      return rows.map(summaryOf);
    },

    async rows(importId, { verdict, code, columns, after = 0 }, limit) {
      let query = db
        .selectFrom('importRows')
        .select(['row', 'line', 'verdict', 'codes', 'child', 'protection', 'household', 'personId', 'encrypted'])
        .where('importId', '=', importId)
        .where('row', '>', after);
      if (verdict !== undefined) query = query.where('verdict', '=', verdict);
      if (code !== undefined) query = query.where(anyFinding(code, columns));
      const rows = await query.orderBy('row').limit(limit).execute();
      const key = await storedKey(db, keyring, importId);
      const numbers = rows.map(({ row }) => row);
      const cells = key === undefined ? undefined : await readCells(db, key, importId, numbers);
      return rows.map(({ encrypted, ...row }) => ({
        ...row,
        codes: STORED_FINDINGS.read(row.codes),
        raw: cells?.get(row.row) ?? null,
        meaning: key === undefined ? null : meaningOf(key, row.row, encrypted),
      }));
    },

    async firstFaults(importId, limit) {
      const rows = await rejected(importId, limit);
      return rows.map((row) => ({ ...row, codes: STORED_FINDINGS.read(row.codes) }));
    },

    async toCorrect(importId, limit) {
      const row = await db.selectFrom('imports').select('encryptedFound').where('id', '=', importId).executeTakeFirst();
      const key = await storedKey(db, keyring, importId);
      const found = foundOf(key, row?.encryptedFound ?? null)?.found;
      if (key === undefined || found === undefined) return undefined;
      const faults = await rejected(importId, limit);
      const cells = await readCells(
        db,
        key,
        importId,
        faults.map((fault) => fault.row),
      );
      const rows = faults.flatMap(({ row: number, codes }): RowToCorrect[] => {
        const raw = cells.get(number);
        return raw === undefined ? [] : [{ row: number, raw, codes: STORED_FINDINGS.read(codes) }];
      });
      return { found, rows };
    },

    async log({ kind, filter, ...access }) {
      await db
        .insertInto('accessLog')
        .values({ ...access, fields: [...access.fields], purpose: kind, filter: json(filter), at: sql<Date>`now()` })
        .execute();
    },
  };
}

/** Rows with this finding in one of these columns. */
const anyFinding = (code: string, columns: readonly string[]) =>
  sql<boolean>`codes @> any (${columns.map((column) => JSON.stringify([{ code, column }]))}::jsonb[])`;

function summaryOf(
  row: Omit<Import, 'encryptedFound' | 'round' | 'joined' | 'cursor' | 'referenceDate'> & {
    referenceDate: string;
    committed: boolean;
  },
): ImportSummary {
  return {
    ...row,
    refusal: STORED_REFUSAL.read(row.refusal),
    counts: row.continues === null ? STORED_IMPORT_COUNTS.read(row.counts) : null,
    correcting: row.continues === null ? null : STORED_CORRECTION_COUNTS.read(row.counts),
    met: STORED_DUPLICATE_CANDIDATES.read(row.met),
    createdAt: row.createdAt.getTime(),
    startedAt: row.startedAt?.getTime() ?? null,
    finishedAt: row.finishedAt?.getTime() ?? null,
  };
}

const foundOf = (key: ImportKey | undefined, encrypted: Buffer | null): ImportProgress['found'] =>
  key === undefined || encrypted === null ? null : STORED_FOUND_LIST.read(key.open('found', encrypted));

async function readingsOf(db: Db, importId: string): Promise<ImportProgress['readings']> {
  const rows = await db
    .selectFrom('importReadings')
    .select(['round', 'overriddenBy', 'overriddenAt', 'dateOrder'])
    .where('importId', '=', importId)
    .orderBy('round')
    .execute();
  return rows.map((row) => ({
    ...row,
    overriddenAt: row.overriddenAt.getTime(),
    dateOrder: STORED_DATE_ORDER.read(row.dateOrder),
  }));
}
