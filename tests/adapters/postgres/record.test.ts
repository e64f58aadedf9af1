import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../../application/ids.ts';
import { SYSTEM } from '../../../domain/actor.ts';
import { emptyJourney, projectionOf } from '../../../domain/journeys/state.ts';
import type { Wait } from '../../../domain/journeys/waits.ts';
import type { RecordBatch, RecordedEvent } from '../../../domain/record.ts';
import { defaultRules } from '../../../domain/rules.ts';
import { HOUR } from '../../../domain/time.ts';
import { testDatabase } from '../../support/database.ts';
import { recordEvents } from '../../support/recording.ts';

let database: Awaited<ReturnType<typeof testDatabase>>;
let pool: Pool;
let operation: string;
let journey: string;
let household: string;
let person: string;
const AT = Date.UTC(2026, 0, 5);

beforeAll(async () => {
  database = await testDatabase();
  pool = database.pool;
});
afterAll(async () => {
  await database?.drop();
});

beforeEach(async () => {
  operation = newId('operation');
  household = newId('household');
  journey = newId('journey');
  person = newId('person');
  await pool.query(
    `insert into operations (id, kind, name, country, created_by, starts_at) values ($1, 'evacuation', 'test', 'VUT', 'test', now())`,
    [operation],
  );
  await pool.query(`insert into households (id, operation_id, reference, requested_at) values ($1, $2, 'H1', now())`, [
    household,
    operation,
  ]);
  await somebody(person);
  await pool.query(
    `insert into journeys (id, person_id, operation_id, household_id, relationship, registered_at, status_since)
     values ($1, $2, $3, $4, 'HEAD', now(), now())`,
    [journey, person, operation, household],
  );
});

const somebody = (id: string) =>
  pool.query(`insert into persons (id, nationality, sex, traveller) values ($1, 'VUT', 'F', 'adult')`, [id]);

const event = (seq: number, type: string, data: Record<string, unknown> = {}): RecordedEvent => ({
  seq,
  type,
  at: AT + seq,
  actor: SYSTEM,
  phase: 'identify',
  data,
});

const wait = (over: Partial<Wait> = {}): Wait => ({
  key: 'screening',
  phase: 'screen',
  whom: { kind: 'role', id: 'case_worker' },
  what: 'screening',
  blocks: true,
  safety: false,
  since: AT,
  due: AT + HOUR,
  escalationStep: 'waiting',
  ...over,
});

function batch(events: RecordedEvent[], waits: Wait[] = [], over: Record<string, unknown> = {}): RecordBatch {
  const projection = {
    ...projectionOf(emptyJourney(), defaultRules('evacuation')),
    seq: events.at(-1)?.seq ?? 0,
    ...over,
  };
  const after = (events[0]?.seq ?? 1) - 1;
  return { subject: journey, subjectKind: 'journey', operationId: operation, after, events, projection, waits };
}

async function rows(sql: string, values: unknown[] = [journey]): Promise<unknown[]> {
  return (await pool.query(sql, values)).rows;
}

const BEGUN = { consent: 'given', holds: [], route: ['evacuation'], routeDecided: true };
const STARTED = event(1, 'journeyStarted', BEGUN);
const SCREENED = event(2, 'screened', { risk: 'none' });

