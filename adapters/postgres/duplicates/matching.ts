import { type RawBuilder, sql } from 'kysely';
import type {
  CheckedList,
  CompareListPorts,
  KnownPeople,
  ListedPerson,
  MatchPorts,
  RegisteredPerson,
} from '../../../application/duplicates/match.ts';
import { parsePartialDate } from '../../../domain/imports/dates.ts';
import { iso } from '../../../domain/time.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { pairKeyEncrypter } from '../../crypto/people.ts';
import { anyOf, type Db, json } from '../database.ts';
import type { ImportRow } from '../generated/kysely/tables.ts';
import { type ImportKey, importKey, meaningOf } from '../imports/rows.ts';
import { operationTimes } from '../operations/operations.ts';
import { readPeople } from '../people/personData.ts';

/** Candidates decrypted at a time, so that memory stays constant and other work continues. */
const AT_ONCE = 250;

/** Candidates for about a hundred newcomers: those who share most keys with them. */
const CANDIDATES_AT_MOST = 5_000;

function knownPeopleOn(db: Db, keyring: Keyring): KnownPeople {
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

/** The transactions in which newcomers are compared. */
export function matchingOn(db: Db, keyring: Keyring): Pick<MatchPorts, 'transaction'> {
  const encrypt = pairKeyEncrypter(keyring);
  return {
    transaction: (work) =>
      db.transaction().execute((tx) =>
        work({
          ...knownPeopleOn(tx, keyring),

          async next(limit, wait) {
            const { rows } = await sql<{ id: string }>`
              select id from persons
               where compared_at is null
                 and not exists (select from imports where status in ('checking', 'committing')
                                    and started_at > now() - ${wait} * interval '1 millisecond')
               order by created_at, id limit ${limit}`.execute(tx);
            return rows.map(({ id }) => id);
          },

          async storeKeys(people) {
            const rows = people.flatMap(({ personId, keys }) => encrypt(keys).map((key) => ({ ...key, personId })));
            await sql`
              insert into person_search (person_id, kind, key)
              select * from unnest(${rows.map(({ personId }) => personId)}::text[], ${rows.map(({ kind }) => kind)}::text[],
                                   ${rows.map(({ key }) => key)}::text[]) as k (person_id, kind, key)
               order by kind, key
              on conflict do nothing`.execute(tx);
          },

          async add(pairs) {
            const { rows } = await sql<{ id: string; operationA: string; operationB: string }>`
              insert into duplicate_pairs (id, person_a, person_b, operation_a, operation_b, score, reasons)
              select id, "personA", "personB", "operationA", "operationB", score, reasons
                from jsonb_to_recordset(${JSON.stringify(pairs)}) as p (id text, "personA" text, "personB" text,
                     "operationA" text, "operationB" text, score int, reasons jsonb)
              on conflict (person_a, person_b) do nothing returning id, operation_a, operation_b`.execute(tx);
            return rows;
          },

          operationTimes: (operationIds, real) => operationTimes(tx, operationIds, real),

          async openTasks(tasks) {
            const rows = tasks.map(({ pairId, operationId, at }) => ({ pairId, operationId, at: iso(at) }));
            await sql`
              insert into tasks (id, operation_id, subject, kind, role, opened_at)
              select "pairId" || '.decidePair.' || "operationId", "operationId", "pairId", 'decidePair', 'case_worker', at
                from jsonb_to_recordset(${JSON.stringify(rows)}) as t ("pairId" text, "operationId" text, at timestamptz)
              on conflict (id) do nothing`.execute(tx);
          },

          async markCompared(ids) {
            await tx
              .updateTable('persons')
              .set((eb) => ({ comparedAt: eb.fn('now') }))
              .where('id', '=', anyOf(ids))
              .execute();
          },
        }),
      ),
  };
}

export function checkedListsOn(db: Db, keyring: Keyring): CompareListPorts {
  return {
    ...knownPeopleOn(db, keyring),

    async nextList() {
      const next = await db
        .selectFrom('imports as i')
        .innerJoin('importKeys as k', 'k.importId', 'i.id')
        .select(['i.id', 'i.operationId', 'i.round'])
        .where('i.status', '=', 'checked')
        .where('i.met', 'is', null)
        .orderBy('i.finishedAt')
        .orderBy('i.id')
        .limit(1)
        .executeTakeFirst();
      if (next === undefined) return undefined;
      return checkedList(db, next, await importKey(db, keyring, next.id));
    },
  };
}

function checkedList(
  db: Db,
  { id, operationId, round }: { id: string; operationId: string; round: number },
  key: ImportKey,
): CheckedList {
  /** Acceptable rows, decrypted. @param which their condition, order and limit */
  const rows = async (which: RawBuilder<unknown>): Promise<ListedPerson[]> => {
    const found = await sql<Pick<ImportRow, 'row' | 'household' | 'child' | 'encrypted'> & { size: number }>`
      select row, household, child, encrypted,
             (select count(*)::integer from import_rows m
               where m.import_id = r.import_id and m.household = r.household) as size
        from import_rows r
       where import_id = ${id} and verdict <> 'reject' and person_id is null and ${which}`.execute(db);
    return found.rows.map(({ row, household, child, encrypted, size }) => ({
      ...meaningOf(key, row, encrypted),
      row,
      household: { id: household ?? '', size },
      isChild: child === 'yes' || child === 'possibly',
    }));
  };
  return {
    operationId,
    after: (row, limit) => rows(sql`row > ${row} order by row limit ${limit}`),
    numbered: (numbers) => rows(sql`row = any(${[...numbers]}::integer[])`),
    ofHouseholds: (households) => rows(sql`household = any(${[...households]}::text[])`),
    async isStillRequested() {
      const current = db.selectFrom('imports').select('id').where('id', '=', id).where('round', '=', round);
      return (await current.where('status', '=', 'checked').executeTakeFirst()) !== undefined;
    },
    async store(candidates) {
      await db
        .updateTable('imports')
        .set({ met: json(candidates) })
        .where('id', '=', id)
        .where('round', '=', round)
        .execute();
    },
  };
}
