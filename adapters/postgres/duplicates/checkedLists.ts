import { type RawBuilder, sql } from 'kysely';
import type { CheckedList, CompareListPorts, ListedPerson } from '../../../application/duplicates/compareList.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { type Db, json } from '../database.ts';
import type { ImportRow } from '../generated/kysely/tables.ts';
import { type ImportKey, importKey } from '../imports/keys.ts';
import { meaningOf } from '../imports/rows.ts';
import { knownPeopleOn } from './knownPeople.ts';

export function checkedListsOn(db: Db, keyring: Keyring): CompareListPorts {
  return {
    ...knownPeopleOn(db, keyring),

    async nextList() {
      const next = await db
        .selectFrom('imports as i')
        .innerJoin('importKeys as k', 'k.importId', 'i.id')
        .select(['i.id', 'i.operationId', 'i.round'])
        .where('i.status', '=', 'checked')
        .where('i.met', 'is', null)
        .orderBy('i.finishedAt')
        .orderBy('i.id')
        .limit(1)
        .executeTakeFirst();
      if (next === undefined) return undefined;
      return checkedList(db, next, await importKey(db, keyring, next.id));
    },
  };
}

function checkedList(
  db: Db,
  { id, operationId, round }: { id: string; operationId: string; round: number },
  key: ImportKey,
): CheckedList {
  /** Acceptable rows, decrypted. @param which their condition, order and limit */
  const rows = async (which: RawBuilder<unknown>): Promise<ListedPerson[]> => {
    const found = await sql<Pick<ImportRow, 'row' | 'household' | 'child' | 'encrypted'> & { size: number }>`
      select row, household, child, encrypted,
             (select count(*)::integer from import_rows m
               where m.import_id = r.import_id and m.household = r.household) as size
        from import_rows r
       where import_id = ${id} and verdict <> 'reject' and person_id is null and ${which}`.execute(db);
    return found.rows.map(({ row, household, child, encrypted, size }) => ({
      ...meaningOf(key, row, encrypted),
      row,
      household: { id: household ?? '', size },
      isChild: child === 'yes' || child === 'possibly',
    }));
  };
  return {
    operationId,
    after: (row, limit) => rows(sql`row > ${row} order by row limit ${limit}`),
    numbered: (numbers) => rows(sql`row = any(${[...numbers]}::integer[])`),
    ofHouseholds: (households) => rows(sql`household = any(${[...households]}::text[])`),
    async isStillRequested() {
      const current = db.selectFrom('imports').select('id').where('id', '=', id).where('round', '=', round);
      return (await current.where('status', '=', 'checked').executeTakeFirst()) !== undefined;
    },
    async store(candidates) {
      await db
        .updateTable('imports')
        .set({ met: json(candidates) })
        .where('id', '=', id)
        .where('round', '=', round)
        .execute();
    },
  };
}
