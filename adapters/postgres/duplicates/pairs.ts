import { type RawBuilder, sql } from 'kysely';
import type {
  DecidePorts,
  Duplicates,
  LinkedPerson,
  Pair,
  PairHold,
  RecordedDecision,
} from '../../../application/duplicates/pairs.ts';
import { STORED_REASONS } from '../../../domain/duplicates/comparePeople.ts';
import { OPEN_STATUSES, PAIR_EVENT_FORMS, PAIR_STATUSES } from '../../../domain/duplicates/decisions.ts';
import { type Db, instant, json } from '../database.ts';
import type { DuplicatePair } from '../generated/kysely/tables.ts';
import { insertHold, voidHold } from '../journeys/holds.ts';
import { operationTime } from '../operations/operations.ts';
import { preparedCommandsOn } from '../preparedCommands.ts';

/** Pairs, each person with their open journey in the pair's operation, else the newest. @param rest conditions on `p` */
async function selectPairs(db: Db, rest: RawBuilder<unknown>): Promise<Pair[]> {
  const { rows } = await sql<DuplicatePair & { journeyA: string; journeyB: string }>`
    select p.*, ja.id as journey_a, jb.id as journey_b
      from duplicate_pairs p
      join lateral (select id from journeys where person_id = p.person_a and operation_id = p.operation_a
                     order by (ending is null) desc, registered_at desc, id desc limit 1) ja on true
      join lateral (select id from journeys where person_id = p.person_b and operation_id = p.operation_b
                     order by (ending is null) desc, registered_at desc, id desc limit 1) jb on true
     where ${rest}`.execute(db);
  return rows.map(({ id, score, status, seq, heldJourney, holdId, ...row }) => ({
    ...{ id, score, status, seq, heldJourney, holdId },
    people: [
      { personId: row.personA, operationId: row.operationA, journeyId: row.journeyA },
      { personId: row.personB, operationId: row.operationB, journeyId: row.journeyB },
    ],
    reasons: STORED_REASONS.read(row.reasons),
    createdAt: row.createdAt.getTime(),
  }));
}

export function duplicatesOn(db: Db): Duplicates {
  return {
    async operationsOf(pairId) {
      const rows = await db
        .selectFrom('duplicatePairs')
        .select(['operationA', 'operationB'])
        .where('id', '=', pairId)
        .execute();
      return [...new Set(rows.flatMap(({ operationA, operationB }) => [operationA, operationB]))];
    },

    read: async (pairId) => (await selectPairs(db, sql`p.id = ${pairId}`))[0],

    list(operationId, { state, importId = null }, limit, after = '') {
      const statuses = PAIR_STATUSES.filter(
        (status) => state === undefined || OPEN_STATUSES.includes(status) === (state === 'open'),
      );
      // Each half uses its own index.
      const half = (side: 'operationA' | 'operationB') => sql`
        (select id from duplicate_pairs p
          where ${sql.ref(side)} = ${operationId} and status = any(${statuses}::text[]) and id > ${after}
            and (${importId}::text is null or exists (
              select from journeys j where j.import_id = ${importId} and j.person_id in (p.person_a, p.person_b)))
          order by id limit ${limit + 1})`;
      return selectPairs(
        db,
        sql`p.id in (${half('operationA')} union ${half('operationB')}) order by p.id limit ${limit + 1}`,
      );
    },

    async decisions(pairId) {
      const events = await db
        .selectFrom('eventLog')
        .select(['type', 'actor', 'role', 'reasonCode', 'noteId'])
        .select((eb) => instant(eb, 'at'))
        .where('subject', '=', pairId)
        .orderBy('seq')
        .execute();
      return events.map(({ actor, role, ...event }) => ({ ...event, by: actor, role: role ?? '' }));
    },

    async linksOf(personIds) {
      const { rows } = await sql<LinkedPerson & { person: string }>`
        with recursive same (person, linked) as (
          select p, p from unnest(${[...personIds]}::text[]) as p
          union
          select s.person, case when d.person_a = s.linked then d.person_b else d.person_a end
            from same s
            join duplicate_pairs d on d.status = 'same' and (d.person_a = s.linked or d.person_b = s.linked))
        select distinct on (s.person, s.linked) s.person, s.linked as person_id, j.operation_id,
               j.ending is null and not exists (
                 select from duplicate_pairs h where h.status = 'same' and h.held_journey = j.id) as goes_on
          from same s join journeys j on j.person_id = s.linked
         where s.linked <> s.person
         order by s.person, s.linked, (j.ending is null) desc, j.registered_at desc, j.id desc`.execute(db);
      return Map.groupBy(rows, ({ person }) => person);
    },
  };
}

