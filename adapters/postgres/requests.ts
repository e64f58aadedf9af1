import { sql } from 'kysely';
import { z } from 'zod';
import type { SecretBox } from '../../application/partners/partners.ts';
import type { RequestStore } from '../../application/requests/prepare.ts';
import type { InboxTransaction } from '../../application/requests/processInbox.ts';
import type { AsidePorts } from '../../application/requests/setAside.ts';
import { partnerFieldsOf } from '../../domain/personData.ts';
import { type InboxMessage, STORED_INBOX_BODY, storedInboxBody } from '../../domain/requests/callback.ts';
import { type PartnerRequest, STORED_OUTCOME } from '../../domain/requests/classify.ts';
import { ANSWER_SCHEMA } from '../../domain/requests/index.ts';
import { iso } from '../../domain/time.ts';
import { StoredFormError } from '../../domain/versioned.ts';
import type { Keyring } from '../crypto/envelope.ts';
import { raiseAlarm } from './alarms.ts';
import { anyOf, type Db, instant, json } from './database.ts';
import type { Request } from './generated/kysely/tables.ts';
import { writeDocument } from './journeys/history.ts';
import { operationTime, operationTimes } from './operations/operations.ts';
import { choosePartner, findAgreement, readPartnerEndpoint } from './partners/partners.ts';
import { readPerson, writeSent } from './people/personData.ts';
import { readPreconditionInput } from './preconditionInput.ts';
import { startsOn } from './starts.ts';

const COLUMNS = ['id', 'kind', 'subject', 'operationId', 'partnerId', 'round', 'status', 'outcome'] as const;

/** A reply that an older build wrote is not read: the request is looked up again. */
const Outcome = z
  .object({ disposition: z.unknown().optional(), reply: ANSWER_SCHEMA.answer.optional().catch(undefined) })
  .nullable();

const requestsIn = (db: Db) =>
  db
    .selectFrom('requests')
    .select(COLUMNS)
    .select((eb) => instant(eb, 'requestedAt'));

function fromRow(row: Pick<Request, (typeof COLUMNS)[number]> & { requestedAt: number }): PartnerRequest {
  const { outcome: stored, ...request } = row;
  const outcome = Outcome.parse(stored);
  return {
    ...request,
    ...(outcome?.disposition ? { outcome: STORED_OUTCOME.read(outcome.disposition) } : {}),
    ...(outcome?.reply ? { reply: outcome.reply } : {}),
  };
}

/** Locks the requests of these ids, in the order of ids. */
async function lockRequests(db: Db, ids: readonly string[]): Promise<Map<string, PartnerRequest>> {
  const rows = await requestsIn(db).where('id', '=', anyOf(ids)).orderBy('id').forUpdate().execute();
  return new Map(rows.map((row) => [row.id, fromRow(row)]));
}

/** The result of a callback for the request; it also proves that the partner had it. */
async function markAnswered(
  db: Db,
  id: string,
  { status, outcome }: { status: 'acknowledged' | 'answered'; outcome: NonNullable<PartnerRequest['outcome']> },
): Promise<void> {
  const stored = { version: STORED_OUTCOME.version, ...outcome };
  await db
    .updateTable('requests')
    .set((eb) => ({
      status,
      sentAt: eb.fn.coalesce('sentAt', eb.fn<Date>('now')),
      acknowledgedAt: eb.fn.coalesce('acknowledgedAt', eb.fn<Date>('now')),
      ...(status === 'answered' && { answeredAt: eb.fn.coalesce('answeredAt', eb.fn<Date>('now')) }),
      outcome: merged({ disposition: stored }),
    }))
    .where('id', '=', id)
    .execute();
}

export type RequestStoreDeps = {
  keyring: Keyring;
  secrets: Pick<SecretBox, 'open'>;
  /** epoch milliseconds of real time */
  clock: () => number;
};

