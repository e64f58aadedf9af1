import { sql } from 'kysely';
import type { TaskAfter, Tasks } from '../../application/tasks/tasks.ts';
import { STORED_FIELDS } from '../../domain/versioned.ts';
import { type Db, instant, moment } from './database.ts';

const NEVER = sql`'infinity'::timestamptz`;
const DUE = sql`coalesce(t.due, ${NEVER})`;

export function tasksOn(db: Db): Tasks {
  const tasks = db
    .selectFrom('tasks as t')
    .leftJoin('journeys as j', 'j.id', 't.subject')
    .select(['t.id', 't.operationId', 't.subject', 'j.personId', 't.kind', 't.role', 't.alsoFor', 't.status', 't.data'])
    .select((eb) => [instant(eb, 't.openedAt'), instant(eb, 't.due')]);

  const page = async (query: typeof tasks, limit: number, after?: TaskAfter) => {
    let rest = query;
    if (after) {
      const [due, id] = after;
      rest = query.where(sql<boolean>`(${DUE}, t.id) > (${due === 0 ? NEVER : moment(due)}, ${id})`);
    }
    const rows = await rest
      .orderBy(DUE)
      .orderBy('t.id')
      .limit(limit + 1)
      .execute();
    return rows.map((row) => ({ ...row, data: STORED_FIELDS.read(row.data) }));
  };

  return {
    ofOperation(operationId, { role, status }, limit, after) {
      const query = tasks.where('t.operationId', '=', operationId).where('t.status', '=', status);
      const theirs = sql<boolean>`(t.role = ${role ?? ''} or ${role ?? ''} = any (t.also_for))`;
      return page(role ? query.where(theirs) : query, limit, after);
    },

    forRoles(roles, limit, after) {
      const mine = sql`unnest(${roles.map(({ role }) => role)}::text[], ${roles.map(({ operation }) => operation)}::text[])`;
      const forThem = sql<boolean>`exists (
        select from ${mine} as mine (role, operation)
        where (mine.role = t.role or mine.role = any (t.also_for)) and mine.operation in ('*', t.operation_id))`;
      return page(tasks.where('t.status', '=', 'open').where(forThem), limit, after);
    },
  };
}
