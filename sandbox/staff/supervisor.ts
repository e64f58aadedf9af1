import { command, type Shift } from './shift.ts';
import type { Decided, Handler, Task } from './tasks.ts';

type Proposal = { proposed_ending: { ending: string } | null };

/** Second persons: each ending that somebody else has proposed is looked at, and confirmed. */
const confirmAs =
  (role: 'duty_supervisor' | 'protection_lead'): Handler =>
  async (shift: Shift, { person_id: personId }: Task): Promise<Decided> => {
    if (personId === null || !shift.directory.find(personId)) return 'left';
    const { proposed_ending: proposed } = (await shift.clients[role].get(`/people/${personId}/now`)) as Proposal;
    if (proposed === null) return 'left';
    const args = { ending: proposed.ending };
    return (await command(shift, role, personId, 'confirm_ending', args)) ? 'done' : 'left';
  };

export const DUTY_SUPERVISOR: Record<string, Handler> = { ending_decision: confirmAs('duty_supervisor') };
export const PROTECTION_LEAD: Record<string, Handler> = { ending_decision: confirmAs('protection_lead') };
