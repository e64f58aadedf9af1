import { ServiceError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Loop } from '../../../adapters/background/loop.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { receive } from '../../../adapters/postgres/requests.ts';
import { newId } from '../../../application/ids.ts';
import type { InboxMessage } from '../../../domain/requests/callback.ts';
import { HOUR } from '../../../domain/time.ts';
import { startInboxProcessor } from '../../../processes/composition/loops.ts';
import { type CarrierMessage, type PartnerAnswered, workflowId } from '../../../workflows/messages.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import {
  eventually,
  insertJourney,
  insertOperation,
  insertPartner,
  type JourneyRow,
  silentLog,
} from '../../support/systemRows.ts';

let database: TestDatabase;
let operationId: string;
let partnerId: string;
let person: JourneyRow;
let processor: Loop | undefined;
let answered: Array<{ subject: string; update: PartnerAnswered[] }>;
let vehicles: Array<{ movementId: string; update: CarrierMessage[] }>;
let storedNumbers: Array<{ journeyId: string; documentId: string }>;
let notify: (subject: string) => 'delivered' | 'closed';

const NOW = Date.now();

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.owner.query('truncate inbox, requests, alarms, tasks, documents, pending_starts cascade');
  operationId = await insertOperation(database.pool);
  partnerId = await insertPartner(database.pool, operationId, { kind: 'consulate', state: 'VUT' });
  person = await insertJourney(database.pool, operationId);
  answered = [];
  vehicles = [];
  storedNumbers = [];
  notify = () => 'delivered';
});
afterEach(() => processor?.stop());

function start(): void {
  processor = startInboxProcessor({
    connectionString: database.url,
    gateway: {
      partnerAnswered: async ({ id }, update) => {
        const delivered = notify(id);
        if (delivered === 'delivered') answered.push({ subject: id, update });
        return delivered;
      },
      carrierReported: async (movementId, update) => {
        const delivered = notify(movementId);
        if (delivered === 'delivered') vehicles.push({ movementId, update });
        return delivered;
      },
    },
    storeNumber: async (_db, _number, to) => {
      storedNumbers.push(to);
      return true;
    },
    log: silentLog,
    pollMs: 20,
  });
}

async function ask(
  kind: string,
  { subject = person.journeyId, partner = partnerId, status = 'sent', requestedAt = NOW - HOUR } = {},
): Promise<string> {
  const id = newId('request');
  await database.pool.query(
    `insert into requests (id, kind, subject, operation_id, partner_id, round, status, requested_at)
     values ($1, $2, $3, $4, $5, (select 1 + count(*) from requests where subject = $3), $6, $7)`,
    [id, kind, subject, operationId, partner, status, new Date(requestedAt)],
  );
  return id;
}

type Sending = {
  requestId?: string;
  eventId?: string;
  from?: string;
  movementReference?: string;
  encryptedNumber?: InboxMessage['encryptedNumber'];
};
const receiveCallback = (
  callback: InboxMessage['callback'],
  { requestId, eventId = newId('event'), from = partnerId, ...rest }: Sending,
) =>
  receive(databaseOn(database.pool), {
    partnerId: from,
    eventId,
    ...(requestId ? { requestId } : {}),
    callback,
    ...rest,
  });

const confirmed = (occurredAt = NOW) =>
  ({ type: 'verification.answered', occurredAt, data: { outcome: 'confirmed' } }) as const;
const notConfirmed = (occurredAt = NOW) =>
  ({ type: 'verification.answered', occurredAt, data: { outcome: 'not_confirmed' } }) as const;
const acknowledged = (occurredAt = NOW) => ({ type: 'verification.acknowledged', occurredAt, data: {} }) as const;
const retracted = (occurredAt = NOW) => ({ type: 'verification.retracted', occurredAt, data: {} }) as const;

const settled = () =>
  eventually(async () => (await database.pool.query(`select from inbox where status = 'received'`)).rowCount === 0);
const statuses = async (): Promise<string[]> =>
  (await database.pool.query('select status from inbox order by occurred_at, status')).rows.map(({ status }) => status);
const alarms = async (): Promise<string[]> =>
  (await database.pool.query('select kind from alarms order by kind')).rows.map(({ kind }) => kind);
const seen = () => answered.flatMap(({ update }) => update.map(({ answer }) => answer));

