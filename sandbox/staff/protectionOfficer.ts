import { command, type Shift } from './shift.ts';
import type { Decided, Handler, Task } from './tasks.ts';

/** Protection officers: what a screening found, and every open hold again and again. A hold stays until they know better. */
export const PROTECTION_OFFICER: Record<string, Handler> = {
  risk_decision: (shift, task) => given(shift, task, 'decide_risk', 'looked_at'),
  hold_triage: review,
  urgent_hold_triage: review,
  hold_review: review,
  child_hold_review: review,
};

function review(shift: Shift, task: Task): Promise<Decided> {
  return given(shift, task, 'review_holds', 'hold_stays');
}

async function given(shift: Shift, task: Task, name: string, reason: string): Promise<Decided> {
  if (task.person_id === null || !shift.directory.find(task.person_id)) return 'left';
  return (await command(shift, 'protection_officer', task.person_id, name, {}, reason)) ? 'done' : 'left';
}
