import type { Role } from '../../domain/actor.ts';
import type { Instant } from '../../domain/time.ts';

export const TASK_STATUSES = ['open', 'done', 'void'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A decision that waits for a person. */
export type Task = {
  id: string;
  operationId: string;
  subject: string;
  /** the person of a journey's task */
  personId: string | null;
  kind: string;
  role: Role;
  /** whom it has escalated to: it is theirs too */
  alsoFor: Role[];
  openedAt: Instant;
  due: Instant | null;
  status: TaskStatus;
  data: Record<string, unknown>;
};

/** The last task of a page; `due` is 0 if it has none. */
export type TaskAfter = readonly [due: Instant, id: string];

/** The earliest due first, then those without a due time. Lists give one more than `limit`. */
export type Tasks = {
  ofOperation(
    operationId: string,
    filter: { role?: Role | undefined; status: TaskStatus },
    limit: number,
    after?: TaskAfter,
  ): Promise<Task[]>;
  /** Open tasks of these roles, each in its operation; `*` means every operation. */
  forRoles(roles: ReadonlyArray<{ role: Role; operation: string }>, limit: number, after?: TaskAfter): Promise<Task[]>;
};
