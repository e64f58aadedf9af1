import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, iso } from '../../domain/time.ts';
import type { MovementUpdate } from '../../workflows/messages.ts';
import {
  newHousehold,
  newMovement,
  newOperation,
  raiseHold,
  seatActivities,
  seatsOf,
  statuses,
} from '../adapters/postgres/seatFixtures.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { recordEvents } from '../support/recording.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { eventually, withWorker } from './journeyHarness.ts';
import { fakeMovement, movementInput, startMovement } from './movementHarness.ts';

let env: TestWorkflowEnvironment;
let bundle: Awaited<ReturnType<typeof workflowBundle>>;
let db: TestDatabase;

beforeAll(async () => {
  [env, bundle, db] = await Promise.all([timeSkippingEnvironment(), workflowBundle(), testDatabase()]);
});
afterAll(async () => {
  await env?.teardown();
  await db?.drop();
});

describe('a movement on the database', () => {
  it('seats, locks, boards, leaves, arrives and counts real seats, and everybody firstSeen each step once', async () => {
    const now = await env.currentTimeMs();
    const op = await newOperation(db.pool);
    const [family, single, held] = [
      await newHousehold(db.pool, op, 3),
      await newHousehold(db.pool, op, 1),
      await newHousehold(db.pool, op, 2),
    ];
    // the people of the fixtures live in their own year: brought into this one
    await db.pool.query('update journeys set consent_confirmed_at = $2, fitness_until = $3 where operation_id = $1', [
      op,
      iso(now),
      iso(now + 100 * HOUR),
    ]);
    const movementId = await newMovement(db.pool, op, { seats: 6, status: 'planned' });
    const input = movementInput(now, {
      movementId,
      operationId: op,
      capacity: { seats: 6, infantLaps: 2, stretchers: 0, wheelchairs: 1 },
    });
    const seen = new Map<string, MovementUpdate[]>();
    const activities = {
      ...fakeMovement().activities,
      record: (batch: Parameters<typeof recordEvents>[1]) => recordEvents(db.pool, batch),
      ...seatActivities(db.pool, async (journeyId, update) => {
        seen.set(journeyId, [...(seen.get(journeyId) ?? []), ...update]);
        return 'delivered';
      }),
    };
    const row = async (): Promise<Record<string, unknown>> =>
      (await db.pool.query('select * from movements where id = $1', [movementId])).rows[0];

    await withWorker(env, bundle, activities, async (queue) => {
      const ship = await startMovement(env, input, queue);
      const scan = (kind: string, journeys: string[]) =>
        ship.command('applyScans', {
          scans: journeys.map((journeyId) => ({ scanId: `${kind}-${journeyId}`, journeyId, kind, at: now })),
        });
      await eventually(async () => (await row())['status'] === 'cleared', 'cleared');
      expect(await ship.command('allocateSeats')).toMatchObject({ detail: { people: 6, households: 3 } });
      await raiseHold(db.pool, op, held.journeys[0] ?? '');
      await ship.mustLeave(held.id);
      await eventually(
        async () => (await seatsOf(db.pool, movementId)).get(held.journeys[1] ?? '')?.status === 'released',
        'the seat is free',
      );
      expect(await ship.command('lockManifest')).toMatchObject({ detail: { version: 1, people: 4, released: 0 } });
      await ship.command('openBoarding');
      expect(await scan('check_in', [...family.journeys, ...held.journeys])).toMatchObject({
        detail: { checkedIn: 3, refused: 2 },
      });
      await scan('board', family.journeys);
      await scan('no_show', single.journeys);
      expect(await row()).toMatchObject({
        status: 'boarding',
        manifest_version: 1,
        manifest_status: 'locked',
        seats_taken: 3,
      });
      expect(await ship.command('recordDeparture')).toMatchObject({ detail: { aboard: 3 } });
      await ship.command('recordArrival', { stop: 'SAN' });
      expect(await ship.command('reconcile')).toMatchObject({
        status: 'closed',
        detail: { booked: 4, boarded: 3, noShow: 1, unaccounted: 0 },
      });
      expect(await ship.handle.result()).toBe('closed');
    });

    expect(await row()).toMatchObject({ status: 'closed', manifest_status: 'final', over_capacity: false });
    expect(await statuses(db.pool, movementId, family)).toEqual(['arrived', 'arrived', 'arrived']);
    const kinds = (journeyId: string | undefined): string[] =>
      (seen.get(journeyId ?? '') ?? []).map(({ update }) => update.kind);
    expect(kinds(family.journeys[0])).toEqual(['seatAssigned', 'checkedIn', 'boarded', 'departed', 'arrived']);
    expect(kinds(single.journeys[0])).toEqual(['seatAssigned', 'noShow']);
    expect(kinds(held.journeys[0])).toEqual(['seatAssigned', 'seatReleased']);
    const keys = [...seen.values()].flat().map((one) => one.key);
    expect(new Set(keys).size).toBe(keys.length);
    const { rows: event_log } = await db.pool.query<{ seq: number }>(
      'select seq from event_log where subject = $1 order by seq',
      [movementId],
    );
    expect(event_log.map(({ seq }) => seq)).toEqual(event_log.map((_, i) => i + 1));
    const { rows: open } = await db.pool.query(`select kind from tasks where subject = $1 and status = 'open'`, [
      movementId,
    ]);
    expect(open).toEqual([]);
  });
});
