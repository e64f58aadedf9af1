import { sql } from 'kysely';
import type { PreparedCommands, SettlePorts } from '../../application/preparedCommands.ts';
import { STORED_ACTOR } from '../../domain/actor.ts';
import type { Made } from '../../domain/commands.ts';
import { STORED_FIELDS } from '../../domain/versioned.ts';
import { raiseAlarm } from './alarms.ts';
import { type Db, json } from './database.ts';
import { holdsOn } from './journeys/holds.ts';
import { nowOn } from './journeys/now.ts';
import { householdsOn, peopleOn } from './people/people.ts';

export const preparedCommandsOn = (db: Db): PreparedCommands => ({
  async write({ commandId, workflowId, subject, name, args, made, madeId, actor, reasonCode, noteId }) {
    const { id: by, role } = actor;
    await db
      .insertInto('preparedCommands')
      .values({ commandId, workflowId, subject, name, args: json(args), made, madeId, actor: by, role })
      .onConflict((conflict) =>
        conflict
          .column('commandId')
          .doUpdateSet((eb) => ({ role, outcome: null, settledAt: null, preparedAt: eb.fn('now') }))
          .where('preparedCommands.outcome', 'is distinct from', 'recorded'),
      )
      .execute();
    if (reasonCode === undefined && noteId === undefined) return;
    const reason = { reasonCode: reasonCode ?? null, noteId: noteId ?? null };
    await db.updateTable('preparedCommands').set(reason).where('commandId', '=', commandId).execute();
  },

  async settle(commandId, outcome) {
    await db
      .updateTable('preparedCommands')
      .set((eb) => ({ outcome, settledAt: eb.fn('now') }))
      .where('commandId', '=', commandId)
      .execute();
  },
});

type Rows = Omit<SettlePorts, 'send' | 'why' | 'clock'>;

/** How long a command that was tried in vain is left to others. */
const AGAIN_AFTER_SECONDS = 30;

export function unsettledOn(db: Db): Rows {
  const drops: Record<Made, (id: string) => Promise<void>> = {
    hold: holdsOn(db).voidRaised,
    document: peopleOn(db).dropDocument,
    household: householdsOn(db).dropEmpty,
    suspension: async () => undefined,
  };
  const tables: Record<Exclude<Made, 'hold'>, 'documents' | 'households' | 'suspensions'> = {
    document: 'documents',
    household: 'households',
    suspension: 'suspensions',
  };
  return {
    settle: preparedCommandsOn(db).settle,

    async takeUnsettled(olderThan, limit) {
      const { rows } = await sql<{
        commandId: string;
        workflowId: string;
        subject: string;
        name: string;
        args: unknown;
        made: Made;
        madeId: string;
        actor: string;
        role: string;
        reasonCode: string | null;
        noteId: string | null;
        operationId: string | null;
        age: number;
      }>`
        update prepared_commands p set tried_at = now()
          from (select o.command_id, j.operation_id, o.tried_at
                  from prepared_commands o left join journeys j on j.id = o.subject
                 where o.settled_at is null and o.prepared_at <= now() - ${olderThan / 1_000}::float8 * interval '1 second'
                   and (o.tried_at is null or o.tried_at <= now() - ${AGAIN_AFTER_SECONDS} * interval '1 second')
                 order by o.tried_at nulls first, o.prepared_at, o.command_id limit ${limit}) open
         where p.command_id = open.command_id and p.settled_at is null
        returning p.command_id, p.workflow_id, p.subject, p.name, p.args, p.made, p.made_id, p.actor, p.role, p.reason_code,
          p.note_id, open.operation_id, (extract(epoch from now() - p.prepared_at) * 1000)::float8 as age`.execute(db);
      return rows.map(({ actor: id, role, args, reasonCode, noteId, ...row }) => {
        const actor = STORED_ACTOR.read({ kind: 'staff', id, role });
        if (actor.kind !== 'staff') throw new Error('Only staff give commands');
        return {
          ...row,
          actor,
          args: STORED_FIELDS.read(args),
          ...(reasonCode === null ? {} : { reasonCode }),
          ...(noteId === null ? {} : { noteId }),
        };
      });
    },

    isRecorded: nowOn(db).commandIsRecorded,

    async find(made, id) {
      if (made === 'hold') {
        const hold = await holdsOn(db).read(id);
        return hold === undefined ? 'missing' : hold.status === 'void' ? 'void' : 'stands';
      }
      const row = await db.selectFrom(tables[made]).select('id').where('id', '=', id).executeTakeFirst();
      return row === undefined ? 'missing' : 'stands';
    },

    async hasEnded(subject) {
      const row = await db.selectFrom('journeys').select('ending').where('id', '=', subject).executeTakeFirst();
      return row !== undefined && row.ending !== null;
    },

    drop: (made, id) => drops[made](id),
    raiseAlarm: (alarm, occasion) => raiseAlarm(db, alarm, occasion),
  };
}
