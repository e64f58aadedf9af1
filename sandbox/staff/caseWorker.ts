import { goesOn, householdOf, isAdult } from './household.ts';
import { referTogether } from './protectionLead.ts';
import { command, isLeft, type Shift } from './shift.ts';
import type { Decided, Handler, Task } from './tasks.ts';

/** Case workers: who somebody is, what they were told and agreed to, how they were received and how they live a year later. */
export const CASE_WORKER: Record<string, Handler> = {
  identity_decision: (shift, task) => simple(shift, task, 'confirm_identity', {}),
  screening: async (shift, task) => {
    const known = shift.directory.find(task.person_id);
    if (!known || task.person_id === null) return 'left';
    const risk = known.answers?.because?.some((reason) => !reason.startsWith('CONSENT_')) ? 'elevated' : 'none';
    return done(await command(shift, 'case_worker', task.person_id, 'complete_screening', { risk }));
  },
  consent_decision: consentDecision,
  consent_confirmation: (shift, task) => simple(shift, task, 'reconfirm_consent', {}),
  household_decision: householdDecision,
  reception: (shift, task) => simple(shift, task, 'receive', {}),
  reintegration_plan: (shift, task) =>
    simple(shift, task, 'plan_reintegration', { dimensions: ['economic', 'social'] }),
  follow_up_contact: async (shift, task) => {
    const month = Number(/\.followUp(\d+)\./.exec(task.id)?.[1]);
    if (!month || task.person_id === null || !shift.directory.find(task.person_id)) return 'left';
    return done(await command(shift, 'case_worker', task.person_id, 'record_follow_up', { month, reached: true }));
  },
};

async function simple(shift: Shift, task: Task, name: string, args: object): Promise<Decided> {
  if (task.person_id === null || !shift.directory.find(task.person_id)) return 'left';
  return done(await command(shift, 'case_worker', task.person_id, name, args));
}

/** Who said no in the list says no. Who had not decided agrees to travel, and to nothing being shared; or is left to the visitor. */
async function consentDecision(shift: Shift, task: Task): Promise<Decided> {
  const known = shift.directory.find(task.person_id);
  if (!known || task.person_id === null) return 'left';
  if (known.listed.consent === 'refused')
    return done(await command(shift, 'case_worker', task.person_id, 'refuse_consent', {}));
  if (known.listed.consent !== 'pending' || isLeft(shift, known.listed.householdRef)) return 'left';
  const form =
    known.listed.relationship === 'CHILD' || known.listed.relationship === 'GRANDCHILD' ? 'proxy' : 'explicit';
  return done(
    await command(shift, 'case_worker', task.person_id, 'give_consent', { form, sharing: false, own_state: false }),
  );
}

/** A family goes on without a member where a grown-up of it does; children alone are for protection. */
async function householdDecision(shift: Shift, task: Task): Promise<Decided> {
  const known = shift.directory.find(task.person_id);
  if (!known || task.person_id === null || isLeft(shift, known.listed.householdRef)) return 'left';
  const members = await householdOf(shift, task.person_id);
  if (members.some((member) => isAdult(member) && goesOn(member))) {
    return done(await command(shift, 'case_worker', task.person_id, 'confirm_household', {}, 'family_decided'));
  }
  return referTogether(shift, members);
}

function done(accepted: boolean): Decided {
  return accepted ? 'done' : 'left';
}
