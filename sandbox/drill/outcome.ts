import type { Client } from '../client.ts';
import type { Directory } from '../staff/directory.ts';

/** What somebody waits for who has not come to an end, the first that applies (docs/drill.md names each). */
export type Reason =
  | 'consent'
  | 'hold'
  | 'householdDecision'
  | 'consulate'
  | 'nationalityDecision'
  | 'exitPermit'
  | 'exitPermitDecision'
  | 'sharing'
  | 'fitness'
  | 'household'
  | 'underway';

export type End = { end: string } | { end: 'waiting'; for: Reason };

type Person = {
  status: string;
  ending: string | null;
  consent: { status: string; sharing: boolean };
  holds: unknown[];
  nationality_status: string;
  exit_permit: string;
  fitness: { status: string };
  travel: { status: string; next_leg: string | null; route: string[] };
};
type Now = { waiting: Array<{ kind: string }> };
type Listed = { id: string; ending: string | null };

/** What has become of everybody of the list, by person_ref, as the public API tells it. */
export async function outcomes(
  client: Client,
  operationId: string,
  directory: Directory,
  needs: (personRef: string) => { nationality: boolean; exitPermit: boolean },
): Promise<Map<string, End>> {
  const ends = new Map<string, End>();
  for (const row of (await client.all(`/operations/${operationId}/people`)) as Listed[]) {
    const known = directory.find(row.id);
    if (!known) continue;
    if (row.ending !== null) {
      ends.set(known.listed.personRef, { end: row.ending });
      continue;
    }
    const person = (await client.get(`/people/${row.id}`)) as Person;
    const now = (await client.get(`/people/${row.id}/now`)) as Now;
    ends.set(known.listed.personRef, { end: 'waiting', for: reasonOf(person, now, needs(known.listed.personRef)) });
  }
  return ends;
}

function reasonOf(person: Person, now: Now, needs: { nationality: boolean; exitPermit: boolean }): Reason {
  const { consent, nationality_status: nationality, exit_permit: permit } = person;
  if (consent.status === 'pending' || consent.status === 'none') return 'consent';
  if (person.holds.length > 0) return 'hold';
  if (now.waiting.some((wait) => wait.kind === 'household_decision')) return 'householdDecision';
  if (needs.nationality && nationality !== 'confirmed') {
    if (!consent.sharing) return 'sharing';
    return nationality === 'requested' || nationality === 'open' ? 'consulate' : 'nationalityDecision';
  }
  if (needs.exitPermit && permit !== 'granted' && permit !== 'not_required') {
    if (!consent.sharing) return 'sharing';
    return permit === 'refused' ? 'exitPermitDecision' : 'exitPermit';
  }
  if (person.fitness.status === 'unfit') return 'fitness';
  const ON_THE_WAY = ['seated', 'checked_in', 'boarded', 'arrived', 'received', 'reintegrating'];
  return ON_THE_WAY.includes(person.status) || person.travel.status === 'in_transit' ? 'underway' : 'household';
}
