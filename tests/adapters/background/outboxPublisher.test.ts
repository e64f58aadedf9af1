import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { outboxOn } from '../../../adapters/postgres/webhooks/feed.ts';
import { startOutboxPublisher } from '../../../processes/composition/loops.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import {
  eventually,
  insertAgreement,
  insertEndpoint,
  insertEvent,
  insertOperation,
  insertPartner,
  silentLog,
} from '../../support/systemRows.ts';

const TYPE = 'movement.departed';
let database: TestDatabase;
let operationId: string;

beforeAll(async () => {
  database = await testDatabase();
  operationId = await insertOperation(database.pool);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.owner.query('truncate outbox, deliveries, delivery_attempts, endpoints, agreements cascade');
});

const stamp = (limit: number) => outboxOn(databaseOn(database.pool)).stamp(limit);

const stamped = async (): Promise<Array<{ subject: string; seq: number; position: number | null }>> =>
  (
    await database.pool.query(
      'select subject, seq, position::integer as position from outbox order by position, subject, seq',
    )
  ).rows;

const relay = (nudged: string[] = [], nudgeFeed = async (id: string) => void nudged.push(id)) =>
  startOutboxPublisher({ connectionString: database.url, gateway: { nudgeFeed }, log: silentLog, pollMs: 30 });

describe('the outbox publisher', () => {
  it('stamps gapless positions, in order within each subject, while many write at once', async () => {
    const running = [relay(), relay()];
    const subjects = Array.from({ length: 12 }, (_, i) => `jrn_${i}`);
    // Twelve writers; transactions stay open for different times, so that rows commit out of the order they were made in.
    await Promise.all(
      subjects.map(async (subject, i) => {
        for (let seq = 1; seq <= 20; seq++) {
          const client = await database.pool.connect();
          try {
            await client.query('begin');
            await client.query(
              `insert into outbox (id, operation_id, subject, seq, type, at, data) values ($1, $2, $3, $4, $5, now(), '{}')`,
              [`${subject}.${seq}`, operationId, subject, seq, TYPE],
            );
            await client.query('select pg_sleep($1)', [((seq * 7 + i * 3) % 5) / 1_000]);
            await client.query('commit');
          } finally {
            client.release();
          }
        }
      }),
    );
    await eventually(
      async () => (await database.pool.query('select from outbox where position is null')).rowCount === 0,
    );
    await Promise.all(running.map((one) => one.stop()));

    const rows = await stamped();
    expect(rows.map(({ position }) => position)).toEqual(Array.from({ length: 240 }, (_, i) => i + 1));
    for (const subject of subjects) {
      expect(rows.filter((row) => row.subject === subject).map(({ seq }) => seq)).toEqual(
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
    }
  });

  it('keeps the order of a subject also where the clock stepped back between two events, and across batches', async () => {
    const early = new Date(Date.now() - 60_000);
    await insertEvent(database.pool, { operationId, subject: 'jrn_a', seq: 1, type: TYPE });
    await insertEvent(database.pool, { operationId, subject: 'jrn_a', seq: 2, type: TYPE, createdAt: early });
    await insertEvent(database.pool, {
      operationId,
      subject: 'jrn_b',
      seq: 1,
      type: TYPE,
      createdAt: new Date(Date.now() - 30_000),
    });
    await stamp(1);
    await stamp(1);
    const rows = await stamped();
    expect(rows.filter(({ subject }) => subject === 'jrn_a').map(({ seq }) => seq)).toEqual([1, 2]);
    expect(rows.map(({ position }) => position)).toEqual([1, 2, 3]);
  });

  it('makes one delivery for each endpoint that subscribes to the type and whose partner has an agreement naming it', async () => {
    const { pool } = database;
    const partner = await insertPartner(pool, operationId);
    await insertAgreement(pool, partner, operationId, { eventTypes: [TYPE] });
    await insertAgreement(pool, partner, operationId, { eventTypes: [TYPE, 'movement.arrived'] });
    const wanted = await insertEndpoint(pool, partner, 'http://127.0.0.1:1/', [TYPE]);
    const disabled = await insertEndpoint(pool, partner, 'http://127.0.0.1:1/', [TYPE]);
    await pool.query(`update endpoints set status = 'disabled' where id = $1`, [disabled]);
    const removed = await insertEndpoint(pool, partner, 'http://127.0.0.1:1/', [TYPE]);
    await pool.query(`update endpoints set status = 'removed' where id = $1`, [removed]);
    const otherType = await insertEndpoint(pool, partner, 'http://127.0.0.1:1/', ['movement.arrived']);
    const ended = await insertPartner(pool, operationId);
    await insertAgreement(pool, ended, operationId, { eventTypes: [TYPE], validUntil: '2001-01-01' });
    const lapsed = await insertEndpoint(pool, ended, 'http://127.0.0.1:1/', [TYPE]);
    const elsewhere = await insertPartner(pool, operationId);
    await insertAgreement(pool, elsewhere, await insertOperation(pool), { eventTypes: [TYPE] });
    const foreign = await insertEndpoint(pool, elsewhere, 'http://127.0.0.1:1/', [TYPE]);

    await insertEvent(pool, { operationId, subject: 'mov_1', seq: 1, type: TYPE });
    const { endpoints } = await stamp(100);
    expect(endpoints.sort()).toEqual([wanted, disabled].sort());
    const { rows } = await pool.query('select endpoint_id from deliveries');
    const reached = rows.map(({ endpoint_id }) => endpoint_id);
    expect(reached).not.toEqual(expect.arrayContaining([removed]));
    expect([otherType, lapsed, foreign].filter((id) => reached.includes(id))).toEqual([]);
    expect(reached).toHaveLength(2);
  });

  it('nudges a feed once for many events, and again until it has been reached', async () => {
    const { pool } = database;
    const partner = await insertPartner(pool, operationId);
    await insertAgreement(pool, partner, operationId, { eventTypes: [TYPE] });
    const endpoint = await insertEndpoint(pool, partner, 'http://127.0.0.1:1/', [TYPE]);
    for (let seq = 1; seq <= 50; seq++) await insertEvent(pool, { operationId, subject: 'mov_1', seq, type: TYPE });
    let failures = 2;
    const nudged: string[] = [];
    const running = relay(nudged, async (id) => {
      if (failures-- > 0) throw new Error('away');
      nudged.push(id);
    });
    await eventually(() => nudged.length > 0);
    await running.stop();
    expect(nudged.length).toBeLessThanOrEqual(2);
    expect(new Set(nudged)).toEqual(new Set([endpoint]));
  });

  it('goes on after its connection was cut, on another process where there is one', async () => {
    const first = relay();
    await insertEvent(database.pool, { operationId, subject: 'mov_1', seq: 1, type: TYPE });
    await eventually(async () => (await stamped()).every(({ position }) => position !== null));
    const second = relay();
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
         and database = (select oid from pg_database where datname = current_database())`,
    );
    await insertEvent(database.pool, { operationId, subject: 'mov_1', seq: 2, type: TYPE });
    await eventually(async () => (await stamped()).every(({ position }) => position !== null));
    await Promise.all([first.stop(), second.stop()]);
    expect((await stamped()).map(({ position }) => position)).toEqual([1, 2]);
  });
});
