import type { Role } from '../../domain/actor.ts';
import { atOnce, rounds, type Shift } from './shift.ts';

/** A decision that waits for a person of a role. */
export type Task = {
  id: string;
  subject: string;
  person_id: string | null;
  kind: string;
  role: string;
  opened_at: string;
  due: string | null;
};

/** `done`: decided, or it settles itself. `left`: not now; looked at again later. */
export type Decided = 'done' | 'left';
export type Handler = (shift: Shift, task: Task) => Promise<Decided>;

/** A task that was left is looked at again after this long. */
const AGAIN_AFTER_MS = 3_000;
const TASKS_A_ROUND = 200;

/**
 * Stand-ins of one role read the open tasks every 0.7 seconds and decide those with a handler, a few at once. A task
 * without a decision stays open, for them or for the visitor.
 */
export async function workTasks(
  shift: Shift,
  role: Role,
  handlers: Record<string, Handler>,
  atATime = 6,
): Promise<void> {
  const looked = new Map<string, number>();
  await rounds(shift, 700, async () => {
    const tasks = (await shift.clients[role].all(
      `/operations/${shift.operationId}/tasks?role=${role}&status=open`,
      TASKS_A_ROUND,
    )) as Task[];
    const now = Date.now();
    const mine = tasks.filter((task) => handlers[task.kind] && now - (looked.get(task.id) ?? 0) >= AGAIN_AFTER_MS);
    await atOnce(mine, atATime, async (task) => {
      if (shift.stop.aborted) return;
      const handler = handlers[task.kind];
      if (!handler) return;
      try {
        looked.set(task.id, Date.now());
        await handler(shift, task);
      } catch (error) {
        if (!shift.stop.aborted) shift.log(`${role}, ${task.kind}: ${String(error)}`);
      }
    });
    const open = new Set(tasks.map((task) => task.id));
    for (const id of looked.keys()) if (!open.has(id)) looked.delete(id);
  });
}
