import type { Pool } from 'pg';
import type { Role } from '../../domain/actor.ts';
import { STORED_FIELDS } from '../../domain/storedValue.ts';
import type { Instant } from '../../domain/time.ts';
import { epoch } from './database.ts';

export type Task = {
  id: string;
  operationId: string;
  subject: string;
  /** the person of a journey's task */
  personId: string | null;
  kind: string;
  role: Role;
  openedAt: Instant;
  due: Instant | null;
  status: 'open' | 'done' | 'void';
  data: Record<string, unknown>;
};

/** Roles in operations: `*` means every operation. */
export type RoleIn = { role: Role; operation: string };
export type TaskAfter = readonly [due: number, id: string];

const NEVER = 'infinity';

/** Open tasks, the earliest due first. */
export function createTasks(pool: Pool) {
  const SELECT = `select t.id, t.operation_id as "operationId", t.subject, j.person_id as "personId", t.kind, t.role,
      ${epoch('t.opened_at', 'openedAt')}, ${epoch('t.due', 'due')}, t.status, t.data
    from tasks t left join journeys j on j.id = t.subject`;
  const after = (due: string, id: string) =>
    `(${id}::text is null or (coalesce(t.due, '${NEVER}'), t.id) > (coalesce(to_timestamp(${due}::double precision / 1000), '${NEVER}'), ${id}))`;

  return {
    async ofOperation(
      operationId: string,
      filter: { role?: string; status: string },
      limit: number,
      from?: TaskAfter,
    ): Promise<Task[]> {
      const { rows } = await pool.query<TaskRow>(
        `${SELECT} where t.operation_id = $1 and t.status = $2 and ($3::text is null or t.role = $3) and ${after('$4', '$5')}
          order by coalesce(t.due, '${NEVER}'), t.id limit $6`,
        [operationId, filter.status, filter.role ?? null, dueOf(from), from?.[1] ?? null, limit + 1],
      );
      return rows.map(taskOf);
    },

    /** Open tasks of these roles, each in its operation. */
    async forRoles(roles: readonly RoleIn[], limit: number, from?: TaskAfter): Promise<Task[]> {
      const { rows } = await pool.query<TaskRow>(
        `${SELECT} where t.status = 'open' and exists (
            select from unnest($1::text[], $2::text[]) as mine(role, operation)
             where mine.role = t.role and mine.operation in ('*', t.operation_id))
           and ${after('$3', '$4')}
          order by coalesce(t.due, '${NEVER}'), t.id limit $5`,
        [
          roles.map(({ role }) => role),
          roles.map(({ operation }) => operation),
          dueOf(from),
          from?.[1] ?? null,
          limit + 1,
        ],
      );
      return rows.map(taskOf);
    },
  };
}

export type Tasks = ReturnType<typeof createTasks>;

type TaskRow = Omit<Task, 'data'> & { data: unknown };

const taskOf = (row: TaskRow): Task => ({ ...row, data: STORED_FIELDS.read(row.data) });

/** A cursor holds 0 if the last task had no due time. */
function dueOf(from: TaskAfter | undefined): number | null {
  return from === undefined || from[0] === 0 ? null : from[0];
}
