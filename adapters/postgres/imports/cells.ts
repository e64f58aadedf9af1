import type { Pool } from 'pg';
import type { CheckedRow } from '../../../activities/imports.ts';
import { STORED_CELLS } from '../../../domain/imports/meaning.ts';
import { encryptFields, type Keyring, openFields } from '../../crypto/envelope.ts';
import type { Queryable } from '../database.ts';
import { encryptedIn, type ImportKey, importKey } from './keys.ts';

/** Rows whose cells are encrypted together: few enough to decrypt for one page, many enough to write a list fast. */
const TOGETHER = 100;

/** The cells of rows as they arrived, in the order of the file. */
export async function writeCells(
  client: Queryable,
  { key, kekId }: ImportKey,
  importId: string,
  rows: readonly Pick<CheckedRow, 'row' | 'raw'>[],
): Promise<void> {
  const groups: Array<{ first: number; last: number; encrypted: Buffer }> = [];
  for (let from = 0; from < rows.length; from += TOGETHER) {
    const group = rows.slice(from, from + TOGETHER);
    const first = group[0]?.row ?? 0;
    groups.push({
      first,
      last: group.at(-1)?.row ?? 0,
      encrypted: encryptFields(
        key,
        encryptedIn(importId, `cells ${first}`, kekId),
        group.map(({ row, raw }) => [row, raw]),
      ),
    });
  }
  await client.query(
    `insert into import_cells (import_id, first_row, last_row, encrypted)
     select $1, first, last, encrypted from unnest($2::int[], $3::int[], $4::bytea[]) as c (first, last, encrypted)
     on conflict (import_id, first_row) do nothing`,
    [
      importId,
      groups.map(({ first }) => first),
      groups.map(({ last }) => last),
      groups.map(({ encrypted }) => encrypted),
    ],
  );
}

/** The cells of these rows (ascending), decrypted a group at a time; rows with deleted cells are left out. */
export async function* readCells(
  pool: Pool,
  keyring: Keyring,
  importId: string,
  wanted: readonly number[],
): AsyncGenerator<{ row: number; raw: string[] }> {
  const { key, kekId } = await importKey(pool, keyring, importId);
  let at = 0;
  while (at < wanted.length) {
    const { rows } = await pool.query<{ first_row: number; last_row: number; encrypted: Buffer }>(
      `select first_row, last_row, encrypted from import_cells
        where import_id = $1 and first_row <= $2 order by first_row desc limit 1`,
      [importId, wanted[at]],
    );
    const group = rows[0];
    const cells = new Map(
      group === undefined
        ? []
        : STORED_CELLS.read(openFields(key, encryptedIn(importId, `cells ${group.first_row}`, kekId), group.encrypted)),
    );
    do {
      const row = wanted[at++] ?? 0;
      const raw = cells.get(row);
      if (raw !== undefined) yield { row, raw };
    } while (at < wanted.length && (wanted[at] ?? 0) <= (group?.last_row ?? 0));
  }
}
