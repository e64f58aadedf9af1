import { legsOf, needsOfLeg, serves } from '../drill/policy.ts';
import type { Known } from './directory.ts';
import { goesOn, householdOf, isAdult, isSeated } from './household.ts';
import { refer } from './protectionLead.ts';
import { command, type Shift } from './shift.ts';
import type { Decided, Handler, Task } from './tasks.ts';

/** Consular officers: evidence, and what is done when a consulate says no, or does not know. */
export const CONSULAR_OFFICER: Record<string, Handler> = {
  evidence: async (shift, task) => {
    const known = shift.directory.find(task.person_id);
    const kinds = known?.answers?.consulate.asks_for ?? [];
    if (task.person_id === null || kinds.length === 0) return 'left';
    return (await command(shift, 'consular_officer', task.person_id, 'provide_evidence', { kinds })) ? 'done' : 'left';
  },
  nationality_decision: nationalityDecision,
};

/**
 * Another State is asked where there is one. After that a grown-up is referred elsewhere, and a child only when no
 * grown-up of the household goes on: as long as one does, the family stays together and the request stays open.
 */
async function nationalityDecision(shift: Shift, task: Task): Promise<Decided> {
  const known = shift.directory.find(task.person_id);
  if (!known || task.person_id === null || !nationalityIsNeeded(shift, known)) return 'left';
  const asked = await otherStateIsAsked(shift, task.person_id);
  const other = known.answers?.consulate.other_state;
  const partnerId = other && shift.partners.get(`consulates/${other.state}`);
  if (partnerId !== undefined && !asked) {
    // Another State is another consent: a case worker asks the person first.
    const consent = { form: 'explicit', sharing: true, own_state: true, consulates: [partnerId] };
    await command(shift, 'case_worker', task.person_id, 'give_consent', consent);
    return (await command(
      shift,
      'consular_officer',
      task.person_id,
      'request_other_state',
      { partner_id: partnerId },
      'other_state',
    ))
      ? 'done'
      : 'left';
  }
  const members = await householdOf(shift, task.person_id);
  const self = members.find((member) => member.person_id === task.person_id);
  if (!self || isSeated(members) || self.on_hold) return 'left';
  const others = members.filter((member) => member !== self && goesOn(member));
  const adultStays = others.some(isAdult);
  if (!isAdult(self)) return adultStays ? 'left' : (await refer(shift, self.person_id)) ? 'done' : 'left';
  if (!adultStays) {
    // the children first: between two steps nobody must find them alone and ready to travel
    for (const child of others) if (!child.on_hold) await refer(shift, child.person_id);
  }
  return (await refer(shift, self.person_id)) ? 'done' : 'left';
}

/** Where no leg of the way home asks for a nationality, a no changes nothing. */
function nationalityIsNeeded(shift: Shift, known: Known): boolean {
  const { movements } = shift.scenario;
  const head = shift.directory.headNationality(known);
  return legsOf(movements)
    .filter((leg) => movements.some((movement) => movement.stage === leg && serves(movement, head)))
    .some((leg) => needsOfLeg(leg, movements).nationality);
}

async function otherStateIsAsked(shift: Shift, personId: string): Promise<boolean> {
  const history = (await shift.clients.consular_officer.get(`/people/${personId}/history`)) as {
    phases: Array<{ entries: Array<{ event: string }> }>;
  };
  return history.phases.some((phase) => phase.entries.some((entry) => entry.event === 'nationality_decided'));
}
