import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { prismaOn } from '../../../adapters/postgres/prisma.ts';
import { endpointsOn } from '../../../adapters/postgres/webhooks/endpoints.ts';
import { outboxOn } from '../../../adapters/postgres/webhooks/feed.ts';
import { type GuardedClient, openGuardedClient } from '../../../adapters/webhooks/client.ts';
import { deliverFeed, type FeedPorts } from '../../../application/webhooks/feed.ts';
import type { HoldType } from '../../../domain/holds.ts';
import { ATTEMPTS } from '../../../domain/webhooks/deliveries.ts';
import { feedPorts } from '../../../processes/composition/activities.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { type Sink, startSink } from '../../support/sink.ts';
import {
  insertAgreement,
  insertEndpoint,
  insertEvent,
  insertJourney,
  insertOperation,
  insertPartner,
  type JourneyRow,
  openBox,
  TEST_SECRET,
} from '../../support/systemRows.ts';

const SEATED = 'journey.seated';
const DEPARTED = 'movement.departed';
let database: TestDatabase;
let client: GuardedClient;
let sink: Sink;
let operationId: string;
let partnerId: string;
let endpointId: string;

beforeAll(async () => {
  database = await testDatabase();
  client = openGuardedClient({ allowLoopback: true });
});
afterAll(async () => {
  await client.close();
  await database.drop();
});
beforeEach(async () => {
  await database.owner.query('truncate outbox, deliveries, delivery_attempts, tasks, alarms cascade');
  sink = await startSink(TEST_SECRET);
  operationId = await insertOperation(database.pool);
  partnerId = await insertPartner(database.pool, operationId);
  await insertAgreement(database.pool, partnerId, operationId, { eventTypes: [SEATED, DEPARTED] });
  endpointId = await insertEndpoint(database.pool, partnerId, sink.url, [SEATED, DEPARTED]);
});
afterEach(() => sink.stop());

const feed = (different: Partial<FeedPorts> = {}, timeoutMs = 2_000) => {
  const ports = feedPorts({ pool: database.pool, secrets: openBox, client, timeoutMs });
  const run = { heartbeat: () => {}, leaving: () => false };
  return {
    sendDue: ({ endpointId: id }: { endpointId: string }) =>
      deliverFeed({ ...ports, jitter: () => 0, ...different }, run, id),
  };
};
const endpoints = () => endpointsOn(databaseOn(database.pool), prismaOn(database.pool));

/** Sends until nothing is due now. */
async function drain(endpoint = endpointId, activities = feed()): Promise<number | null> {
  for (;;) {
    const { next } = await activities.sendDue({ endpointId: endpoint });
    if (next !== 0) return next;
  }
}

/** Time passes for what waits: as if every next attempt were due now. */
const passTime = () =>
  database.pool.query(`update deliveries set next_attempt_at = now() where status in ('queued', 'retrying')`);

const event = (subject: string, seq: number, type = DEPARTED, data: Record<string, unknown> = {}) =>
  insertEvent(database.pool, { operationId, subject, seq, type, data });

const stamp = () => outboxOn(databaseOn(database.pool)).stamp(1_000);