describe('the inbox', () => {
  it('applies an answer once, though it comes ten times', async () => {
    const requestId = await ask('verification');
    const results = await Promise.all(
      Array.from({ length: 10 }, () => receiveCallback(confirmed(), { requestId, eventId: 'once' })),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
    start();
    await settled();
    expect(answered).toEqual([
      {
        subject: person.journeyId,
        update: [
          {
            eventKey: `${partnerId}:once`,
            requestId,
            partnerId,
            at: NOW,
            answer: { kind: 'nationality', outcome: 'confirmed' },
          },
        ],
      },
    ]);
    const { rows } = await database.pool.query('select status, sent_at is not null as sent from requests');
    expect(rows).toEqual([{ status: 'answered', sent: true }]);
  });

  it('treats the same answer under another event id as a repeat', async () => {
    const requestId = await ask('verification');
    await receiveCallback(confirmed(NOW - 2), { requestId });
    await receiveCallback(confirmed(NOW - 1), { requestId });
    start();
    await settled();
    expect(seen()).toHaveLength(1);
    expect(await statuses()).toEqual(['applied', 'stale']);
    expect(await alarms()).toEqual([]);
  });

  it('joins an answer that comes before our own call has returned', async () => {
    const requestId = await ask('verification', { status: 'intended' });
    start();
    await receiveCallback(confirmed(), { requestId });
    await settled();
    expect(seen()).toEqual([{ kind: 'nationality', outcome: 'confirmed' }]);
  });

  it('puts answers to one request into the partner’s own order, and turns nothing back that comes late', async () => {
    const requestId = await ask('verification');
    await receiveCallback(retracted(NOW - 10), { requestId });
    await receiveCallback(confirmed(NOW - 20), { requestId });
    await receiveCallback(acknowledged(NOW - 30), { requestId });
    start();
    await settled();
    expect(seen().map((answer) => ('outcome' in answer ? answer.outcome : answer.kind))).toEqual([
      'acknowledged',
      'confirmed',
      'retracted',
    ]);

    const second = await ask('verification');
    await receiveCallback(confirmed(NOW - 5), { requestId: second });
    await settled();
    await receiveCallback(acknowledged(NOW - 6), { requestId: second });
    await settled();
    expect(seen()).toHaveLength(4);
    // A retraction that overtook its answer: the answer is older, and changes nothing any more.
    const third = await ask('verification');
    await receiveCallback(retracted(NOW - 1), { requestId: third });
    await settled();
    await receiveCallback(confirmed(NOW - 2), { requestId: third });
    await settled();
    expect(seen()).toHaveLength(5);
    expect(await alarms()).toEqual([]);
  });

  it('takes nothing for true where a partner contradicts itself, and gives it to a person', async () => {
    const requestId = await ask('verification');
    start();
    await receiveCallback(confirmed(NOW - 2), { requestId });
    await settled();
    await receiveCallback(notConfirmed(NOW - 1), { requestId });
    await settled();
    expect(seen()).toEqual([{ kind: 'nationality', outcome: 'confirmed' }]);
    expect(await alarms()).toEqual(['contradicting_answer']);
    const { rows } = await database.pool.query('select role, subject, kind from tasks');
    expect(rows).toEqual([{ role: 'consular_officer', subject: person.journeyId, kind: 'contradicting_answer' }]);
  });

  it('applies no answer of another partner or to another kind of request, and records an answer without a request', async () => {
    const requestId = await ask('verification');
    const stranger = await insertPartner(database.pool, operationId, { kind: 'consulate', state: 'FRA' });
    await receiveCallback(confirmed(), { requestId, from: stranger });
    await receiveCallback({ type: 'document.refused', occurredAt: NOW, data: {} }, { requestId });
    await receiveCallback(confirmed(), { requestId: newId('request') });
    start();
    await settled();
    expect(answered).toEqual([]);
    expect((await statuses()).sort()).toEqual(['refused', 'refused', 'unknown']);
    expect(await alarms()).toEqual(['foreign_answer', 'misplaced_answer', 'unknown_request']);
    const { rows } = await database.pool.query('select status, outcome from requests');
    expect(rows).toEqual([{ status: 'sent', outcome: null }]);
  });

  it('records what is older than its request, and what belongs to a journey that has ended', async () => {
    const requestId = await ask('verification');
    await receiveCallback(confirmed(NOW - 365 * 24 * HOUR), { requestId });
    start();
    await settled();
    expect(answered).toEqual([]);
    notify = () => 'closed';
    await receiveCallback(confirmed(), { requestId });
    await settled();
    expect(await statuses()).toEqual(['stale', 'stale']);
  });

  it.each([
    ['verification', confirmed(), 'late_answer', 'consular_officer'],
    [
      'verification',
      { type: 'verification.more_info', occurredAt: NOW, data: { requestedEvidence: ['PHOTO'] } },
      'late_answer',
      'consular_officer',
    ],
    [
      'document',
      { type: 'document.issued', occurredAt: NOW, data: { kind: 'PASSPORT', validUntil: NOW } },
      'issued_after_recall',
      'consular_officer',
    ],
    [
      'exit_permit',
      { type: 'exit_permit.answered', occurredAt: NOW, data: { answer: 'granted' } },
      'late_answer',
      'coordinator',
    ],
    [
      'booking',
      { type: 'booking.confirmed', occurredAt: NOW, data: { bookingReference: 'B1' } },
      'late_answer',
      'movement_officer',
    ],
  ] as const)(
    'keeps an answer to a recalled %s request and puts it before a person',
    async (kind, callback, alarm, role) => {
      const requestId = await ask(kind, { status: 'recalled' });
      await receiveCallback(callback, { requestId });
      start();
      await settled();
      expect(answered).toEqual([]);
      expect(await statuses()).toEqual(['stale']);
      expect(await alarms()).toEqual([alarm]);
      expect((await database.pool.query('select role, kind from tasks')).rows).toEqual([{ role, kind: alarm }]);
      expect((await database.pool.query('select status from requests')).rows).toEqual([{ status: 'recalled' }]);
      expect((await database.pool.query('select from documents')).rowCount).toBe(0);
    },
  );

  it('puts an answer to a journey that has ended before a person, but no acknowledgement', async () => {
    notify = () => 'closed';
    const requestId = await ask('verification');
    start();
    await receiveCallback(acknowledged(NOW - 1), { requestId });
    await settled();
    expect(await alarms()).toEqual([]);
    await receiveCallback(confirmed(), { requestId });
    await settled();
    expect(await statuses()).toEqual(['stale', 'stale']);
    expect((await database.pool.query('select role, kind, subject from tasks')).rows).toEqual([
      { role: 'consular_officer', kind: 'late_answer', subject: person.journeyId },
    ]);
  });

  it('keeps every callback while Temporal is away, and applies each once it is back', async () => {
    const requestId = await ask('verification');
    let away = true;
    notify = () => {
      if (away) throw new ServiceError('Failed to connect');
      return 'delivered';
    };
    await receiveCallback(confirmed(), { requestId });
    start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await statuses()).toEqual(['received']);
    expect((await database.pool.query('select outcome from requests')).rows).toEqual([{ outcome: null }]);
    away = false;
    await settled();
    expect(seen()).toHaveLength(1);
  });

  it('turns hours into instants, and lets nobody be fit from a day that has not come', async () => {
    const clinic = await insertPartner(database.pool, operationId, { kind: 'clinic' });
    const finding = (examinedAt: number): InboxMessage['callback'] => ({
      type: 'fitness.answered',
      occurredAt: NOW,
      data: { result: 'fit', conditions: [], validForHours: 72, examinedAt },
    });
    start();
    await receiveCallback(finding(NOW - HOUR), {
      requestId: await ask('fitness', { partner: clinic, requestedAt: NOW - 5 * HOUR }),
      from: clinic,
    });
    await settled();
    await receiveCallback(finding(NOW + 9_000 * HOUR), {
      requestId: await ask('fitness', { partner: clinic }),
      from: clinic,
    });
    await settled();
    const [first, second] = seen();
    expect(first).toMatchObject({ kind: 'fitness', result: 'fit', until: NOW + 71 * HOUR });
    expect(second?.kind === 'fitness' && (second.until ?? 0) < Date.now() + 73 * HOUR).toBe(true);
  });

  it('makes a document of an issued one, and keeps its number with the person alone', async () => {
    const requestId = await ask('document');
    const encryptedNumber = { keyId: 'test', encrypted: 'c2VhbGVk' };
    await receiveCallback(
      { type: 'document.issued', occurredAt: NOW, data: { kind: 'LAISSEZ_PASSER', validUntil: NOW + HOUR } },
      { requestId, encryptedNumber },
    );
    start();
    await settled();
    const { rows } = await database.pool.query(
      'select id, journey_id, kind, issued_by, status, request_id from documents',
    );
    expect(rows).toMatchObject([
      {
        journey_id: person.journeyId,
        kind: 'LAISSEZ_PASSER',
        issued_by: partnerId,
        status: 'issued',
        request_id: requestId,
      },
    ]);
    expect(storedNumbers).toMatchObject([{ journeyId: person.journeyId, documentId: rows[0].id }]);
    expect(seen()).toEqual([{ kind: 'document', outcome: 'issued', documentId: rows[0].id, validUntil: NOW + HOUR }]);
    expect((await database.pool.query(`select body ? 'encryptedNumber' as kept from inbox`)).rows).toEqual([
      { kept: false },
    ]);
  });

  it('sets a message aside that it cannot read, whole, with an alarm and a task, and goes on with the others', async () => {
    const [requestId, another] = [await ask('verification'), await ask('verification')];
    const body = {
      version: 99,
      callback: { verdict: 'Zerubbabel' },
      encryptedNumber: { keyId: 'k', encrypted: 'abc' },
    };
    const insert = (eventId: string, from: string, request: string | null) =>
      database.pool.query(
        `insert into inbox (partner_id, event_id, kind, request_id, body, received_at)
         values ($1, $2, 'verification.answered', $3, $4, now() - interval '1 hour')`,
        [from, eventId, request, body],
      );
    await insert('unread', partnerId, requestId);
    await insert('unread_alone', partnerId, null);
    await receiveCallback(confirmed(), { requestId: another });
    start();
    await settled();
    expect(seen()).toEqual([{ kind: 'nationality', outcome: 'confirmed' }]);
    const aside = await database.pool.query(`select body from inbox where status = 'unreadable'`);
    expect(aside.rows).toEqual([{ body }, { body }]);
    const raised = await database.pool.query('select subject, kind, detail from alarms order by detail ->> $1', [
      'event',
    ]);
    const why = 'Inbox body has version 99; this build reads up to 1';
    expect(raised.rows).toEqual([
      {
        subject: person.journeyId,
        kind: 'unreadable_message',
        detail: expect.objectContaining({ event: 'unread', why }),
      },
      {
        subject: partnerId,
        kind: 'unreadable_message',
        detail: expect.objectContaining({ event: 'unread_alone', why }),
      },
    ]);
    const { rows: tasks } = await database.pool.query('select role, subject, kind from tasks');
    expect(tasks).toEqual([{ role: 'consular_officer', subject: person.journeyId, kind: 'unreadable_message' }]);
    expect(JSON.stringify([raised.rows, tasks])).not.toContain('Zerubbabel');
  });

  it('gives update of a vehicle to the movement of that carrier, and to no other', async () => {
    const carrier = await insertPartner(database.pool, operationId, { kind: 'carrier' });
    const movement = async (reference: string, carrierId: string, operation = operationId): Promise<string> => {
      const id = newId('movement');
      await database.pool.query(
        `insert into movements (id, operation_id, reference, leg, mode, carrier_id, origin, destination, stops, departs_at, arrives_at, seat_capacity)
         values ($1, $2, $3, 'evacuation', 'ship', $4, '{}', '{}', '[]', now(), now(), 10)`,
        [id, operation, reference, carrierId],
      );
      return id;
    };
    const ours = await movement('M1', carrier);
    await movement('M2', partnerId);
    await movement('M3', carrier);
    await movement('M3', carrier, await insertOperation(database.pool));
    const departed = { type: 'movement.departed', occurredAt: NOW, data: {} } as const;
    await receiveCallback(departed, { from: carrier, movementReference: 'M1', eventId: 'a' });
    await receiveCallback(departed, { from: carrier, movementReference: 'M2' });
    await receiveCallback(departed, { from: carrier, movementReference: 'M3' });
    await receiveCallback(
      {
        type: 'movement.smaller_vehicle',
        occurredAt: NOW,
        data: { seats: { seat: 5, infantLap: 1, stretcherBlock: 0, wheelchair: 1 } },
      },
      { from: carrier, requestId: await ask('booking', { subject: ours, partner: carrier }), eventId: 'b' },
    );
    start();
    await settled();
    expect(vehicles.map(({ movementId }) => movementId)).toEqual([ours]);
    expect(vehicles[0]?.update.map(({ eventKey, update }) => [eventKey, update])).toEqual(
      expect.arrayContaining([
        [`${carrier}:a`, { kind: 'departed' }],
        [
          `${carrier}:b`,
          { kind: 'smaller_vehicle', capacity: { seats: 5, infantLaps: 1, stretchers: 0, wheelchairs: 1 } },
        ],
      ]),
    );
    expect(await alarms()).toEqual(['ambiguous_movement', 'unknown_movement']);
  });

  it('waits with a message for a movement that is still to be started', async () => {
    const carrier = await insertPartner(database.pool, operationId, { kind: 'carrier' });
    const id = newId('movement');
    await database.pool.query(
      `insert into movements (id, operation_id, reference, leg, mode, carrier_id, origin, destination, stops, departs_at, arrives_at, seat_capacity)
       values ($1, $2, 'EARLY', 'evacuation', 'ship', $3, '{}', '{}', '[]', now(), now(), 10)`,
      [id, operationId, carrier],
    );
    await database.pool.query(
      `insert into pending_starts (workflow_id, workflow, task_queue, input) values ($1, 'movement', 'homeward', '{}')`,
      [workflowId.movement(id)],
    );
    let running = false;
    notify = () => (running ? 'delivered' : 'closed');
    await receiveCallback(
      { type: 'movement.cancelled', occurredAt: NOW, data: { reason: 'STORM' } },
      { from: carrier, movementReference: 'EARLY' },
    );
    start();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await statuses()).toEqual(['received']);
    running = true;
    await database.pool.query('update pending_starts set started_at = now()');
    await settled();
    expect(vehicles).toMatchObject([
      { movementId: id, update: [{ reasonCode: 'STORM', update: { kind: 'cancelled' } }] },
    ]);
  });
});