describe('the one transaction that writes the event log', () => {
  it('writes events, projection, waits, tasks, events and services in one transaction', async () => {
    await recordEvents(pool, batch([STARTED, SCREENED], [wait()], { status: 'screened' }));
    expect(await rows('select seq from event_log where subject = $1 order by seq')).toEqual([{ seq: 1 }, { seq: 2 }]);
    expect(await rows('select seq, status from journeys where id = $1')).toEqual([{ seq: 2, status: 'screened' }]);
    expect(await rows('select key from waits where subject = $1')).toEqual([{ key: 'screening' }]);
    expect(await rows('select role, status from tasks where subject = $1')).toEqual([
      { role: 'case_worker', status: 'open' },
    ]);
    expect(await rows('select type, seq from outbox where subject = $1')).toEqual([
      { type: 'journey.registered', seq: 1 },
    ]);
    expect(await rows('select sector_code from services where subject = $1')).toEqual([
      { sector_code: 'counter_trafficking' },
    ]);
    expect(
      await rows(
        'select status, sum(people)::int n from status_counts where operation_id = $1 group by 1 having sum(people) <> 0',
        [operation],
      ),
    ).toEqual([{ status: 'screened', n: 1 }]);
  });

  it('the same again changes nothing', async () => {
    await recordEvents(pool, batch([STARTED], [wait()]));
    await recordEvents(pool, batch([STARTED], [wait()]));
    expect(await rows('select seq from event_log where subject = $1')).toHaveLength(1);
    expect(await rows('select id from outbox where subject = $1')).toHaveLength(1);
  });

  it('a subject that began otherwise is another subject: refused, nothing changed, an alarm raised', async () => {
    await recordEvents(pool, batch([STARTED]));
    const other = batch([event(1, 'journeyStarted', { ...BEGUN, consent: 'refused' }), SCREENED], [], {
      status: 'screened',
    });
    await expect(recordEvents(pool, other)).rejects.toMatchObject({ type: 'EventLogConflict', nonRetryable: true });
    expect(await rows('select seq from event_log where subject = $1')).toHaveLength(1);
    expect(await rows('select status from journeys where id = $1')).toEqual([{ status: 'registered' }]);
    expect(await rows('select kind from alarms where subject = $1')).toEqual([{ kind: 'event_log_conflict' }]);
  });

  it('a gap before a event is refused', async () => {
    await expect(recordEvents(pool, batch([SCREENED]))).rejects.toMatchObject({ type: 'EventLogConflict' });
    expect(await rows('select seq from event_log where subject = $1')).toEqual([]);
  });

  it('a gap raises an alarm', async () => {
    await expect(recordEvents(pool, batch([SCREENED]))).rejects.toMatchObject({ nonRetryable: true });
    expect(await rows('select kind from alarms where subject = $1')).toEqual([{ kind: 'event_log_conflict' }]);
  });

  describe('a workflow task that was lost after it had recorded', () => {
    const HELD = { ...event(2, 'holdRaised', { holdId: 'hld_x', urgent: false }), commandId: 'cmd-1' };
    const FOUND_FIT = event(2, 'fitnessFound', { result: 'fit', conditions: [] });
    const loggedEvents = () => rows('select seq, type from event_log where subject = $1 order by seq');

    it('is run again in another order: the recorded events stay, and the workflow receives them', async () => {
      await recordEvents(pool, batch([STARTED]));
      await recordEvents(pool, batch([HELD], [wait()], { status: 'registered' }));
      const again = batch([FOUND_FIT, { ...HELD, seq: 3 }], [wait({ key: 'other' })], { status: 'screened' });
      const { alreadyRecorded } = await recordEvents(pool, again);
      expect(alreadyRecorded?.map(({ seq, type }) => ({ seq, type }))).toEqual([
        { seq: 2, type: 'holdRaised' },
        { seq: 3, type: 'fitnessFound' },
      ]);
      expect(await loggedEvents()).toEqual([
        { seq: 1, type: 'journeyStarted' },
        ...(alreadyRecorded ?? []).map(({ seq, type }) => ({ seq, type })),
      ]);
      // what holds now is the workflow's next word
      expect(await rows('select status, seq from journeys where id = $1')).toEqual([{ status: 'registered', seq: 2 }]);
      expect(await rows('select key from waits where subject = $1')).toEqual([{ key: 'screening' }]);
    });

    it('is run again without a command that its sender never sent again: the recorded event stays whole', async () => {
      await recordEvents(pool, batch([STARTED]));
      await recordEvents(pool, batch([{ ...HELD, reasonCode: 'why', noteId: 'note_1' }]));
      const { alreadyRecorded } = await recordEvents(pool, batch([FOUND_FIT]));
      expect(alreadyRecorded?.[0]).toEqual({ ...HELD, reasonCode: 'why', noteId: 'note_1' });
      expect(alreadyRecorded).toHaveLength(2);
    });

    it('firstSeen of it also when it has no event of its own', async () => {
      await recordEvents(pool, batch([STARTED]));
      await recordEvents(pool, batch([HELD]));
      const nothing: RecordBatch = { ...batch([]), after: 1, projection: { ...batch([]).projection, seq: 1 } };
      expect((await recordEvents(pool, nothing)).alreadyRecorded).toEqual([HELD]);
      expect(
        (await recordEvents(pool, { ...nothing, after: 2, projection: { ...nothing.projection, seq: 2 } }))
          .alreadyRecorded,
      ).toBeUndefined();
    });

    it('gives an event its own id at its own place', async () => {
      await recordEvents(pool, batch([STARTED]));
      await recordEvents(pool, batch([event(2, 'nationalityConfirmed', { requestId: 'r1', partnerId: 'p1' })]));
      const other = event(2, 'nationalityConfirmed', { requestId: 'r2', partnerId: 'p2' });
      await recordEvents(pool, batch([other]));
      const events = await rows(
        `select distinct id, seq from outbox where subject = $1 and type = 'journey.verified' order by seq`,
      );
      expect(events).toMatchObject([{ seq: 2 }, { seq: 3 }]);
    });

    it('names the seat in the way again, and loses no consent', async () => {
      await recordEvents(pool, batch([STARTED]));
      await recordEvents(
        pool,
        batch([{ ...event(2, 'consentGiven', { version: 2, form: 'explicit', sharing: true }), commandId: 'a' }]),
      );
      await recordEvents(pool, batch([{ ...event(2, 'consentWithdrawn', { version: 2 }), commandId: 'b' }]));
      expect(await rows('select version, status from consents where journey_id = $1 order by version')).toEqual([
        { version: 1, status: 'given' },
        { version: 2, status: 'given' },
        { version: 3, status: 'withdrawn' },
      ]);
    });
  });

  it('a batch that comes late puts back neither status nor waits', async () => {
    await recordEvents(pool, batch([STARTED], [wait()]));
    await recordEvents(pool, batch([SCREENED], [], { status: 'screened' }));
    await recordEvents(pool, batch([STARTED], [wait()]));
    expect(await rows('select status, seq from journeys where id = $1')).toEqual([{ status: 'screened', seq: 2 }]);
    expect(await rows('select key from waits where subject = $1')).toEqual([]);
  });

  it('consents of one batch that claim one version are two versions', async () => {
    const consent = (seq: number, type: string) => ({ ...event(seq, type, { version: 2 }), commandId: `c${seq}` });
    await recordEvents(pool, batch([STARTED, consent(2, 'consentGiven'), consent(3, 'consentWithdrawn')]));
    expect(await rows('select version, status from consents where journey_id = $1 order by version')).toEqual([
      { version: 1, status: 'given' },
      { version: 2, status: 'given' },
      { version: 3, status: 'withdrawn' },
    ]);
  });

  it('a hold that is raised and released in one batch is released', async () => {
    await pool.query(
      `insert into holds (id, journey_id, operation_id, type, raised_by, raised_at)
       values ('hld_' || $1, $1, $2, 'SECURITY', 'x', now())`,
      [journey, operation],
    );
    const hold = { holdId: `hld_${journey}` };
    await recordEvents(pool, batch([STARTED, event(2, 'holdRaised', hold), event(3, 'holdReleased', hold)]));
    expect(await rows('select status, released_by from holds where journey_id = $1')).toEqual([
      { status: 'released', released_by: SYSTEM.id },
    ]);
    // handed over again, what alreadyRecorded already changes nothing
    await pool.query(`update holds set status = 'active' where journey_id = $1`, [journey]);
    await recordEvents(pool, batch([STARTED, event(2, 'holdRaised', hold), event(3, 'holdReleased', hold)]));
    expect(await rows('select status from holds where journey_id = $1')).toEqual([{ status: 'active' }]);
  });

  it('statuses that change in opposite directions at once never wait for each other in a circle', async () => {
    // two journeys that are counted in the same pieces
    const shard = async (id: string) => (await rows('select abs(hashtext($1)) % 16 as n', [id]))[0];
    let other = newId('journey');
    while (JSON.stringify(await shard(other)) !== JSON.stringify(await shard(journey))) other = newId('journey');
    const who = newId('person');
    await somebody(who);
    await pool.query(
      `insert into journeys (id, person_id, operation_id, household_id, relationship, registered_at, status_since)
       values ($1, $2, $3, $4, 'HEAD', now(), now())`,
      [other, who, operation, household],
    );
    const to = (subject: string, seq: number, status: string) =>
      recordEvents(pool, { ...batch([event(seq, 'screened')], [], { status }), subject });
    await to(other, 1, 'screened');
    await to(journey, 1, 'screened');
    await to(journey, 2, 'registered');

    const blocker = await pool.connect();
    const blocked = async (count: number) => {
      const { rows: waiting } = await pool.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%record_events%'`,
      );
      return waiting[0]?.n === count;
    };
    await blocker.query(
      `begin; select from status_counts where operation_id = '${operation}' and status = 'registered' for update`,
    );
    const moves: Array<Promise<unknown>> = [];
    try {
      moves.push(to(journey, 3, 'screened'));
      await vi.waitUntil(() => blocked(1), 10_000);
      moves.push(to(other, 2, 'registered'));
      await vi.waitUntil(() => blocked(2), 10_000);
    } finally {
      await blocker.query('commit');
      blocker.release();
    }
    await expect(Promise.all(moves)).resolves.toHaveLength(2);
    expect(
      await rows(
        'select status, sum(people)::int as n from status_counts where operation_id = $1 group by 1 order by 1',
        [operation],
      ),
    ).toEqual([
      { status: 'registered', n: 1 },
      { status: 'screened', n: 1 },
    ]);
  });

  it('eight writers at once: each event alreadyRecorded once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => recordEvents(pool, batch([STARTED, SCREENED], [wait()]))));
    expect(await rows('select seq from event_log where subject = $1')).toHaveLength(2);
  });

  it('rows of the event log are never changed or deleted', async () => {
    await recordEvents(pool, batch([STARTED]));
    await expect(database.owner.query(`update event_log set type = 'x' where subject = $1`, [journey])).rejects.toThrow(
      'never changed',
    );
    await expect(database.owner.query('delete from event_log where subject = $1', [journey])).rejects.toThrow(
      'never changed',
    );
    await expect(database.owner.query('truncate event_log')).rejects.toThrow('never changed');
  });
});

