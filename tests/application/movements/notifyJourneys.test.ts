import { describe, expect, it } from 'vitest';
import {
  type NotifyPorts,
  notifyJourneys,
  type PendingSeatNotification,
  updatesOf,
} from '../../../application/movements/notifyJourneys.ts';
import { SYSTEM } from '../../../domain/actor.ts';
import type { MovementUpdate } from '../../../workflows/messages.ts';

const seat = (n: number, over: Partial<PendingSeatNotification> = {}): PendingSeatNotification => ({
  seatId: `seat_${n}`,
  operationId: 'op_1',
  journeyId: `jrn_${n}`,
  kind: 'seat',
  leg: 'evacuation',
  status: 'reserved',
  notified: null,
  at: 7,
  actor: SYSTEM,
  reasonCode: null,
  ...over,
});

/** Seats in memory; `seen` stands for each journey. */
function journeys(seats: PendingSeatNotification[], seen: NotifyPorts['movementUpdated']) {
  const alarms: Array<Parameters<NotifyPorts['raiseAlarm']>> = [];
  const progress: number[] = [];
  const ports: NotifyPorts = {
    pendingNotifications: async (_movement, limit) =>
      seats
        .filter((one) => one.notified !== one.status)
        .slice(0, limit)
        .map((one) => ({ ...one })),
    markNotified: async (notified) => {
      for (const { seatId, status } of notified)
        for (const one of seats) if (one.seatId === seatId) one.notified = status;
    },
    movementUpdated: seen,
    raiseAlarm: async (...alarm) => void alarms.push(alarm),
  };
  const run = notifyJourneys(ports, ({ notified }) => progress.push(notified));
  return { notify: () => run({ movementId: 'mov_1' }), alarms, progress };
}

describe('notifying journeys', () => {
  it('notifies everybody once, at most twenty at a time', async () => {
    const seats = Array.from({ length: 55 }, (_, i) => seat(i));
    const seen: string[] = [];
    let now = 0;
    let most = 0;
    const { notify, progress } = journeys(seats, async (journeyId) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
      seen.push(journeyId);
      return 'delivered';
    });
    expect(await notify()).toEqual({ notified: 55, over: 0 });
    expect(await notify()).toEqual({ notified: 0, over: 0 });
    expect(new Set(seen).size).toBe(55);
    expect(most).toBe(20);
    expect(progress).toEqual([20, 40, 55]);
  });

  it('tried again after a failure, the same update has the same keys', async () => {
    const keys: string[][] = [];
    let fail = true;
    const { notify } = journeys([seat(1, { status: 'checked_in' })], async (_journey, update) => {
      keys.push(update.map((one) => one.key));
      if (fail) throw new Error('the server is away');
      return 'delivered';
    });
    await expect(notify()).rejects.toThrow('away');
    fail = false;
    await notify();
    expect(keys[0]).toEqual(keys[1]);
    expect(keys[0]).toEqual(['mov_1:seat_1:reserved', 'mov_1:seat_1:checked_in']);
  });

  it('a journey that has ended gets no signal; an alarm notes that its person is on the vehicle', async () => {
    const { notify, alarms } = journeys(
      [seat(1, { status: 'boarded' }), seat(2, { status: 'released', notified: 'reserved' })],
      async () => 'closed',
    );
    expect(await notify()).toEqual({ notified: 0, over: 2 });
    expect(alarms).toEqual([
      [
        {
          operationId: 'op_1',
          subject: 'jrn_1',
          kind: 'movement_update_undelivered',
          detail: { movementId: 'mov_1', status: 'boarded' },
        },
        'seat_1:boarded',
      ],
    ]);
  });

  it('lists the steps of the seat in order, with the reason only for the last step', () => {
    const update: MovementUpdate[] = updatesOf(
      'mov_1',
      seat(1, { status: 'offloaded', notified: 'reserved', reasonCode: 'not_travelling' }),
    );
    expect(update.map((one) => [one.update.kind, one.reasonCode])).toEqual([
      ['checkedIn', undefined],
      ['boarded', undefined],
      ['offloaded', 'not_travelling'],
    ]);
    expect(updatesOf('mov_1', seat(1, { status: 'arrived', notified: 'departed' }))[0]?.update).toEqual({
      kind: 'arrived',
      movementId: 'mov_1',
      leg: 'evacuation',
    });
    expect(updatesOf('mov_1', seat(1, { kind: 'stretcher' }))[0]?.update).toEqual({
      kind: 'seatAssigned',
      movementId: 'mov_1',
      leg: 'evacuation',
      seat: 'stretcher',
    });
  });
});
