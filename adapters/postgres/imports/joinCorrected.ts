import type { Pool } from 'pg';
import type { CorrectingRow } from '../../../activities/imports.ts';
import type { Refusal } from '../../../domain/imports/importRecord.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { listTagOf } from '../../files/correctionFile.ts';
import { transaction } from '../database.ts';
import { matchCorrected } from './corrections.ts';
import { refuseImport } from './refusals.ts';
import { checkAgain, type Start, type StartOf } from './starts.ts';

/** Journeys that are still to start do not prevent it: they start by themselves. */
const FREE = ['checked', 'starting', 'done'];

const OTHER_LIST: Refusal = {
  code: 'other_list',
  detail: 'Rows of this file were taken from another list, so they would replace other people’s rows.',
  hint: 'Send it as the continuation of the list that it was made from.',
};
const NOTHING_TO_CORRECT: Refusal = {
  code: 'nothing_to_correct',
  detail: 'The list that this file continues was refused, so nothing of it can be corrected.',
  hint: 'Send the whole list again.',
};

/**
 * Joins a correction file to its list, once, and orders a new check of that list.
 * @returns the run that checks it, if there is anything to check
 * @throws Error while that list is being checked or committed: the attempt is retried
 */
export async function joinCorrected(
  pool: Pool,
  keyring: Keyring,
  correcting: { importId: string; listId: string; rows: readonly CorrectingRow[]; checks: StartOf },
): Promise<Start | undefined> {
  const { importId, listId, rows, checks } = correcting;
  return transaction(pool, async (client) => {
    // ascending, like every lock on both
    const locked = await client.query<{ id: string; status: string }>(
      'select id, status from imports where id = any($1) order by id for update',
      [[importId, listId]],
    );
    const statusOf = (id: string): string | undefined => locked.rows.find((row) => row.id === id)?.status;
    if (statusOf(importId) !== 'checking') return undefined;
    const listed = statusOf(listId) ?? 'refused';
    if (rows.some(({ corrections }) => corrections !== null && corrections.listTag !== listTagOf(listId))) {
      await refuseImport(client, importId, OTHER_LIST);
      return undefined;
    }
    if (listed === 'refused' || listed === 'uploading') {
      await refuseImport(client, importId, NOTHING_TO_CORRECT);
      return undefined;
    }
    if (!FREE.includes(listed)) throw new Error(`${listId} is busy (${listed})`);
    const { targets, counts } = await matchCorrected(client, keyring, listId, rows);
    await client.query(
      `insert into import_corrections (import_id, row, target)
           select $1, row, target from unnest($2::int[], $3::int[]) as m (row, target)`,
      [importId, targets.map(({ row }) => row), targets.map(({ target }) => target)],
    );
    await client.query(
      `update imports set status = 'done', joined = clock_timestamp(), finished_at = now(), counts = $2, total = $3, done = $3 where id = $1`,
      [importId, JSON.stringify(counts), rows.length],
    );
    return targets.length > 0 ? checkAgain(client, listId, checks) : undefined;
  });
}