describe('waits and their tasks', () => {
  const openTasks = () => rows(`select role, also_for from tasks where subject = $1 and status = 'open' order by role`);

  it('one decision is one task, whoever it has escalated to, and the end of the wait closes it', async () => {
    await recordEvents(pool, batch([STARTED], [wait()]));
    await recordEvents(pool, batch([event(2, 'waitDue', { key: 'screening' })], [wait({ escalationStep: 'due' })]));
    expect(await openTasks()).toEqual([{ role: 'case_worker', also_for: ['duty_supervisor'] }]);
    const escalated = wait({ escalationStep: 'escalated', escalateAt: AT + 2 * HOUR });
    await recordEvents(pool, batch([event(3, 'waitEscalated', { key: 'screening' })], [escalated]));
    expect(await openTasks()).toEqual([{ role: 'case_worker', also_for: ['duty_supervisor', 'operation_lead'] }]);
    await recordEvents(pool, batch([event(4, 'screened', { risk: 'none' })]));
    expect(await openTasks()).toEqual([]);
  });

  it('a wait that begins anew has the tasks of its new beginning alone', async () => {
    await recordEvents(pool, batch([STARTED], [wait()]));
    await recordEvents(pool, batch([SCREENED], [wait({ since: AT + 5, due: AT + HOUR + 5 })]));
    expect(await openTasks()).toEqual([{ role: 'case_worker', also_for: [] }]);
  });

  it('a wait for a partner opens no task before it is due', async () => {
    await recordEvents(pool, batch([STARTED], [wait({ whom: { kind: 'partner', id: 'par_x' } })]));
    expect(await openTasks()).toEqual([]);
  });
});

