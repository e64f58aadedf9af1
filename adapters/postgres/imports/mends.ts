import type { MendedFile, MendingRow } from '../../../activities/imports.ts';
import type { PersonMeaning } from '../../../domain/intake/meaning.ts';
import type { Keyring } from '../../secrets/envelope.ts';
import { openFields } from '../../secrets/envelope.ts';
import type { Queryable } from '../database.ts';
import { importKey, sealedIn } from './keys.ts';
import { latestReading } from './readings.ts';

/** What became of the rows of a mended file. `unmatched`: without a number and without a person_ref, or named twice. */
export type MendCounts = { rows: number; mended: number; added: number; already: number; unmatched: number };

/** Files that mend the list, in the order in which they came. */
export async function mendedFiles(db: Queryable, keyring: Keyring, importId: string): Promise<MendedFile[]> {
  const { rows } = await db.query<{ id: string; rows: number[]; targets: number[] }>(
    `select i.id, array_agg(m.row) as rows, array_agg(m.target) as targets
       from imports i join import_mends m on m.import_id = i.id
      where i.continues = $1 and i.joined is not null group by i.id, i.joined order by i.joined, i.id`,
    [importId],
  );
  const files: MendedFile[] = [];
  for (const { id, rows: from, targets } of rows) {
    const said = await latestReading(db, keyring, id);
    files.push({ importId: id, said, targets: new Map(from.map((row, index) => [row, targets[index] ?? 0])) });
  }
  return files;
}

/**
 * Finds the row of the list that each mended row stands for: by the number that it still carries, else by its person_ref.
 * Only a row that was rejected is replaced, so that a file sent twice changes nothing; a person_ref that the list does
 * not have is a row more.
 */
export async function matchMended(
  client: Queryable,
  keyring: Keyring,
  listId: string,
  mending: readonly MendingRow[],
): Promise<{ targets: Array<{ row: number; target: number }>; counts: MendCounts }> {
  const list = await rowsOfList(client, keyring, listId);
  const counts: MendCounts = { rows: mending.length, mended: 0, added: 0, already: 0, unmatched: 0 };
  const targets: Array<{ row: number; target: number }> = [];
  const used = new Set<number>();
  let last = list.last;
  for (const { row, mends, personRef } of mending) {
    const numbered = mends === null ? undefined : list.byRow.get(mends.row);
    const known = numbered ?? (personRef === '' ? undefined : list.byRef.get(personRef));
    if (known === undefined && personRef === '') counts.unmatched++;
    else if (known !== undefined && !known.rejected) counts.already++;
    else if (known !== undefined && used.has(known.row)) counts.unmatched++;
    else {
      const target = known?.row ?? ++last;
      if (known === undefined) {
        counts.added++;
        list.byRef.set(personRef, { row: target, rejected: true });
      } else counts.mended++;
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
    const { rows } = await client.query<{ row: number; rejected: boolean; sealed: Buffer }>(
      `select row, verdict = 'reject' and person_id is null as rejected, sealed
         from import_rows where import_id = $1 and row > $2 order by row limit 1000`,
      [listId, last],
    );
    if (rows.length === 0) break;
    for (const { row, rejected, sealed } of rows) {
      const listed = { row, rejected };
      byRow.set(row, listed);
      last = row;
      const { meaning } = openFields(key, sealedIn(listId, `row ${row}`, kekId), sealed) as { meaning: PersonMeaning };
      if (meaning.personRef === '') continue;
      const refs = rejected ? byRef : accepted;
      if (!refs.has(meaning.personRef)) refs.set(meaning.personRef, listed);
    }
  }
  // a row that was pasted twice is rejected beside an accepted one: without its number it is the one that is in already
  for (const [ref, listed] of accepted) byRef.set(ref, listed);
  return { byRow, byRef, last };
}
