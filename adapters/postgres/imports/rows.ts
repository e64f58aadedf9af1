import { sql } from 'kysely';
import type { CheckStore, ListRow } from '../../../application/imports/check.ts';
import type { ListedRow } from '../../../application/imports/record.ts';
import { STORED_FINDINGS } from '../../../domain/imports/codes.ts';
import type { JudgedRow } from '../../../domain/imports/judgeRow.ts';
import { STORED_CELLS, STORED_ROW_MEANING } from '../../../domain/imports/person.ts';
import {
  encryptBytes,
  encryptFields,
  type Keyring,
  newDataKey,
  openBytes,
  openFields,
  unwrapKey,
  wrapKey,
} from '../../crypto/envelope.ts';
import { type Db, recordset } from '../database.ts';

/** An import's own key, unwrapped. Without its row, the file and the rows of the list are unreadable. */
export type ImportKey = {
  /** `fieldSet` names what is encrypted, and is needed to open it */
  encrypt(fieldSet: string, value: object): Buffer;
  open(fieldSet: string, encrypted: Buffer): unknown;
  encryptBytes(fieldSet: string, bytes: Uint8Array): Buffer;
  openBytes(fieldSet: string, encrypted: Buffer): Buffer;
};

export async function makeImportKey(db: Db, keyring: Keyring, importId: string): Promise<void> {
  const { kekId, wrapped: wrappedKey } = wrapKey(keyring, importId, newDataKey());
  await db
    .insertInto('importKeys')
    .values({ importId, kekId, wrappedKey })
    .onConflict((oc) => oc.column('importId').doNothing())
    .execute();
}

/** undefined once the raw list is removed: after 30 days, and at once if it is refused for good */
export async function storedKey(db: Db, keyring: Keyring, importId: string): Promise<ImportKey | undefined> {
  const row = await db
    .selectFrom('importKeys')
    .select(['kekId', 'wrappedKey as wrapped'])
    .where('importId', '=', importId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const key = unwrapKey(keyring, importId, row);
  // the encrypted bytes are bound to it
  const within = (fieldSet: string) => ({ subject: importId, fieldSet, keyId: row.kekId });
  return {
    encrypt: (fieldSet, value) => encryptFields(key, within(fieldSet), value),
    open: (fieldSet, encrypted) => openFields(key, within(fieldSet), encrypted),
    encryptBytes: (fieldSet, bytes) => encryptBytes(key, within(fieldSet), bytes),
    openBytes: (fieldSet, encrypted) => openBytes(key, within(fieldSet), encrypted),
  };
}

/** @throws Error if the raw list is removed */
export async function importKey(db: Db, keyring: Keyring, importId: string): Promise<ImportKey> {
  const key = await storedKey(db, keyring, importId);
  if (key === undefined) throw new Error(`The raw list of ${importId} has been removed`);
  return key;
}

/** Rows whose cells are encrypted together: few enough to decrypt for one page, many enough to write a list fast. */
const TOGETHER = 100;

type CheckedRows = Parameters<CheckStore['writeRows']>[2];

/** Rows of a check with their cells, in one transaction of the caller. Rows that are there already stay. */
export async function writeRows(db: Db, key: ImportKey, importId: string, rows: CheckedRows): Promise<void> {
  const codes = rows.map((row) => JSON.stringify(row.codes));
  const protection = rows.map((row) => `{${row.protection.join(',')}}`);
  const encrypted = rows.map(({ row, meaning }) => key.encrypt(`row ${row}`, { meaning }));
  await sql`
    insert into import_rows (import_id, row, line, verdict, codes, child, protection, household, encrypted)
    select ${importId}, row, line, verdict, codes::jsonb, child, protection::text[], household, encrypted
      from unnest(${rows.map(({ row }) => row)}::int[], ${rows.map(({ line }) => line)}::int[],
                  ${rows.map(({ verdict }) => verdict)}::text[], ${codes}::text[],
                  ${rows.map(({ child }) => child)}::text[], ${protection}::text[],
                  ${rows.map(({ meaning }) => meaning.householdRef || null)}::text[], ${encrypted}::bytea[])
        as r (row, line, verdict, codes, child, protection, household, encrypted)
    on conflict (import_id, row) do nothing`.execute(db);
  await writeCells(db, key, importId, rows);
}

/** The cells of rows as they arrived, in the order of the file. */
async function writeCells(
  db: Db,
  key: ImportKey,
  importId: string,
  rows: ReadonlyArray<Pick<JudgedRow, 'row'> & Pick<ListRow, 'raw'>>,
): Promise<void> {
  const groups: Array<{ importId: string; firstRow: number; lastRow: number; encrypted: Buffer }> = [];
  for (let from = 0; from < rows.length; from += TOGETHER) {
    const group = rows.slice(from, from + TOGETHER).map(({ row, raw }) => [row, raw] as const);
    const [firstRow, lastRow] = [group[0]?.[0] ?? 0, group.at(-1)?.[0] ?? 0];
    groups.push({ importId, firstRow, lastRow, encrypted: key.encrypt(`cells ${firstRow}`, group) });
  }
  await sql`
    insert into import_cells (import_id, first_row, last_row, encrypted)
    select ${importId}, first, last, encrypted
      from unnest(${groups.map(({ firstRow }) => firstRow)}::int[], ${groups.map(({ lastRow }) => lastRow)}::int[],
                  ${groups.map(({ encrypted }) => encrypted)}::bytea[]) as c (first, last, encrypted)
    on conflict (import_id, first_row) do nothing`.execute(db);
}

/** The cells of these rows (ascending), decrypted a group at a time; rows with deleted cells are left out. */
export async function readCells(
  db: Db,
  key: ImportKey,
  importId: string,
  wanted: readonly number[],
): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>();
  let at = 0;
  while (at < wanted.length) {
    const group = await db
      .selectFrom('importCells')
      .select(['firstRow', 'lastRow', 'encrypted'])
      .where('importId', '=', importId)
      .where('firstRow', '<=', wanted[at] ?? 0)
      .orderBy('firstRow', 'desc')
      .limit(1)
      .executeTakeFirst();
    const cells = new Map(
      group === undefined ? [] : STORED_CELLS.read(key.open(`cells ${group.firstRow}`, group.encrypted)),
    );
    do {
      const row = wanted[at++] ?? 0;
      const raw = cells.get(row);
      if (raw !== undefined) found.set(row, raw);
    } while (at < wanted.length && (wanted[at] ?? 0) <= (group?.lastRow ?? 0));
  }
  return found;
}

