import { sql } from 'kysely';
import type { InboxTransaction } from '../../application/requests/processInbox.ts';
import { type InboxMessage, STORED_INBOX_BODY, storedInboxBody } from '../../domain/requests/callback.ts';
import { StoredFormError } from '../../domain/versioned.ts';
import { type Db, instant, json } from './database.ts';
import { writeDocument } from './journeys/documents.ts';
import { operationTimes } from './operations/operations.ts';
import { asideOn, lockRequests, markAnswered } from './requests.ts';
import { startsOn } from './starts.ts';

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
