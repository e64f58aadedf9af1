import type { Alarm, Alarms, RaisedAlarm } from '../../application/alarms/alarms.ts';
import { derivedId } from '../../application/ids.ts';
import { STORED_FIELDS } from '../../domain/versioned.ts';
import { anyOf, type Db, instant, json, moment } from './database.ts';
import type { Alarm as AlarmRow } from './generated/kysely/tables.ts';

/** Raises an alarm once: while an alarm of the same subject, kind and `occasion` is open, a repeat changes nothing. */
export async function raiseAlarm(db: Db, { detail, ...alarm }: Alarm, occasion: string): Promise<void> {
  await db
    .insertInto('alarms')
    .values({ id: derivedId('alarm', alarm.subject, alarm.kind, occasion), ...alarm, detail: json(detail) })
    .onConflict((oc) => oc.column('id').doNothing())
    .execute();
}

type Selected = Omit<AlarmRow, 'raisedAt' | 'settledAt'> & Pick<RaisedAlarm, 'raisedAt' | 'settledAt'>;

const raised = (row: Selected): RaisedAlarm => ({ ...row, detail: STORED_FIELDS.read(row.detail) });

export function alarmsOn(db: Db): Alarms {
  const alarms = db
    .selectFrom('alarms')
    .select(['id', 'operationId', 'subject', 'kind', 'detail', 'settledBy', 'reasonCode'])
    .select((eb) => [instant(eb, 'raisedAt'), instant(eb, 'settledAt')]);
  const one = async (id: string) => (await alarms.where('id', '=', id).execute()).map(raised)[0];

  return {
    async list(operations, { settled }, limit, after) {
      let query = alarms.where('settledAt', settled ? 'is not' : 'is', null);
      if (operations !== 'all') query = query.where('operationId', '=', anyOf(operations));
      if (after !== undefined) {
        const [raisedAt, id] = after;
        query = query.where((eb) => eb(eb.refTuple('raisedAt', 'id'), '>', eb.tuple(moment(raisedAt), id)));
      }
      const rows = await query
        .orderBy('raisedAt')
        .orderBy('id')
        .limit(limit + 1)
        .execute();
      return rows.map(raised);
    },

    async operationOf(id) {
      const row = await db.selectFrom('alarms').select('operationId').where('id', '=', id).executeTakeFirst();
      return row && (row.operationId ?? '*');
    },

    async settle(id, by, reasonCode) {
      await db
        .updateTable('alarms')
        .set((eb) => ({ settledAt: eb.fn('now'), settledBy: by, reasonCode }))
        .where('id', '=', id)
        .where('settledAt', 'is', null)
        .execute();
      return one(id);
    },

    open: () =>
      db
        .selectFrom('alarms')
        .select((eb) => ['kind', eb.cast<number>(eb.fn.countAll(), 'integer').as('count')])
        .where('settledAt', 'is', null)
        .groupBy('kind')
        .orderBy('kind')
        .execute(),
  };
}
