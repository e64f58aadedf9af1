import type { Shift } from './shift.ts';

export type Member = {
  person_id: string;
  traveller: 'adult' | 'child' | 'infant';
  status: string;
  ending: string | null;
  on_hold: boolean;
};

const ON_A_MOVEMENT = ['seated', 'checked_in', 'boarded'];

/** A person's household as it stands now. */
export async function householdOf(shift: Shift, personId: string): Promise<Member[]> {
  const person = (await shift.clients.protection_lead.get(`/people/${personId}`)) as { household_id: string };
  const household = (await shift.clients.protection_lead.get(`/households/${person.household_id}`)) as {
    members: Member[];
  };
  return household.members;
}

export const goesOn = (member: Member): boolean => member.ending === null;
export const isAdult = (member: Member): boolean => member.traveller === 'adult';

/** Whether anybody of the unit has a seat now: then nothing is decided that would take it away. */
export function isSeated(members: readonly Member[]): boolean {
  return members.some((member) => ON_A_MOVEMENT.includes(member.status));
}