/** Requests to partners as rows, and what decides whether they may be sent. */
export function requestsOn(db: Db, { keyring, secrets, clock }: RequestStoreDeps): RequestStore {
  const one = (id: string) => requestsIn(db).where('id', '=', id).executeTakeFirst();

  return {
    async lockPerson(journeyId) {
      return db
        .selectFrom('journeys as j')
        .innerJoin('persons as p', 'p.id', 'j.personId')
        .select(['j.personId', 'p.nationality', 'p.sex', 'j.consentVersion'])
        .where('j.id', '=', journeyId)
        .forUpdate('j')
        .executeTakeFirstOrThrow(() => new Error(`There is no journey ${journeyId}`));
    },
    async personFields({ personId, sex, nationality }) {
      const core = await readPerson(db, keyring, personId);
      return core ? { ...partnerFieldsOf(core), sex, nationality } : {};
    },
    preconditions: async (journeyId, about) => (await readPreconditionInput(db, [journeyId], about)).get(journeyId),
    movement: (movementId) => readMovementMessage(db, movementId),
    agreement: (about) => findAgreement(db, about),
    choosePartner: (about) => choosePartner(db, secrets, about),
    partner: (id) => readPartnerEndpoint(db, secrets, id),
    operationTime: (operationId) => operationTime(db, operationId, clock()),
    async find(requestId) {
      const row = await one(requestId);
      return row && fromRow(row);
    },
    async lockRound(subject, kind, round) {
      const row = await requestsIn(db)
        .where('subject', '=', subject)
        .where('kind', '=', kind)
        .where('round', '=', round)
        .orderBy('createdAt', 'desc')
        .limit(1)
        .forUpdate()
        .executeTakeFirst();
      return row && fromRow(row);
    },
    async intend({ id, kind, subject, operationId, partnerId, round, requestedAt }) {
      await db
        .insertInto('requests')
        .values({
          ...{ id, kind, subject, operationId, partnerId, round, attempts: 1 },
          requestedAt: new Date(requestedAt),
        })
        .onConflict((oc) => oc.column('id').doUpdateSet((eb) => ({ attempts: eb('requests.attempts', '+', 1) })))
        .execute();
    },
    disclose: (disclosure) => writeSent(db, disclosure),
    async taken(id, { reference, acknowledged, reply }) {
      const now = sql<Date>`now()`;
      const row = await db
        .updateTable('requests')
        .set((eb) => ({
          // A callback or a recall may have come first: a later status stays.
          status: beforeAnswer(reply ? 'answered' : acknowledged ? 'acknowledged' : 'sent'),
          partnerRef: eb.fn.coalesce('partnerRef', eb.val(reference)),
          sentAt: eb.fn.coalesce('sentAt', now),
          lastFailure: null,
          ...(acknowledged && { acknowledgedAt: eb.fn.coalesce('acknowledgedAt', now) }),
          ...(reply && { answeredAt: eb.fn.coalesce('answeredAt', now), outcome: merged({ reply }) }),
        }))
        .where('id', '=', id)
        .returning('status')
        .executeTakeFirst();
      return row?.status;
    },
    async failed(id, code, final) {
      await db
        .updateTable('requests')
        .set({ lastFailure: code, ...(final && { status: beforeAnswer(final) }) })
        .where('id', '=', id)
        .execute();
    },
    async recalled(id) {
      await db.updateTable('requests').set({ status: 'recalled' }).where('id', '=', id).execute();
    },
  };
}

/** Alarms and tasks about answers that are not applied. */
export function asideOn(db: Db): AsidePorts {
  return {
    raiseAlarm: (alarm, occasion) => raiseAlarm(db, alarm, occasion),
    async openTask({ data, openedAt, ...task }) {
      await db
        .insertInto('tasks')
        .values({ ...task, openedAt: new Date(openedAt), data: json(data) })
        .onConflict((oc) => oc.column('id').doNothing())
        .execute();
    },
  };
}

/** What a carrier or a receiving agency receives about a movement. It names nobody. @throws Error for an unknown one */
async function readMovementMessage(db: Db, movementId: string) {
  const row = await db
    .selectFrom('movements as m')
    .leftJoin('seats as s', (join) =>
      join
        .onRef('s.movementId', '=', 'm.id')
        .on('s.status', 'in', ['reserved', 'checked_in', 'boarded', 'departed', 'arrived']),
    )
    .select((eb) => [
      ...(['m.id', 'm.reference', 'm.mode', 'm.departsAt', 'm.arrivesAt'] as const),
      ...(['m.seatCapacity', 'm.infantCapacity', 'm.stretcherCapacity', 'm.wheelchairCapacity'] as const),
      sql<string>`coalesce(m.origin ->> 'code', '')`.as('origin'),
      sql<string>`coalesce(m.destination ->> 'code', '')`.as('destination'),
      eb.cast<number>(eb.fn.count('s.id'), 'integer').as('people'),
      eb.cast<number>(eb.fn.count('s.householdId').distinct(), 'integer').as('households'),
    ])
    .where('m.id', '=', movementId)
    .groupBy('m.id')
    .executeTakeFirstOrThrow(() => new Error(`There is no movement ${movementId}`));
  return {
    ...{ id: row.id, reference: row.reference, mode: row.mode, origin: row.origin, destination: row.destination },
    departs_at: iso(row.departsAt.getTime()),
    arrives_at: iso(row.arrivesAt.getTime()),
    seats: {
      seat: row.seatCapacity,
      infant_lap: row.infantCapacity,
      stretcher_block: row.stretcherCapacity,
      wheelchair: row.wheelchairCapacity,
    },
    expected: { people: row.people, households: row.households },
  };
}