export function pairDecisionsOn(db: Db): Pick<DecidePorts, 'transaction'> {
  return {
    transaction: (work) =>
      db.transaction().execute((tx) =>
        work({
          async lock(pairId) {
            await tx.selectFrom('duplicatePairs').select('id').where('id', '=', pairId).forUpdate().execute();
            const [pair] = await selectPairs(tx, sql`p.id = ${pairId}`);
            if (pair === undefined) throw new Error(`There is no pair ${pairId}`);
            return pair;
          },
          async isRecorded(pairId, commandId) {
            const events = tx.selectFrom('eventLog').select('seq').where('subject', '=', pairId);
            return (await events.where('commandId', '=', commandId).executeTakeFirst()) !== undefined;
          },
          operationTime: (operationId, real) => operationTime(tx, operationId, real),
          async journey(id) {
            const row = await tx
              .selectFrom('journeys')
              .select(['operationId', 'status', 'ending'])
              .select((eb) => instant(eb, 'registeredAt'))
              .where('id', '=', id)
              .executeTakeFirst();
            return row && { ...row, journeyId: id, ended: row.ending !== null };
          },
          hold: ({ holdId, journeyId, operationId, by, at }) =>
            insertHold(tx, {
              ...{ id: holdId, journeyId, operationId, type: 'DATA_DISPUTE', raisedBy: by, raisedAt: at },
            }),
          prepare: (command) => preparedCommandsOn(tx).write(command),
          record: (decision) => record(tx, decision),
          async closeTasks(pairId, at) {
            await tx
              .updateTable('tasks')
              .set({ status: 'done', closedAt: new Date(at) })
              .where('subject', '=', pairId)
              .where('kind', '=', 'decidePair')
              .where('status', '=', 'open')
              .execute();
          },
          askToEndOne: (pair, held) => askToEndOne(tx, pair, held),
          async stopAskingToEndOne(pairId) {
            await tx
              .updateTable('tasks')
              .set((eb) => ({ status: 'void', closedAt: eb.fn('now') }))
              .where('id', '=', `${pairId}.closeDuplicate`)
              .where('status', '=', 'open')
              .execute();
          },
          voidHold: (holdId) => voidHold(tx, holdId),
          async askToResume(pairId, holdId) {
            await sql`
              insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
              select ${`${pairId}.resume`}, h.operation_id, h.journey_id, 'resume', 'protection_officer', h.raised_at,
                     ${json({ pairId, holdId })}
                from holds h join journeys j on j.id = h.journey_id
               where h.id = ${holdId} and h.status = 'active' and j.ending is null
              on conflict (id) do update
                set status = 'open', closed_at = null, subject = excluded.subject, data = excluded.data`.execute(tx);
          },
          async isUnconfirmed(holdId) {
            const holds = tx.selectFrom('holds').select('id').where('id', '=', holdId);
            return (await holds.where('status', '=', 'raising').executeTakeFirst()) !== undefined;
          },
        }),
      ),
  };
}

async function record(tx: Db, { pair, at, event, data, ...decision }: RecordedDecision): Promise<void> {
  const { operationId, commandId, by, role, reasonCode = null, noteId = null } = decision;
  await tx
    .insertInto('eventLog')
    .values({
      ...{ operationId, commandId, role, reasonCode, noteId },
      ...{ subject: pair.id, seq: pair.seq + 1, phase: 'identify', type: event, at: new Date(at) },
      ...{ actor: by, actorKind: 'staff', data: json(data), dataVersion: PAIR_EVENT_FORMS.versionOf(event) },
    })
    .execute();
  await tx
    .updateTable('duplicatePairs')
    .set({
      ...{ reasonCode, noteId, status: decision.becomes, seq: pair.seq + 1 },
      ...{ decidedBy: by, decidedRole: role, decidedAt: new Date(at) },
      ...{ heldJourney: data.heldJourney ?? null, holdId: data.holdId ?? null },
    })
    .where('id', '=', pair.id)
    .execute();
}

/** A person decides which of the two journeys continues, by ending the other. */
async function askToEndOne(tx: Db, pair: Pair, { journeyId, operationId, at }: PairHold): Promise<void> {
  const task = {
    operationId,
    subject: journeyId,
    data: json({ pairId: pair.id, journeys: pair.people.map((person) => person.journeyId) }),
  };
  await tx
    .insertInto('tasks')
    .values({
      ...task,
      ...{ id: `${pair.id}.closeDuplicate`, kind: 'closeDuplicate', role: 'coordinator', openedAt: new Date(at) },
    })
    .onConflict((on) => on.column('id').doUpdateSet({ ...task, status: 'open', closedAt: null }))
    .execute();
}
