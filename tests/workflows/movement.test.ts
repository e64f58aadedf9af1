import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MovementEvent } from '../../domain/movements/events.ts';
import { emptyMovement, evolve } from '../../domain/movements/state.ts';
import { DAY, HOUR } from '../../domain/time.ts';
import type { MovementInput, Refusal } from '../../workflows/messages.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { eventually, withWorker } from './journeyHarness.ts';
import { fakeMovement, movementInput, OFFICER, startMovement } from './movementHarness.ts';

let env: TestWorkflowEnvironment;
let bundle: Awaited<ReturnType<typeof workflowBundle>>;

beforeAll(async () => {
  [env, bundle] = await Promise.all([timeSkippingEnvironment(), workflowBundle()]);
});
afterAll(async () => {
  await env?.teardown();
});

type Tools = {
  fake: ReturnType<typeof fakeMovement>;
  ship: Awaited<ReturnType<typeof startMovement>>;
  seen: (type: string, times?: number) => Promise<void>;
};

/** Runs one movement beside its fakes; `seen` waits for a event. */
async function withMovement(
  over: Partial<MovementInput>,
  work: (tools: Tools) => Promise<void>,
  fake = fakeMovement(),
  on = env,
): Promise<void> {
  const input = movementInput(await on.currentTimeMs(), over);
  await withWorker(on, bundle, fake.activities, async (queue) => {
    const ship = await startMovement(on, input, queue);
    const seen = (type: string, times = 1) =>
      eventually(
        () => fake.types().filter((one) => one === type).length >= times,
        `${type} (${fake.types().join(' ')})`,
      );
    await work({ fake, ship, seen });
  });
}

/** A server of its own for what skips time: on the shared one, movements of other tests would have to be waited for. */
async function skipping(work: (env: TestWorkflowEnvironment) => Promise<void>): Promise<void> {
  const own = await timeSkippingEnvironment();
  try {
    await work(own);
  } finally {
    await own.teardown();
  }
}

async function refused(promise: Promise<unknown>): Promise<Refusal> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  const { cause } = error as WorkflowUpdateFailedError;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  expect((cause as ApplicationFailure).type).toBe('CommandRefused');
  return (cause as ApplicationFailure).details?.[0] as Refusal;
}

describe('a movement', () => {
  it('runs from its plan to the last seat accounted for', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      expect(await ship.command('allocateSeats')).toMatchObject({ status: 'cleared', detail: { people: 4 } });
      expect(await ship.command('lockManifest')).toMatchObject({
        status: 'cleared',
        detail: { version: 1, people: 4 },
      });
      expect(await ship.command('openBoarding')).toMatchObject({ status: 'boarding' });
      expect(await ship.scans('check_in', 3)).toMatchObject({ detail: { checkedIn: 3 } });
      await ship.scans('board', 3);
      await ship.scans('no_show', 1);
      expect(await ship.command('recordDeparture')).toMatchObject({
        status: 'departed',
        detail: { aboard: 3, unaccounted: 0 },
      });
      expect(await ship.command('recordArrival', { stop: 'SAN' })).toMatchObject({
        status: 'arrived',
        detail: { alighted: 3 },
      });
      expect(await ship.command('reconcile')).toMatchObject({
        status: 'closed',
        detail: { booked: 4, boarded: 3, noShow: 1, unaccounted: 0 },
      });
      expect(await ship.handle.result()).toBe('closed');
      expect(fake.waits()).toEqual([]);
      expect(fake.calls).toMatchObject({ bookCarrier: 1, announceArrival: 1 });
      expect(fake.event_log().map((event) => event.seq)).toEqual(fake.event_log().map((_, i) => i + 1));
    });
  });

  it('answers the same command the same, and does it once', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      const first = await ship.command('allocateSeats', {}, { commandId: 'once' });
      expect(await ship.command('allocateSeats', {}, { commandId: 'once' })).toEqual(first);
      expect(fake.calls['allocateSeats']).toBe(1);
      expect(fake.types().filter((type) => type === 'seatsAllocated')).toHaveLength(1);
    });
  });

  it('refuses what is not allowed, says why, and what is', async () => {
    await withMovement({}, async ({ ship, seen }) => {
      await seen('carrierBooked');
      const refusal = await refused(ship.command('openBoarding'));
      expect(refusal.reason).toBe('The manifest is not locked yet');
      expect(refusal.allowed).toContain('allocateSeats');
      expect(refusal.allowed).not.toContain('openBoarding');
      expect(await refused(ship.command('allocateSeats', {}, { actor: OFFICER('health_officer') }))).toMatchObject({
        reason: 'This is not for a health_officer to decide',
      });
      await ship.toTheGate();
      expect(await refused(ship.command('recordDeparture'))).toMatchObject({ reason: '4 people are unaccounted for' });
    });
  });

  it('commands given at once are taken one after the other', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      const results = await Promise.allSettled([
        ship.command('allocateSeats'),
        ship.command('allocateSeats'),
        ship.command('cancelMovement'),
      ]);
      expect(results.at(-1)?.status).toBe('fulfilled');
      expect(await ship.handle.result()).toBe('cancelled');
      expect(fake.event_log().map((event) => event.seq)).toEqual(fake.event_log().map((_, i) => i + 1));
      expect(fake.seats.reserved).toBe(0);
    });
  });
});