export const meaningOf = (key: ImportKey, row: number, encrypted: Buffer): JudgedRow['meaning'] =>
  STORED_ROW_MEANING.read(key.open(`row ${row}`, encrypted)).meaning;

/** Rows of registered people stay unchanged. */
export async function amendRows(
  db: Db,
  importId: string,
  numbers: readonly number[],
  amend: Parameters<CheckStore['amendRows']>[3],
): Promise<void> {
  const rows = await db
    .selectFrom('importRows')
    .select(['row', 'verdict', 'codes', 'protection'])
    .where('importId', '=', importId)
    .where('row', '=', sql<number>`any(${numbers}::int[])`)
    .where('personId', 'is', null)
    .forUpdate()
    .execute();
  const amended = rows.map((row) => amend({ ...row, codes: STORED_FINDINGS.read(row.codes) }));
  await sql`
    update import_rows r set verdict = a.verdict, codes = a.codes, protection = a.protection
      from ${recordset(amended, { row: 'int', verdict: 'text', codes: 'jsonb', protection: 'text[]' }, 'a')}
     where r.import_id = ${importId} and r.row = a.row`.execute(db);
}

/** The rows of a list in order, a page at a time. */
export async function* listedRows(db: Db, keyring: Keyring, importId: string): AsyncGenerator<ListedRow> {
  const key = await importKey(db, keyring, importId);
  for (let last = 0; ; ) {
    const rows = await db
      .selectFrom('importRows')
      .select(['row', 'verdict', 'personId', 'encrypted'])
      .where('importId', '=', importId)
      .where('row', '>', last)
      .orderBy('row')
      .limit(1_000)
      .execute();
    if (rows.length === 0) return;
    for (const { row, verdict, personId, encrypted } of rows) {
      last = row;
      const { personRef } = meaningOf(key, row, encrypted);
      yield { row, rejected: verdict === 'reject' && personId === null, personRef };
    }
  }
}
