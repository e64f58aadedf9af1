import type { KnownPerson } from '../../../domain/duplicates/comparePeople.ts';
import type { Relationship, Sex } from '../../../domain/imports/columns.ts';
import { parsePartialDate } from '../../../domain/imports/dates.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import type { Queryable } from '../database.ts';
import { readPeople } from '../people/people.ts';
import type { SearchKey } from '../people/searchKeys.ts';

/** A registered person, decrypted for comparison only. Nobody sees the data, so there is no disclosure. */
export type RegisteredPerson = KnownPerson & { personId: string; operationId: string };

type Row = {
  person_id: string;
  operation_id: string;
  household_id: string;
  relationship: Relationship;
  sex: Sex;
  nationality: string;
  traveller: string;
  size: number;
};

/** Each person with their open journey, else the newest. Erased people are left out. */
const CURRENT_JOURNEY = `
  select distinct on (j.person_id) j.person_id, j.operation_id, j.household_id, j.relationship, p.sex, p.nationality, p.traveller,
         (select count(*)::integer from journeys m where m.household_id = j.household_id) as size
    from journeys j join persons p on p.id = j.person_id`;
const PRESENT_FIRST = 'order by j.person_id, (j.ending is null) desc, j.registered_at desc, j.id desc';

export async function readRegisteredPeople(
  db: Queryable,
  keyring: Keyring,
  personIds: readonly string[],
): Promise<RegisteredPerson[]> {
  const { rows } = await db.query<Row>(`${CURRENT_JOURNEY} where j.person_id = any($1) ${PRESENT_FIRST}`, [personIds]);
  return open(db, keyring, rows);
}

/** The heads of these households. */
export async function readHeads(
  db: Queryable,
  keyring: Keyring,
  householdIds: readonly string[],
): Promise<RegisteredPerson[]> {
  if (householdIds.length === 0) return [];
  const { rows } = await db.query<Row>(
    `${CURRENT_JOURNEY} where j.household_id = any($1) and j.relationship = 'HEAD' ${PRESENT_FIRST}`,
    [householdIds],
  );
  return open(db, keyring, rows);
}

async function open(db: Queryable, keyring: Keyring, rows: readonly Row[]): Promise<RegisteredPerson[]> {
  const cores = await readPeople(
    db,
    keyring,
    rows.map(({ person_id }) => person_id),
  );
  return rows.flatMap((row) => {
    const core = cores.get(row.person_id);
    if (core === undefined) return [];
    return [
      {
        personId: row.person_id,
        operationId: row.operation_id,
        givenNames: core.givenNames,
        familyName: core.familyName,
        sex: row.sex,
        birthDate: core.birthDate === null ? null : parsePartialDate(core.birthDate),
        nationality: row.nationality,
        document: core.documentNumber === null ? null : { type: core.documentType, number: core.documentNumber },
        phone: core.phone,
        relationship: row.relationship,
        household: { id: row.household_id, size: row.size },
        isChild: row.traveller !== 'adult',
      },
    ];
  });
}

/** Candidates decrypted at a time, so that memory stays constant and other work continues. */
const AT_ONCE = 250;

/** Candidates for about a hundred newcomers: those who share most keys with them. */
const CANDIDATES_AT_MOST = 5_000;

/**
 * People with one of these keys, some at a time, those with most keys first. A drill compares only its own people; other
 * operations compare all people outside drills.
 */
export async function* peopleUnder(
  db: Queryable,
  keyring: Keyring,
  operationId: string,
  keys: readonly SearchKey[],
): AsyncGenerator<RegisteredPerson[]> {
  if (keys.length === 0) return;
  const { rows } = await db.query<{ person_id: string }>(
    `select s.person_id
       from unnest($2::text[], $3::text[]) as k (kind, key) join person_search s on s.kind = k.kind and s.key = k.key
       join journeys j on j.person_id = s.person_id join operations o on o.id = j.operation_id
      where o.id = $1 or not (o.drill or (select drill from operations where id = $1))
      group by s.person_id order by count(*) desc, s.person_id limit $4`,
    [operationId, keys.map(({ kind }) => kind), keys.map(({ key }) => key), CANDIDATES_AT_MOST],
  );
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    yield await readRegisteredPeople(
      db,
      keyring,
      rows.slice(from, from + AT_ONCE).map(({ person_id }) => person_id),
    );
  }
}
