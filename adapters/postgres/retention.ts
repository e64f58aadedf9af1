import { type RawBuilder, sql } from 'kysely';
import type { RetentionPorts } from '../../application/retention/removeOld.ts';
import { type Db, json } from './database.ts';

const before = (days: number): RawBuilder<Date> => sql<Date>`now() - make_interval(days => ${days})`;

export function retentionOn(db: Db): RetentionPorts {
  const run = (statement: RawBuilder<unknown>): Promise<number> =>
    db.transaction().execute(async (tx) => {
      // It looks through whole tables.
      await sql`set local statement_timeout = '10min'`.execute(tx);
      return Number((await statement.execute(tx)).numAffectedRows ?? 0);
    });
  return {
    answers: (days, most) =>
      run(sql`
        delete from idempotency_keys where ctid = any(array(
          select ctid from idempotency_keys where created_at < ${before(days)} limit ${most}))`),
    inbox: (days, most) =>
      run(sql`
        delete from inbox where ctid = any(array(
          select ctid from inbox where received_at < ${before(days)} and status <> 'received' limit ${most}))`),
    lists: (days, most, refusal) =>
      run(sql`
        with old as (
            select i.id, i.status from imports i join import_keys k on k.import_id = i.id
             where coalesce(i.finished_at, i.created_at) < ${before(days)}
               and i.status in ('uploading', 'uploaded', 'checked', 'done', 'refused')
               and not (i.status = 'done' and exists (
                 select from tasks t where t.subject = i.id and t.kind = 'correctRows' and t.status = 'open'))
             order by i.id limit ${most} for update of i skip locked),
          refused as (
            update imports set status = 'refused', refusal = ${json(refusal)}, finished_at = now()
             where id in (select id from old where status in ('uploading', 'uploaded', 'checked'))),
          chunks as (delete from import_chunks where import_id in (select id from old)),
          cells as (delete from import_cells where import_id in (select id from old)),
          rows as (delete from import_rows where import_id in (select id from old where status <> 'done') and person_id is null)
        delete from import_keys where import_id in (select id from old)`),
    // Nobody's last journey is longer over than they are known: this alone passes over almost everybody.
    people: (months, most) =>
      run(sql`
        with over as (
            select p.id from persons p
             where p.erased_at is null
               and p.created_at < now() - make_interval(months => ${months})
               and exists (select from journeys j where j.person_id = p.id)
               and not exists (select from journeys j where j.person_id = p.id
                 and (j.ending is null or j.updated_at >= now() - make_interval(months => ${months})))
             limit ${most} for update of p skip locked),
          keys as (delete from person_keys where person_id in (select id from over)),
          data as (delete from person_data where person_id in (select id from over))
        update persons set erased_at = now() where id in (select id from over)`),
  };
}
