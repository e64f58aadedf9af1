import { CASE_WORKER } from './caseWorker.ts';
import { CONSULAR_OFFICER } from './consularOfficer.ts';
import { COORDINATOR } from './coordinator.ts';
import { HEALTH_OFFICER } from './healthOfficer.ts';
import { movementOfficer } from './movementOfficer.ts';
import { PROTECTION_OFFICER } from './protectionOfficer.ts';
import type { Shift } from './shift.ts';
import { DUTY_SUPERVISOR, PROTECTION_LEAD } from './supervisor.ts';
import { workTasks } from './tasks.ts';

/** A whole shift of stand-in staff, each role with its own tasks, until the shift is stopped. `drill` names what they plan. */
export async function workShift(shift: Shift, drill: string): Promise<void> {
  await Promise.all([
    workTasks(shift, 'case_worker', CASE_WORKER, 10),
    workTasks(shift, 'consular_officer', CONSULAR_OFFICER, 3),
    workTasks(shift, 'health_officer', HEALTH_OFFICER, 3),
    workTasks(shift, 'coordinator', COORDINATOR, 2),
    workTasks(shift, 'protection_officer', PROTECTION_OFFICER, 2),
    workTasks(shift, 'duty_supervisor', DUTY_SUPERVISOR, 3),
    workTasks(shift, 'protection_lead', PROTECTION_LEAD, 2),
    movementOfficer(shift, drill),
  ]);
}
