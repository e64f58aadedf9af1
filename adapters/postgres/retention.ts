import { type RawBuilder, sql } from 'kysely';
import type { Removed, RetentionTimes } from '../../application/retention/removeExpired.ts';
import type { Refusal } from '../../domain/imports/importRecord.ts';
import type { Db } from './database.ts';
import { json } from './typedSql.ts';

/** Rows in one statement. */
const PORTION = 1_000;

const EXPIRED: Refusal = {
  code: 'list_not_kept',
  detail: 'Nobody committed this list, and lists are stored for a limited time only.',
  hint: 'Upload the file again.',
};

/**
 * Deletes a batch of all expired data. A list with rows to correct stays until somebody has handled them, because its
 * people are stored nowhere else. Of a person the key and the search keys are deleted, so the encrypted data is
 * unreadable; journeys, events and counts stay.
 * @returns deleted rows of each kind
 */
export const removeOld =
  (db: Db) =>
  async (keep: RetentionTimes): Promise<Removed> => {
    const run = (statement: RawBuilder<unknown>): Promise<number> =>
      db.transaction().execute(async (tx) => {
        // It looks through whole tables.
        await sql`set local statement_timeout = '10min'`.execute(tx);
        return Number((await statement.execute(tx)).numAffectedRows ?? 0);
      });
    return {
      answersDays: await run(sql`
        delete from idempotency_keys where ctid = any(array(
          select ctid from idempotency_keys
           where created_at < now() - make_interval(days => ${keep.answersDays}) limit ${PORTION}))`),
      inboxDays: await run(sql`
        delete from inbox where ctid = any(array(
          select ctid from inbox
           where received_at < now() - make_interval(days => ${keep.inboxDays}) and status <> 'received' limit ${PORTION}))`),
      listsDays: await run(sql`
        with old as (
          select i.id, i.status from imports i join import_keys k on k.import_id = i.id
           where coalesce(i.finished_at, i.created_at) < now() - make_interval(days => ${keep.listsDays})
             and i.status in ('uploading', 'uploaded', 'checked', 'done', 'refused')
             and not (i.status = 'done' and exists (
               select from tasks t where t.subject = i.id and t.kind = 'correctRows' and t.status = 'open'))
           order by i.id limit 10 for update of i skip locked),
        refused as (
          update imports set status = 'refused', refusal = ${json(EXPIRED)}, finished_at = now()
           where id in (select id from old where status in ('uploading', 'uploaded', 'checked'))),
        chunks as (delete from import_chunks where import_id in (select id from old)),
        cells as (delete from import_cells where import_id in (select id from old)),
        rows as (delete from import_rows where import_id in (select id from old where status <> 'done') and person_id is null)
        delete from import_keys where import_id in (select id from old)`),
      peopleMonths: await run(sql`
        with over as (
          select p.id from persons p
           where p.erased_at is null
             -- nobody's last journey is longer over than they are known: this alone passes over almost everybody
             and p.created_at < now() - make_interval(months => ${keep.peopleMonths})
             and exists (select from journeys j where j.person_id = p.id)
             and not exists (select from journeys j where j.person_id = p.id
               and (j.ending is null or j.updated_at >= now() - make_interval(months => ${keep.peopleMonths})))
           limit ${PORTION} for update of p skip locked),
        keys as (delete from person_keys where person_id in (select id from over)),
        data as (delete from person_data where person_id in (select id from over))
        update persons set erased_at = now() where id in (select id from over)`),
    };
  };