async function statuses(): Promise<Record<string, number>> {
  const { rows } = await database.pool.query('select status, count(*)::integer as n from deliveries group by 1');
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

const sequencesOf = (subject: string): unknown[] =>
  sink.received
    .filter(({ body }) => (body.data['journey_id'] ?? body.data['movement_id']) === subject)
    .map(({ body }) => body.data['sequence']);

describe('a partner’s feed', () => {
  it('sends thin, signed events in order within each subject, and writes a row for each attempt', async () => {
    const person = await insertJourney(database.pool, operationId);
    for (let seq = 1; seq <= 5; seq++) {
      for (const subject of ['mov_1', 'mov_2', 'mov_3']) await event(subject, seq, DEPARTED, { departsAt: 0 });
    }
    const id = await event(person.journeyId, 1, SEATED, { movementId: 'mov_1' });
    await stamp();
    expect(await drain()).toBeNull();

    expect(sink.forged).toBe(0);
    for (const subject of ['mov_1', 'mov_2', 'mov_3']) expect(sequencesOf(subject)).toEqual([1, 2, 3, 4, 5]);
    expect(await statuses()).toEqual({ delivered: 16 });
    const seated = sink.received.find(({ body }) => body.type === SEATED);
    expect(seated).toMatchObject({
      id,
      body: {
        type: SEATED,
        data: {
          operation_id: operationId,
          journey_id: person.journeyId,
          person_id: person.personId,
          movement_id: 'mov_1',
          sequence: 1,
          links: { self: `/v1/people/${person.personId}` },
        },
      },
    });
    expect(sink.received.find(({ body }) => body.type === DEPARTED)?.body.data['departs_at']).toBe(
      '1970-01-01T00:00:00.000Z',
    );
    const { rows } = await database.pool.query('select attempt, http_status from delivery_attempts');
    expect(rows).toHaveLength(16);
    expect(rows.every(({ attempt, http_status }) => attempt === 1 && http_status === 204)).toBe(true);
  });

  it('parks an event after its last attempt, opens a task, and blocks its own subject alone', async () => {
    for (let seq = 1; seq <= 3; seq++) {
      await event('mov_bad', seq);
      await event('mov_good', seq);
    }
    await stamp();
    sink.answer = ({ body }) => (body.data['movement_id'] === 'mov_bad' ? 500 : 200);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await drain();
      await passTime();
    }
    expect(await drain()).toBeNull();
    expect(sequencesOf('mov_good')).toEqual([1, 2, 3]);
    expect(sequencesOf('mov_bad')).toEqual(Array.from({ length: ATTEMPTS }, () => 1));
    expect(await statuses()).toEqual({ delivered: 3, suspended: 1, queued: 2 });
    const { rows } = await database.pool.query(`select role, kind, data from tasks`);
    expect(rows).toMatchObject([{ role: 'duty_supervisor', kind: 'webhook_suspended', data: { subject: 'mov_bad' } }]);

    sink.answer = () => 200;
    const [suspended] = (await database.pool.query(`select outbox_id from deliveries where status = 'suspended'`)).rows;
    expect(await endpoints().replay(endpointId, { eventId: suspended.outbox_id })).toBe(1);
    await drain();
    expect(sequencesOf('mov_bad').slice(ATTEMPTS)).toEqual([1, 2, 3]);
    const attempts = await database.pool.query(
      'select max(attempt) as last from delivery_attempts where outbox_id = $1',
      [suspended.outbox_id],
    );
    expect(attempts.rows[0].last).toBe(ATTEMPTS + 1);
  });

  it('is not delayed by another endpoint that hangs', async () => {
    const hanging = await startSink(TEST_SECRET);
    hanging.answer = () => 'hang';
    const dead = await insertEndpoint(database.pool, partnerId, hanging.url, [DEPARTED]);
    for (let seq = 1; seq <= 20; seq++) for (const n of [1, 2, 3]) await event(`mov_${n}`, seq);
    await stamp();
    let deadIsDone = false;
    const stuck = drain(dead, feed({}, 1_500)).then(() => {
      deadIsDone = true;
    });
    await drain();
    expect(deadIsDone).toBe(false);
    expect(sink.received).toHaveLength(60);
    await stuck;
    await hanging.stop();
  });

  it('leaves a failing endpoint in peace after some failures, and counts no attempt that was not made', async () => {
    for (let n = 0; n < 24; n++) await event(`mov_${n}`, 1);
    await stamp();
    sink.answer = () => 500;
    const next = await drain();
    expect(sink.received.length).toBeLessThan(24);
    expect(next).toBeGreaterThan(0);
    const { rows } = await database.pool.query('select sum(attempts)::integer as counted from deliveries');
    expect(rows[0].counted).toBe(sink.received.length);
  });

  it('sends nothing to a receiver that sent Retry-After, until that time', async () => {
    for (let n = 0; n < 10; n++) await event(`mov_${n}`, 1);
    await stamp();
    sink.answer = () => ({ status: 429, headers: { 'retry-after': '7200' } });
    const next = await drain();
    expect(sink.received.length).toBeLessThanOrEqual(8);
    const { rows } = await database.pool.query(
      `select min(next_attempt_at - now()) >= interval '7190 seconds' as patient from deliveries`,
    );
    expect(rows[0].patient).toBe(true);
    expect(next).toBeGreaterThan(7_190_000);
  });

  it('withholds by consent, hold and agreement as they are at the moment of sending, and goes on in order', async () => {
    const { pool } = database;
    const people: Record<string, JourneyRow> = {};
    for (const name of ['free', 'held', 'raising', 'withdrawn', 'travelOnly', 'disputed']) {
      people[name] = await insertJourney(pool, operationId);
      await event(people[name].journeyId, 1, SEATED, { movementId: 'mov_1' });
    }
    await stamp();
    const hold = (name: string, status: string, type: HoldType = 'ASYLUM') =>
      pool.query(
        `insert into holds (id, journey_id, operation_id, type, status, raised_by, raised_at)
         values ($1, $2, $3, $4, $5, 'x', now())`,
        [`hld_${name}`, people[name]!.journeyId, operationId, type, status],
      );
    await hold('held', 'active');
    await hold('raising', 'raising');
    await hold('disputed', 'active', 'DATA_DISPUTE');
    await pool.query(`update journeys set consent = 'withdrawn', consent_sharing = false where id = $1`, [
      people['withdrawn']!.journeyId,
    ]);
    await pool.query(`update journeys set consent_sharing = false where id = $1`, [people['travelOnly']!.journeyId]);
    expect(await drain()).toBeNull();
    expect(new Set(sink.received.map(({ body }) => body.data['journey_id']))).toEqual(
      new Set([people['free']!.journeyId]),
    );
    // Outside protection a hold and a missing consent look the same.
    const { rows } = await pool.query(`select distinct redacted_reason from deliveries where status = 'redacted'`);
    expect(rows).toEqual([{ redacted_reason: 'not_shared' }]);
    expect(await statuses()).toEqual({ delivered: 1, redacted: 5 });

    // A redacted event counts as done: later events are sent once they may be shared.
    await pool.query(`update holds set status = 'released' where id = 'hld_held'`);
    await event(people['held']!.journeyId, 2, SEATED, { movementId: 'mov_1' });
    await stamp();
    await drain();
    expect(sequencesOf(people['held']!.journeyId)).toEqual([2]);

    await pool.query(`update agreements set valid_until = '2001-01-01' where partner_id = $1`, [partnerId]);
    const before = sink.received.length;
    await event(people['free']!.journeyId, 2, SEATED);
    await pool.query(`update agreements set valid_until = null where partner_id = $1`, [partnerId]);
    await stamp();
    await pool.query(`update agreements set valid_until = '2001-01-01' where partner_id = $1`, [partnerId]);
    await drain();
    expect(sink.received.length).toBe(before);
    expect(
      (await pool.query(`select redacted_reason from deliveries where redacted_reason = 'no_agreement'`)).rowCount,
    ).toBe(1);
  });

  it('delivers everything after three days without an answer, in ten attempts at most', async () => {
    for (let n = 0; n < 5; n++) for (let seq = 1; seq <= 2; seq++) await event(`mov_${n}`, seq);
    await stamp();
    sink.answer = () => 503;
    for (let attempt = 0; attempt < ATTEMPTS - 1; attempt++) {
      await drain();
      await passTime();
    }
    await database.pool.query(`update endpoints set failing_since = now() - interval '3 days 3 hours' where id = $1`, [
      endpointId,
    ]);
    sink.answer = () => 200;
    await drain();
    expect(await statuses()).toEqual({ delivered: 10 });
    const { rows } = await database.pool.query('select max(attempts)::integer as most from deliveries');
    expect(rows[0].most).toBeLessThanOrEqual(ATTEMPTS);
    const health = await database.pool.query('select status, failing_since from endpoints where id = $1', [endpointId]);
    expect(health.rows).toEqual([{ status: 'active', failing_since: null }]);
  });

  it('disables an endpoint that has failed for five days, and not before', async () => {
    await event('mov_1', 1);
    await event('mov_1', 2);
    await stamp();
    sink.answer = () => 500;
    await database.pool.query(`update endpoints set failing_since = now() - interval '4 days 23 hours' where id = $1`, [
      endpointId,
    ]);
    await drain();
    const status = async () =>
      (await database.pool.query('select status from endpoints where id = $1', [endpointId])).rows[0].status;
    expect(await status()).toBe('active');
    await database.pool.query(`update endpoints set failing_since = now() - interval '5 days 1 hour' where id = $1`, [
      endpointId,
    ]);
    await passTime();
    await drain();
    expect(await status()).toBe('disabled');
    expect((await database.pool.query(`select role from tasks where kind = 'endpoint_disabled'`)).rows).toEqual([
      { role: 'admin' },
    ]);
    expect((await database.pool.query(`select detail from alarms where kind = 'endpoint_disabled'`)).rows).toEqual([
      { detail: { because: 'failing' } },
    ]);
  });

  it('stops at once on 410, keeps the waiting deliveries, and sends them when the endpoint is enabled again', async () => {
    for (let seq = 1; seq <= 3; seq++) await event('mov_1', seq);
    await stamp();
    sink.answer = () => 410;
    await drain();
    await passTime();
    await drain();
    expect(sink.received).toHaveLength(1);
    sink.answer = () => 200;
    expect(await endpoints().enable(endpointId)).toBe(true);
    await drain();
    expect(sequencesOf('mov_1')).toEqual([1, 1, 2, 3]);
  });

  it('ends for an endpoint that was removed', async () => {
    await database.pool.query(`update endpoints set status = 'removed' where id = $1`, [endpointId]);
    expect(await feed().sendDue({ endpointId })).toEqual({ next: null, ended: true });
    expect(await feed().sendDue({ endpointId: 'end_unknown' })).toEqual({ next: null, ended: true });
  });

  it('sends again, under the same id, what was sent but not written down when the worker died', async () => {
    const id = await event('mov_1', 1);
    await event('mov_1', 2);
    await stamp();
    const dying = feed({
      settle: () => {
        throw new Error('killed');
      },
    });
    await expect(dying.sendDue({ endpointId })).rejects.toThrow('killed');
    // The lease holds: another run of the activity does not send it concurrently.
    expect(await drain()).toBeGreaterThan(0);
    expect(sink.received.map((message) => message.id)).toEqual([id]);
    await passTime();
    await drain();
    expect(sequencesOf('mov_1')).toEqual([1, 1, 2]);
    expect(sink.received[1]?.id).toBe(id);
  });

  it('replays a range, also what the endpoint was not there for, and nothing that it may not have', async () => {
    for (let seq = 1; seq <= 3; seq++) await event('mov_1', seq);
    await event('mov_1', 4, 'movement.arrived');
    await stamp();
    const late = await insertEndpoint(database.pool, partnerId, sink.url, [DEPARTED, 'movement.arrived']);
    expect(await endpoints().replay(late, { from: 2 })).toBe(2);
    await drain(late);
    expect(sequencesOf('mov_1')).toEqual([2, 3]);
    expect(await endpoints().replay(late, { from: 1, to: 2 })).toBe(2);
    await drain(late);
    expect(sequencesOf('mov_1')).toEqual([2, 3, 1, 2]);
  });
});