describe('holds and seats', () => {
  async function ship(seats: number): Promise<(whose: string) => Promise<unknown>> {
    const movement = newId('movement');
    await pool.query(
      `insert into movements (id, operation_id, reference, leg, mode, origin, destination, stops, departs_at, arrives_at, seat_capacity)
       values ($1, $2, $1, 'evacuation', 'ship', '{}', '{}', '[]', now(), now(), $3)`,
      [movement, operation, seats],
    );
    return (whose) =>
      pool.query(
        `insert into seats (id, movement_id, household_id, journey_id, person_id, kind, reserved_at) values ($1, $2, $3, $4, $5, 'seat', now())`,
        [newId('seat'), movement, household, journey, whose],
      );
  }

  it('a hold that finds a seat names the movement, so that the household group is released', async () => {
    await (await ship(1))(person);
    const result = await recordEvents(
      pool,
      batch([STARTED, event(2, 'holdRaised', { holdId: 'hld_x', urgent: false })]),
    );
    expect(result.seatedOn).toHaveLength(1);
    const again = await recordEvents(
      pool,
      batch([STARTED, event(2, 'holdRaised', { holdId: 'hld_x', urgent: false })]),
    );
    expect(again.seatedOn, 'whoever asked first may never have seen').toEqual(result.seatedOn);
  });

  it('a seat beyond capacity cannot be written', async () => {
    const take = await ship(1);
    const other = newId('person');
    await somebody(other);
    await take(person);
    await expect(take(other)).rejects.toMatchObject({ constraint: 'seats_within_capacity' });
  });

  it('a second active seat for one person cannot be written', async () => {
    await (await ship(5))(person);
    await expect((await ship(5))(person)).rejects.toMatchObject({ constraint: 'seats_one_active' });
  });
});