describe('its carrier', () => {
  it('may confirm later, and twice', async () => {
    const fake = fakeMovement({
      bookCarrier: async (input) => ({
        outcome: 'requested',
        requestId: 'req_1',
        partnerId: input.partnerId ?? '',
        at: input.at,
      }),
    });
    await withMovement(
      {},
      async ({ ship, seen }) => {
        await seen('carrierRequested');
        await eventually(() => fake.waits().length === 1, 'the wait');
        expect(fake.waits()[0]).toMatchObject({ key: 'carrier', whom: { kind: 'partner', id: 'par_carrier' } });
        expect(await refused(ship.command('allocateSeats'))).toMatchObject({
          reason: 'The carrier has not confirmed this movement',
        });
        await ship.partner({ kind: 'booking', outcome: 'booked', bookingRef: 'R' });
        await ship.partner({ kind: 'booking', outcome: 'booked', bookingRef: 'R' });
        await seen('carrierBooked');
        await ship.command('allocateSeats');
        expect(fake.types().filter((type) => type === 'carrierBooked')).toHaveLength(1);
      },
      fake,
    );
  });

  it('that refuses, or cannot be asked, leaves the request to a movement officer', async () => {
    const fake = fakeMovement({
      bookCarrier: async (input) => ({
        outcome: 'requested',
        requestId: 'req_1',
        partnerId: input.partnerId ?? '',
        at: input.at,
        answer: { kind: 'booking', outcome: 'refused', reasonCode: 'FULL' },
      }),
    });
    await withMovement(
      {},
      async ({ ship, seen }) => {
        await seen('carrierRefused');
        await eventually(() => fake.waits()[0]?.whom.id === 'movement_officer', 'the task');
        expect(await ship.command('giveClearance', { kind: 'carrier' })).toMatchObject({ status: 'cleared' });
      },
      fake,
    );
  });

  it('is not asked where there is none', async () => {
    await withMovement({ carrierId: undefined, clearances: ['security'] }, async ({ fake, ship }) => {
      await eventually(() => fake.waits().length === 1, 'the task');
      expect(fake.waits()[0]).toMatchObject({ key: 'carrier', whom: { kind: 'role', id: 'movement_officer' } });
      expect(await ship.command('giveClearance', { kind: 'carrier' })).toMatchObject({ status: 'contracted' });
      await eventually(() => fake.waits().some(({ key }) => key === 'clearance:security'), 'the clearance');
      expect(await ship.command('giveClearance', { kind: 'security' })).toMatchObject({ status: 'cleared' });
      expect(fake.calls['bookCarrier']).toBeUndefined();
    });
  });

  it('comes with a smaller vehicle: nothing is locked until somebody has allocated again', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.command('allocateSeats');
      await ship.carrier({
        kind: 'smaller_vehicle',
        capacity: { seats: 3, infantLaps: 0, stretchers: 0, wheelchairs: 0 },
      });
      await seen('vehicleChanged');
      await eventually(
        () => fake.waits().some(({ key, whom }) => key === 'overCapacity' && whom.id === 'movement_officer'),
        'the task',
      );
      expect((await refused(ship.command('lockManifest'))).reason).toMatch(/allocate again first/);
      expect(await ship.command('allocateSeats')).toMatchObject({ detail: { people: 3, released: 1 } });
      expect(await ship.command('lockManifest')).toMatchObject({ detail: { version: 1, people: 3 } });
      await eventually(() => !fake.waits().some(({ key }) => key === 'overCapacity'), 'the task is done');
    });
  });

  it('a smaller vehicle after the lock is corrected under the next version', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.toTheGate();
      await ship.carrier({
        kind: 'smaller_vehicle',
        capacity: { seats: 2, infantLaps: 0, stretchers: 0, wheelchairs: 0 },
      });
      await seen('vehicleChanged');
      expect(await ship.command('allocateSeats')).toMatchObject({ detail: { people: 2, released: 2 } });
      expect(fake.event('manifestAmended')).toEqual({ version: 2, people: 2 });
    });
  });

  it('is late: a new time, no new status, and nobody is escalationStep before it', async () => {
    await skipping((own) =>
      withMovement(
        {},
        async ({ fake, ship, seen }) => {
          await seen('carrierBooked');
          await ship.toTheGate();
          const later = (await own.currentTimeMs()) + 3 * DAY;
          const said = (await own.currentTimeMs()) - HOUR;
          await ship.carrier({ kind: 'delayed', departsAt: later, arrivesAt: later + HOUR }, { at: said });
          await seen('delayed');
          await ship.carrier({ kind: 'delayed', departsAt: later - DAY, arrivesAt: later }, { at: said - HOUR });
          await seen('messageSetAside');
          await own.sleep('26 hours');
          expect(fake.types()).not.toContain('waitDue');
          expect(fake.status()).toBe('boarding');
          await own.sleep('50 hours');
          await seen('waitDue');
          expect(fake.batches.at(-1)?.projection['departs_at']).toBe(new Date(later).toISOString());
        },
        fakeMovement(),
        own,
      ),
    );
  });

  it('cancels: every seat is free, everybody is notified, nothing is asked back', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.toTheGate();
      await ship.carrier({ kind: 'cancelled' }, { eventKey: 'cancel' });
      await ship.carrier({ kind: 'cancelled' }, { eventKey: 'cancel' });
      await ship.carrier({ kind: 'cancelled' });
      expect(await ship.handle.result()).toBe('cancelled');
      expect(fake.calls).toMatchObject({ releaseAll: 1 });
      expect(fake.calls['recallRequest']).toBeUndefined();
      expect(fake.event('movementCancelled')).toEqual({ released: 4, byCarrier: true });
      expect(fake.types().at(-1)).toBe('movementClosed');
      expect(fake.calls['notifyJourneys']).toBeGreaterThanOrEqual(1);
    });
  });
});