/** The status, unless a callback or a recall has already set a later one. */
const beforeAnswer = (status: PartnerRequest['status']) =>
  sql<PartnerRequest['status']>`case when status in ('intended', 'sent', 'failed') then ${status} else status end`;

/** The column `outcome` with more in it. */
const merged = (more: object) => sql`coalesce(outcome, '{}') || ${json(more)}`;

/** Stores a callback. False if this partner has sent this event before. */
export async function receive(db: Db, message: InboxMessage): Promise<boolean> {
  const { partnerId, eventId, requestId, callback } = message;
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('inbox')
    .values({
      ...{ partnerId, eventId, requestId, kind: callback.type },
      body: json(storedInboxBody(message)),
      occurredAt: new Date(callback.occurredAt),
    })
    .onConflict((oc) => oc.columns(['partnerId', 'eventId']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export type InboxDeps = {
  /** id of the workflow of a movement */
  workflowOf: (movementId: string) => string;
  storeNumber: (db: Db, ...args: Parameters<InboxTransaction['storeNumber']>) => Promise<boolean>;
  /** epoch milliseconds of real time */
  clock: () => number;
};

/** The inbox within one transaction. */
export function inboxIn(tx: Db, { workflowOf, storeNumber, clock }: InboxDeps): InboxTransaction {
  return {
    async claim(limit) {
      const rows = await tx
        .selectFrom('inbox')
        .select(['partnerId', 'eventId', 'kind', 'requestId', 'body'])
        .select((eb) => instant(eb, 'receivedAt'))
        .where('status', '=', 'received')
        .orderBy('receivedAt')
        .orderBy('eventId')
        .limit(limit)
        .forUpdate()
        .skipLocked()
        .execute();
      const messages: InboxMessage[] = [];
      const unreadable: Awaited<ReturnType<InboxTransaction['claim']>>['unreadable'] = [];
      for (const { partnerId, eventId, requestId, body, kind, receivedAt } of rows) {
        const kept = { partnerId, eventId, ...(requestId !== null && { requestId }) };
        try {
          messages.push({ ...kept, ...STORED_INBOX_BODY.read(body) });
        } catch (error) {
          if (!(error instanceof StoredFormError)) throw error;
          unreadable.push({ ...kept, type: kind, receivedAt, why: error.message });
        }
      }
      return { messages, unreadable };
    },
    lockRequests: (ids) => lockRequests(tx, ids),
    operationTimes: (ids) => operationTimes(tx, ids, clock()),
    async movementsOfCarrier(carrierId, reference) {
      const rows = await tx
        .selectFrom('movements')
        .select('id')
        .where('carrierId', '=', carrierId)
        .where('reference', '=', reference)
        .where('status', 'not in', ['closed', 'cancelled'])
        .execute();
      return rows.map(({ id }) => id);
    },
    startIsPending: (movementId) => startsOn(tx).isPending(workflowOf(movementId)),
    answered: (requestId, after) => markAnswered(tx, requestId, after),
    storeDocument: (document) => writeDocument(tx, { ...document, status: 'issued' }),
    storeNumber: (...args) => storeNumber(tx, ...args),
    async end({ partnerId, eventId }, status, subject) {
      await tx
        .updateTable('inbox')
        .set({
          status,
          subject: subject ?? null,
          ...(status !== 'unreadable' && { body: sql`body - 'encryptedNumber'` }),
        })
        .where('partnerId', '=', partnerId)
        .where('eventId', '=', eventId)
        .execute();
    },
    ...asideOn(tx),
  };
}
