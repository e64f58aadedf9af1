import type { HouseholdInput } from '../../../application/households/register.ts';
import type { JudgedRow } from '../../../domain/imports/judgeList.ts';
import { coreOf } from '../../../domain/personData.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { personRefKey } from '../../crypto/people.ts';
import { databaseIn, type Queryable } from '../database.ts';
import { readPeople } from '../people/personData.ts';

type Registered = {
  key: string;
  personId: string;
  householdId: string;
  reference: string;
  relationship: string;
  sex: string;
  nationality: string;
};

/**
 * A repeated list holds the same registrations, not other people. This separates households that are registered already
 * (every member under the same number with the same data) from those with anything new. The latter are registered, and
 * known members in them become duplicate candidates.
 * @returns for the rows of the former, who they are
 */
export async function registeredBefore(
  client: Queryable,
  keyring: Keyring,
  operationId: string,
  households: readonly HouseholdInput[],
): Promise<{ fresh: HouseholdInput[]; before: Array<{ row: number; personId: string }> }> {
  const keyOf = (member: JudgedRow): string => personRefKey(keyring, operationId, member.meaning.personRef).key;
  const registered = await readRegistered(
    client,
    operationId,
    households.flatMap(({ members }) => members.map(keyOf)),
  );
  if (registered.length === 0) return { fresh: [...households], before: [] };
  const cores = await readPeople(
    databaseIn(client),
    keyring,
    registered.map(({ personId }) => personId),
  );
  const byKey = Map.groupBy(registered, ({ key }) => key);
  const isSame = ({ meaning }: JudgedRow, known: Registered): boolean =>
    JSON.stringify(cores.get(known.personId)) === JSON.stringify(coreOf(meaning)) &&
    known.relationship === meaning.relationship &&
    known.sex === meaning.sex &&
    known.nationality === meaning.nationality &&
    known.reference === meaning.householdRef;

  const before: Array<{ row: number; personId: string }> = [];
  const fresh = households.filter((household) => {
    const found = household.members.map((member) => byKey.get(keyOf(member))?.find((known) => isSame(member, known)));
    const homes = new Set(found.map((known) => known?.householdId));
    if (household.joins !== undefined || homes.size !== 1 || homes.has(undefined)) return true;
    before.push(
      ...household.members.flatMap(({ row }, index) => {
        const known = found[index];
        return known === undefined ? [] : [{ row, personId: known.personId }];
      }),
    );
    return false;
  });
  return { fresh, before };
}

/**
 * In two steps, and key by key (`offset 0` forces that). During an import the statistics of its tables are old, and a
 * plan from them would read whole tables for each page.
 */
async function readRegistered(client: Queryable, operationId: string, keys: readonly string[]): Promise<Registered[]> {
  const filed = await client.query<{ key: string; person_id: string }>(
    `select k.key, s.person_id from unnest($1::text[]) as k (key) cross join lateral (
       select person_id from person_search where kind = 'person_ref' and key = k.key offset 0) s`,
    [keys],
  );
  if (filed.rows.length === 0) return [];
  const { rows } = await client.query<Registered>(
    `select s.key, s.person_id as "personId", h.id as "householdId", h.reference, j.relationship, p.sex, p.nationality
       from unnest($2::text[], $3::text[]) as s (key, person_id) join persons p on p.id = s.person_id
       join journeys j on j.person_id = s.person_id join households h on h.id = j.household_id
      where j.operation_id = $1`,
    [operationId, filed.rows.map(({ key }) => key), filed.rows.map((row) => row.person_id)],
  );
  return rows;
}