describe('update inFlight of order', () => {
  it('arrived before departed: it has departed; departed after arrived changes nothing', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.toTheGate();
      await ship.scans('board', 4);
      await ship.carrier({ kind: 'arrived', stop: 'SAN' }, { eventKey: 'a' });
      await ship.carrier({ kind: 'departed' });
      await ship.carrier({ kind: 'arrived', stop: 'SAN' }, { eventKey: 'a' });
      await ship.carrier({ kind: 'cancelled' });
      await seen('messageSetAside');
      expect(fake.status()).toBe('arrived');
      expect(
        fake.types().filter((type) => ['movementDeparted', 'movementArrived', 'messageSetAside'].includes(type)),
      ).toEqual(['movementDeparted', 'movementArrived', 'messageSetAside']);
      await eventually(() => fake.waits().some(({ key }) => key === 'doubt'), 'the doubt is a task');
      expect(await ship.command('reconcile')).toMatchObject({ status: 'closed' });
      expect(await ship.handle.result()).toBe('closed');
    });
  });

  it('a departure that nobody boarded for is looked at by a person', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.command('allocateSeats');
      await ship.carrier({ kind: 'departed' });
      await seen('messageSetAside');
      expect(fake.status()).toBe('cleared');
      await eventually(
        () => fake.waits().some(({ key, whom }) => key === 'doubt' && whom.id === 'movement_officer'),
        'the task',
      );
    });
  });

  it('a stranger who speaks for the carrier is not seen', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.carrier({ kind: 'cancelled' }, { partnerId: 'par_other' });
      await seen('messageSetAside');
      expect(fake.status()).toBe('cleared');
    });
  });

  it('a difference keeps the movement open until somebody has said what became of each', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.toTheGate();
      await ship.scans('board', 3);
      await ship.carrier({ kind: 'departed' });
      await ship.carrier({ kind: 'arrived', stop: 'SAN' });
      await seen('movementArrived');
      expect(await ship.command('reconcile')).toMatchObject({ status: 'arrived', detail: { unaccounted: 1 } });
      expect(fake.types()).toContain('reconciliationBroken');
      await ship.scans('no_show', 1);
      expect(await ship.command('reconcile')).toMatchObject({ status: 'closed' });
    });
  });
});

