import { goesOn, isAdult, isSeated, type Member } from './household.ts';
import { command, type Shift } from './shift.ts';
import type { Decided } from './tasks.ts';

/**
 * Children whose grown-ups have all been referred elsewhere are referred with them. Nobody under a hold is touched, and
 * nobody is taken off a vehicle for it.
 */
export async function referTogether(shift: Shift, members: readonly Member[]): Promise<Decided> {
  const referred = members.some((member) => isAdult(member) && member.ending === 'referred_out');
  if (!referred || isSeated(members)) return 'left';
  let decided: Decided = 'done';
  for (const child of members.filter((member) => goesOn(member) && !member.on_hold)) {
    if (!(await refer(shift, child.person_id))) decided = 'left';
  }
  return decided;
}

/** Ends a journey because another procedure is the right one: statelessness, asylum, another State. */
export async function refer(shift: Shift, personId: string): Promise<boolean> {
  return command(shift, 'protection_lead', personId, 'end_journey', { ending: 'referred_out' }, 'no_state_confirms');
}
