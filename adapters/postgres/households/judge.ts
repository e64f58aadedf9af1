import { sql } from 'kysely';
import { derivedId } from '../../../application/ids.ts';
import {
  compositionOf,
  holdsFound,
  judgeHousehold,
  registeredMember,
} from '../../../domain/households/judgeHousehold.ts';
import type { Instant } from '../../../domain/time.ts';
import type { Db } from '../database.ts';
import { insertHold } from '../journeys/holds.ts';

/** The subject and then its household, locked until the transaction ends; undefined for a subject without one. */
export async function lockHouseholdOf(tx: Db, subject: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string | null }>`select lock_household_of(${subject}) as id`.execute(tx);
  return rows[0]?.id ?? undefined;
}

/** The household of a journey as the transaction has it. */
export async function householdOfJourney(tx: Db, journeyId: string): Promise<string | undefined> {
  const row = await tx.selectFrom('journeys').select('householdId').where('id', '=', journeyId).executeTakeFirst();
  return row?.householdId;
}

/** What a person has judged. An infant who is judged a child stays an infant. */
export async function setAge(tx: Db, journeyId: string, adult: boolean): Promise<void> {
  await tx
    .updateTable('persons as p')
    .from('journeys as j')
    .set({ traveller: adult ? 'adult' : 'child' })
    .whereRef('p.id', '=', 'j.personId')
    .where('j.id', '=', journeyId)
    .where('p.traveller', 'in', adult ? ['child', 'infant'] : ['adult'])
    .execute();
}

/**
 * Judges a household again where it is another one than it was judged as, and writes the holds that follow. They block at
 * once; their journeys record them when they are told. Whoever leaves (withdrawn, at the next stop) is no member. Somebody
 * who has arrived still counts as an adult, and needs no hold. The caller's transaction holds the lock of the household.
 * @param at operation time
 * @returns whether holds stand that their journeys do not know yet
 */
export async function judgeAgain(tx: Db, householdId: string, at: Instant): Promise<boolean> {
  const household = await tx
    .selectFrom('households')
    .select(['operationId', 'composition', 'compositionVersion', 'notRegistered'])
    .where('id', '=', householdId)
    .forUpdate()
    .executeTakeFirst();
  if (!household) return false;
  const rows = await tx
    .selectFrom('journeys as j')
    .innerJoin('persons as p', 'p.id', 'j.personId')
    .select(['j.id as key', 'j.relationship', 'j.protection', 'j.arrivedAt', 'p.traveller'])
    .where('j.householdId', '=', householdId)
    .where('j.ending', 'is', null)
    .where('j.consent', 'not in', ['withdrawn', 'refused'])
    .execute();
  const members = rows.map(registeredMember);
  const composition = compositionOf(members, household.notRegistered);
  if (composition !== household.composition) {
    const version = household.compositionVersion + 1;
    await tx
      .updateTable('households')
      .set({ composition, compositionVersion: version })
      .where('id', '=', householdId)
      .execute();
    const judged = judgeHousehold(members, household.notRegistered);
    for (const { key: journeyId } of rows.filter(({ arrivedAt }) => arrivedAt === null)) {
      const open = await openTypes(tx, journeyId);
      for (const type of holdsFound(judged, journeyId)) {
        if (open.has(type)) continue;
        const id = derivedId('hold', householdId, String(version), journeyId, type);
        const { operationId } = household;
        await insertHold(tx, { id, journeyId, operationId, type, raisedBy: BY, raisedAt: at });
      }
    }
  }
  return (await raisedIn(tx, householdId)).length > 0;
}

const BY = 'homeward';

async function openTypes(tx: Db, journeyId: string): Promise<Set<string>> {
  const rows = await tx
    .selectFrom('holds')
    .select('type')
    .where('journeyId', '=', journeyId)
    .where('status', 'in', ['raising', 'active'])
    .execute();
  return new Set(rows.map(({ type }) => type));
}

/** Holds that stand, of open journeys of a household, that their journeys have not recorded yet. */
export async function raisedIn(db: Db, householdId: string): Promise<Array<{ journeyId: string; holdId: string }>> {
  return db
    .selectFrom('holds as h')
    .innerJoin('journeys as j', 'j.id', 'h.journeyId')
    .select(['h.journeyId', 'h.id as holdId'])
    .where('j.householdId', '=', householdId)
    .where('j.ending', 'is', null)
    .where('h.status', '=', 'raising')
    .where('h.raisedBy', '=', BY)
    .orderBy('h.journeyId')
    .orderBy('h.id')
    .execute();
}
