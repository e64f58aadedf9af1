import type { CorrectedFile, CorrectingRow } from '../../../activities/imports.ts';
import type { CorrectionCounts } from '../../../domain/imports/importRecord.ts';
import { STORED_ROW_MEANING } from '../../../domain/imports/meaning.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { openFields } from '../../crypto/envelope.ts';
import type { Queryable } from '../database.ts';
import { encryptedIn, importKey } from './keys.ts';
import { latestReading } from './readings.ts';

/** Correction files of the list, in the order of arrival. */
export async function correctedFiles(db: Queryable, keyring: Keyring, importId: string): Promise<CorrectedFile[]> {
  const { rows } = await db.query<{ id: string; rows: number[]; targets: number[] }>(
    `select i.id, array_agg(m.row) as rows, array_agg(m.target) as targets
       from imports i join import_corrections m on m.import_id = i.id
      where i.continues = $1 and i.joined is not null group by i.id, i.joined order by i.joined, i.id`,
    [importId],
  );
  const files: CorrectedFile[] = [];
  for (const { id, rows: from, targets } of rows) {
    const given = await latestReading(db, keyring, id);
    files.push({ importId: id, given, targets: new Map(from.map((row, index) => [row, targets[index] ?? 0])) });
  }
  return files;
}

/**
 * Finds the row of the list that each corrected row replaces, by its row number, else by its person_ref.
 * Only a rejected row is replaced, so a repeated file changes nothing. A new person_ref adds a row.
 */
export async function matchCorrected(
  client: Queryable,
  keyring: Keyring,
  listId: string,
  correcting: readonly CorrectingRow[],
): Promise<{ targets: Array<{ row: number; target: number }>; counts: CorrectionCounts }> {
  const list = await rowsOfList(client, keyring, listId);
  const counts: CorrectionCounts = { rows: correcting.length, corrected: 0, added: 0, already: 0, unmatched: 0 };
  const targets: Array<{ row: number; target: number }> = [];
  const used = new Set<number>();
  let last = list.last;
  for (const { row, corrections, personRef } of correcting) {
    const numbered = corrections === null ? undefined : list.byRow.get(corrections.row);
    const known = numbered ?? (personRef === '' ? undefined : list.byRef.get(personRef));
    if (known === undefined && personRef === '') counts.unmatched++;
    else if (known !== undefined && !known.rejected) counts.already++;
    else if (known !== undefined && used.has(known.row)) counts.unmatched++;
    else {
      const target = known?.row ?? ++last;
      if (known === undefined) {
        counts.added++;
        list.byRef.set(personRef, { row: target, rejected: true });
      } else counts.corrected++;
      used.add(target);
      targets.push({ row, target });
    }
  }
  return { targets, counts };
}

type ListedRow = { row: number; rejected: boolean };

async function rowsOfList(
  client: Queryable,
  keyring: Keyring,
  listId: string,
): Promise<{ byRow: Map<number, ListedRow>; byRef: Map<string, ListedRow>; last: number }> {
  const { key, kekId } = await importKey(client, keyring, listId);
  const byRow = new Map<number, ListedRow>();
  const byRef = new Map<string, ListedRow>();
  const accepted = new Map<string, ListedRow>();
  let last = 0;
  for (;;) {
    const { rows } = await client.query<{ row: number; rejected: boolean; encrypted: Buffer }>(
      `select row, verdict = 'reject' and person_id is null as rejected, encrypted
         from import_rows where import_id = $1 and row > $2 order by row limit 1000`,
      [listId, last],
    );
    if (rows.length === 0) break;
    for (const { row, rejected, encrypted } of rows) {
      const listed = { row, rejected };
      byRow.set(row, listed);
      last = row;
      const { meaning } = STORED_ROW_MEANING.read(openFields(key, encryptedIn(listId, `row ${row}`, kekId), encrypted));
      if (meaning.personRef === '') continue;
      const refs = rejected ? byRef : accepted;
      if (!refs.has(meaning.personRef)) refs.set(meaning.personRef, listed);
    }
  }
  // a repeated row is rejected next to an accepted one: without its number it means the accepted one
  for (const [ref, listed] of accepted) byRef.set(ref, listed);
  return { byRow, byRef, last };
}
