import type { Shift } from './shift.ts';
import { isLeft } from './shift.ts';

type Row = { id: string; household_id: string; ending: string | null; leg: string; waiting: { what: string } | null };
type Person = { travel: { status: string; next_leg: string | null } };

/** A household that is ready as a whole and has no seat: which leg it needs, and whose it is. */
export type Stranded = { household: string; leg: string; head: string; people: number };

/** Households of the list of which everybody who goes on waits for a seat. */
export async function stranded(shift: Shift): Promise<Stranded[]> {
  const rows = (await shift.clients.auditor.all(`/operations/${shift.operationId}/people`)) as Row[];
  const households = Map.groupBy(
    rows.filter((row) => row.ending === null),
    (row) => row.household_id,
  );
  const found: Stranded[] = [];
  for (const [household, members] of households) {
    const [first] = members;
    const known = first && shift.directory.find(first.id);
    if (!first || !known || isLeft(shift, known.listed.householdRef)) continue;
    if (!members.every((member) => member.waiting?.what === 'seat')) continue;
    const { travel } = (await shift.clients.auditor.get(`/people/${first.id}`)) as Person;
    if (travel.status !== 'none' || travel.next_leg === null) continue;
    found.push({
      household,
      leg: travel.next_leg,
      head: shift.directory.headNationality(known),
      people: members.length,
    });
  }
  return found;
}