describe('a household that cannot travel', () => {
  it('leaves the list, and after the lock the manifest goes on under its next version', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.command('allocateSeats');
      await ship.mustLeave('hh_1', 'k1');
      await ship.mustLeave('hh_1', 'k1');
      await seen('householdReleased');
      await ship.command('lockManifest');
      await ship.mustLeave('hh_2');
      await seen('manifestAmended');
      expect(fake.types().filter((type) => type === 'householdReleased')).toHaveLength(2);
      expect(fake.event('manifestAmended')).toEqual({ version: 2, people: 2 });
    });
  });

  it('a household on board must be offloaded by hand: a person has the task until then', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.toTheGate();
      await ship.scans('board', 4);
      await ship.mustLeave('hh_1');
      await seen('householdReleased');
      await eventually(() => fake.waits().some(({ key }) => key === 'mustLeave'), 'the task');
      await ship.scans('offload', 1);
      await seen('householdOffBoard');
      await eventually(() => !fake.waits().some(({ key }) => key === 'mustLeave'), 'the task is done');
    });
  });
});

describe('what must be compensated', () => {
  it('and cannot be at once is a task, is tried again, and never passed over', async () => {
    let fails = 7;
    const fake = fakeMovement();
    const { releaseAll } = fake.activities;
    fake.activities.releaseAll = async (input) => {
      if (fails-- > 0) throw new Error('the database is away');
      return releaseAll(input);
    };
    await skipping((own) =>
      withMovement(
        {},
        async ({ ship, seen }) => {
          await seen('carrierBooked');
          await ship.command('allocateSeats');
          await ship.carrier({ kind: 'cancelled' });
          await own.sleep('30 seconds');
          await seen('compensationFailed');
          await eventually(
            () => fake.waits().some(({ key, whom }) => key === 'compensate' && whom.id === 'duty_supervisor'),
            'the task',
          );
          expect(await ship.handle.result()).toBe('cancelled');
          expect(fake.types()).toEqual(
            expect.arrayContaining(['compensationFailed', 'compensated', 'movementCancelled']),
          );
          expect(fake.seats.reserved).toBe(0);
          expect(fake.waits()).toEqual([]);
        },
        fake,
        own,
      ),
    );
  });

  it('and never can be stays a task, and does not fill the history', async () => {
    const fake = fakeMovement();
    const { releaseAll } = fake.activities;
    let away = true;
    let tries = 0;
    fake.activities.releaseAll = async (input) => {
      tries += 1;
      if (away) throw new Error('the database is away');
      return releaseAll(input);
    };
    await skipping((own) =>
      withMovement(
        {},
        async ({ ship, seen }) => {
          await seen('carrierBooked');
          await ship.command('allocateSeats');
          await ship.carrier({ kind: 'cancelled' });
          await own.sleep('1 minute');
          await seen('compensationFailed');
          const { historyLength } = await ship.handle.describe();
          const { length } = fake.types();
          const before = tries;
          await own.sleep('12 hours');
          await eventually(() => tries >= before + 10, `tries (${tries})`);
          const escalation = fake.types().slice(length);
          expect(new Set(escalation)).toEqual(new Set(['waitReminded', 'waitDue', 'waitEscalated']));
          // a task, its escalation, and nothing for any of the tries
          expect((await ship.handle.describe()).historyLength - historyLength).toBeLessThan(60);
          expect(fake.types().filter((type) => type === 'compensationFailed')).toHaveLength(1);
          expect(fake.waits().map(({ key }) => key)).toContain('compensate');
          away = false;
          expect(await ship.handle.result()).toBe('cancelled');
        },
        fake,
        own,
      ),
    );
  });

  it('cancelled by us the booking is given back after the seats are free', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.command('allocateSeats');
      expect(await ship.command('cancelMovement')).toMatchObject({ status: 'cancelled', detail: { released: 4 } });
      expect(await ship.handle.result()).toBe('cancelled');
      expect(fake.calls['recallRequest']).toBe(1);
      expect(fake.types().slice(-3)).toEqual(['movementCancelled', 'bookingRecalled', 'movementClosed']);
      expect(await refusedOrGone(ship.command('allocateSeats'))).toBe(true);
    });
  });
});

