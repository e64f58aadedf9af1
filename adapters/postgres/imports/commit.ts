import { sql } from 'kysely';
import type { HouseholdInput, Joined } from '../../../application/households/register.ts';
import type { CommitPorts, CommitReads, CommitTransaction } from '../../../application/imports/commit.ts';
import { STORED_FINDINGS } from '../../../domain/imports/codes.ts';
import type { Keyring } from '../../crypto/envelope.ts';
import { personRefKey } from '../../crypto/people.ts';
import { anyOf, type Db, json } from '../database.ts';
import type { Household, ImportRow, Journey, Person } from '../generated/kysely/tables.ts';
import { type ReadyHouseholds, readFrame, readyHouseholds, registerHouseholds } from '../households/register.ts';
import { readPeople } from '../people/personData.ts';
import { importKey, meaningOf } from './rows.ts';
import { lockImports } from './transaction.ts';

/** Registers the accepted rows of lists. */
export function commitsOn(db: Db, keyring: Keyring): Omit<CommitPorts<ReadyHouseholds>, 'now' | 'page'> {
  return {
    ...readsOn(db, keyring),
    transaction: (work) => db.transaction().execute((tx) => work(commitOn(tx, keyring))),
    prepare: (registration, households) => readyHouseholds(keyring, registration, households),
  };
}

function commitOn(tx: Db, keyring: Keyring): CommitTransaction<ReadyHouseholds> {
  return {
    ...readsOn(tx, keyring),
    lock: (...importIds) => lockImports(tx, importIds),
    frame: (operationId) => readFrame(tx, operationId),

    async register(ready) {
      await registerHouseholds(tx, ready);
      return ready.households.flatMap(({ people }) => people);
    },

    async passed(importId, cursor, people) {
      await sql`
        update import_rows r set person_id = t.person_id
          from unnest(${people.map(({ row }) => row)}::int[], ${people.map(({ personId }) => personId)}::text[])
            as t (row, person_id)
         where r.import_id = ${importId} and r.row = t.row and r.person_id is null`.execute(tx);
      await tx
        .updateTable('imports')
        .set((eb) => ({ cursor, done: eb('done', '+', people.length) }))
        .where('id', '=', importId)
        .execute();
    },

    async stopped(importId, refusal) {
      await tx
        .updateTable('imports')
        .set({ status: 'refused', refusal: json(refusal), finishedAt: sql<Date>`now()` })
        .where('id', '=', importId)
        .execute();
    },

    async allRegistered(importId, operationId, at) {
      await tx.updateTable('imports').set({ status: 'starting' }).where('id', '=', importId).execute();
      await sql`
        insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
        select ${importId} || '.correctRows', ${operationId}, ${importId}, 'correctRows', 'case_worker', ${at},
               jsonb_build_object('rejected', count(*))
          from import_rows where import_id = ${importId} and verdict = 'reject' having count(*) > 0
        on conflict (id) do update set data = excluded.data where tasks.status = 'open'`.execute(tx);
    },
  };
}

function readsOn(db: Db, keyring: Keyring): CommitReads {
  return {
    households: (importId, after, size) => nextHouseholds(db, keyring, importId, after, size),

    /**
     * In two steps, and key by key (`offset 0` forces that). During an import the statistics of its tables are old, and
     * a plan from them would read whole tables for each page.
     */
    async known(operationId, personRefs) {
      const keys = personRefs.map((ref) => personRefKey(keyring, operationId, ref).key);
      const filed = await sql<{ personId: string }>`
        select s.person_id from unnest(${keys}::text[]) as k (key) cross join lateral (
          select person_id from person_search where kind = 'person_ref' and key = k.key offset 0) s`.execute(db);
      if (filed.rows.length === 0) return [];
      const personIds = filed.rows.map(({ personId }) => personId);
      const { rows } = await sql<
        Pick<Journey, 'personId' | 'householdId' | 'relationship'> &
          Pick<Household, 'reference' | 'headNationality'> &
          Pick<Person, 'sex' | 'nationality'> & { hasHead: boolean; ended: boolean }
      >`
        select j.person_id, j.household_id, h.reference, h.head_nationality, j.relationship, p.sex, p.nationality,
               j.ending is not null as ended,
               exists (select from journeys o where o.household_id = h.id and o.relationship = 'HEAD') as has_head
          from unnest(${personIds}::text[]) as s (person_id) join persons p on p.id = s.person_id
          join journeys j on j.person_id = s.person_id join households h on h.id = j.household_id
         where j.operation_id = ${operationId}`.execute(db);
      const cores = await readPeople(db, keyring, personIds);
      return rows.flatMap((row) => {
        const core = cores.get(row.personId);
        return core === undefined ? [] : [{ ...row, headNationality: row.headNationality ?? row.nationality, core }];
      });
    },
  };
}

async function nextHouseholds(
  db: Db,
  keyring: Keyring,
  importId: string,
  after: number,
  size: number,
): ReturnType<CommitReads['households']> {
  const page = await db
    .selectFrom('importRows')
    .select(['row', 'household'])
    .where('importId', '=', importId)
    .where('row', '>', after)
    .orderBy('row')
    .limit(size)
    .execute();
  const references = [...new Set(page.flatMap(({ household }) => household ?? []))];
  const key = await importKey(db, keyring, importId);
  const { rows } = await sql<
    Omit<ImportRow, 'importId' | 'line' | 'household' | 'encrypted'> & { household: string; encrypted: Buffer | null }
  >`
    select row, verdict, codes, child, protection, household, person_id,
           case when person_id is null then encrypted end as encrypted
      from import_rows where import_id = ${importId} and household = ${anyOf(references)}
       and not exists (select from import_rows b
                        where b.import_id = ${importId} and b.household = import_rows.household and b.row <= ${after})
     order by row`.execute(db);
  const there = rows.some(({ personId }) => personId !== null)
    ? await householdsThere(db, importId, references)
    : new Map<string, Joined>();
  const households = new Map<string, HouseholdInput>();
  for (const { row, verdict, child, protection, household: reference, personId, encrypted, ...stored } of rows) {
    const joins = there.get(reference);
    const household = households.get(reference) ?? {
      reference,
      members: [],
      rejectedRows: [],
      ...(joins === undefined ? {} : { joins }),
    };
    households.set(reference, household);
    const codes = STORED_FINDINGS.read(stored.codes);
    if (verdict === 'reject') {
      // a repeated row is not a missing member
      if (!codes.some(({ code }) => code === 'PERSON_REF_REPEATED')) household.rejectedRows.push(row);
    } else if (personId === null && encrypted !== null) {
      household.members.push({ row, verdict, codes, child, protection, meaning: meaningOf(key, row, encrypted) });
    }
  }
  return { households: [...households.values()], last: page.at(-1)?.row };
}

/**
 * The households whose members are already registered, by the list's own number: from this list, or from an earlier one.
 */
async function householdsThere(db: Db, importId: string, references: readonly string[]): Promise<Map<string, Joined>> {
  const { rows } = await sql<Joined & { reference: string }>`
    select distinct on (r.household) r.household as reference, h.id as household_id, h.head_nationality,
           exists (select from journeys o where o.household_id = h.id and o.relationship = 'HEAD') as has_head
      from import_rows r
      join imports i on i.id = r.import_id
      join journeys j on j.person_id = r.person_id and j.operation_id = i.operation_id
      join households h on h.id = j.household_id
     where r.import_id = ${importId} and r.household = ${anyOf(references)} order by r.household, r.row`.execute(db);
  return new Map(rows.map(({ reference, ...joined }) => [reference, joined]));
}
