import { sql } from 'kysely';
import type { KnownPeople, RegisteredPerson } from '../../../application/duplicates/match.ts';
import { parsePartialDate } from '../../../domain/imports/dates.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { pairKeyEncrypter } from '../../crypto/people.ts';
import { anyOf, type Db } from '../database.ts';
import { readPeople } from '../people/personData.ts';

/** Candidates decrypted at a time, so that memory stays constant and other work continues. */
const AT_ONCE = 250;

/** Candidates for about a hundred newcomers: those who share most keys with them. */
const CANDIDATES_AT_MOST = 5_000;

export function knownPeopleOn(db: Db, keyring: Keyring): KnownPeople {
  const encrypt = pairKeyEncrypter(keyring);
  /** Each person with their open journey, else the newest. */
  const registered = db
    .selectFrom('journeys as j')
    .innerJoin('persons as p', 'p.id', 'j.personId')
    .distinctOn('j.personId')
    .select(['j.personId', 'j.operationId', 'j.householdId', 'j.relationship', 'p.sex', 'p.nationality', 'p.traveller'])
    .select((eb) =>
      eb
        .selectFrom('journeys as m')
        .select((e) => e.cast<number>(e.fn.countAll(), 'integer').as('n'))
        .whereRef('m.householdId', '=', 'j.householdId')
        .$asScalar()
        .$notNull()
        .as('size'),
    )
    .orderBy('j.personId')
    .orderBy(sql`(j.ending is null)`, 'desc')
    .orderBy('j.registeredAt', 'desc')
    .orderBy('j.id', 'desc');

  const open = async (rows: Awaited<ReturnType<typeof registered.execute>>): Promise<RegisteredPerson[]> => {
    const ids = rows.map(({ personId }) => personId);
    const cores = await readPeople(db, keyring, ids);
    return rows.flatMap(({ householdId, size, traveller, ...row }) => {
      const core = cores.get(row.personId);
      if (core === undefined) return [];
      const { givenNames, familyName, birthDate, documentType, documentNumber, phone } = core;
      return [
        {
          ...row,
          ...{ givenNames, familyName, phone },
          birthDate: birthDate === null ? null : parsePartialDate(birthDate),
          document: documentNumber === null ? null : { type: documentType, number: documentNumber },
          household: { id: householdId, size },
          isChild: traveller !== 'adult',
        },
      ];
    });
  };
  const people: KnownPeople['people'] = async (ids) =>
    open(await registered.where('j.personId', '=', anyOf(ids)).execute());

  return {
    people,

    heads: async (households) =>
      households.length === 0
        ? []
        : open(
            await registered
              .where('j.householdId', '=', anyOf(households))
              .where('j.relationship', '=', 'HEAD')
              .execute(),
          ),

    async *under(operationId, keys) {
      if (keys.length === 0) return;
      const hidden = encrypt(keys);
      const { rows } = await sql<{ personId: string }>`
        select s.person_id
          from unnest(${hidden.map(({ kind }) => kind)}::text[], ${hidden.map(({ key }) => key)}::text[]) as k (kind, key)
          join person_search s on s.kind = k.kind and s.key = k.key
          join journeys j on j.person_id = s.person_id join operations o on o.id = j.operation_id
         where o.id = ${operationId} or not (o.drill or (select drill from operations where id = ${operationId}))
         group by s.person_id order by count(*) desc, s.person_id limit ${CANDIDATES_AT_MOST}`.execute(db);
      const ids = rows.map(({ personId }) => personId);
      for (let from = 0; from < ids.length; from += AT_ONCE) yield await people(ids.slice(from, from + AT_ONCE));
    },
  };
}