describe('a change after the lock', () => {
  it('needs two people under two roles', async () => {
    await withMovement({}, async ({ fake, ship, seen }) => {
      await seen('carrierBooked');
      await ship.command('allocateSeats');
      await ship.command('lockManifest');
      await ship.command('reopenManifest');
      expect((await refused(ship.command('reopenManifest'))).reason).toMatch(/two roles/);
      expect((await refused(ship.command('allocateSeats'))).reason).toMatch(/locked/);
      await eventually(() => fake.waits().some(({ key }) => key === 'reopening'), 'the second role is asked');
      await ship.command('reopenManifest', {}, { actor: OFFICER('duty_supervisor') });
      await ship.command('allocateSeats');
      expect(await ship.command('lockManifest')).toMatchObject({ detail: { version: 2 } });
    });
  });

  it('a lost clearance closes the gate', async () => {
    await withMovement({}, async ({ ship, seen }) => {
      await seen('carrierBooked');
      await ship.toTheGate();
      expect(await ship.command('loseClearance', { kind: 'security' })).toMatchObject({ status: 'contracted' });
      expect((await refused(ship.scans('board', 1))).reason).toBe('The gate is not open');
      await ship.command('giveClearance', { kind: 'security' });
      expect(await ship.command('openBoarding')).toMatchObject({ status: 'boarding' });
    });
  });
});

describe('a new run', () => {
  it('goes on where the last one stood: state, waits, answers and what has been seen', async () => {
    const first = fakeMovement();
    let answer: unknown;
    await withMovement(
      {},
      async ({ ship, seen }) => {
        await seen('carrierBooked');
        answer = await ship.command('allocateSeats', {}, { commandId: 'before' });
        await ship.handle.terminate();
      },
      first,
    );
    const events = first.event_log();
    const state = events.reduce((before, event) => evolve(before, event as unknown as MovementEvent), emptyMovement());
    const carried = { state, waits: first.waits(), answered: [{ commandId: 'before', answer }], seen: ['seen'] };
    await withMovement(
      { carried: JSON.parse(JSON.stringify(carried)) },
      async ({ fake, ship, seen }) => {
        expect(await ship.command('allocateSeats', {}, { commandId: 'before' })).toEqual(answer);
        await ship.mustLeave('hh_1', 'seen');
        expect(await ship.command('lockManifest')).toMatchObject({ seq: events.length + 1 });
        await seen('manifestLocked');
        expect(fake.types()).toEqual(['manifestLocked']);
        expect(fake.event_log()[0]?.seq).toBe(events.length + 1);
        // who had not been notified when the last run was left is notified by this one
        await eventually(() => (fake.calls['notifyJourneys'] ?? 0) >= 1, 'people notified');
      },
      withSeats(4),
    );
  });
});

function withSeats(reserved: number): ReturnType<typeof fakeMovement> {
  const fake = fakeMovement();
  fake.seats.reserved = reserved;
  return fake;
}

async function refusedOrGone(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    () => true,
  );
}
