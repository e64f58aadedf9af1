import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import {
  movementActivities,
  newsOf,
  type SeatClaims,
  type SeatNewsPort,
  type UntoldSeat,
} from '../../activities/movements.ts';
import { SYSTEM } from '../../domain/actor.ts';
import type { TravelNews } from '../../workflows/messages.ts';

const seat = (n: number, over: Partial<UntoldSeat> = {}): UntoldSeat => ({
  seatId: `seat_${n}`,
  journeyId: `jrn_${n}`,
  kind: 'seat',
  stage: 'evacuation',
  status: 'claimed',
  told: null,
  at: 7,
  actor: SYSTEM,
  reasonCode: null,
  ...over,
});

/** Seats in memory; `hear` is each journey. */
function town(seats: UntoldSeat[], hear: SeatNewsPort['tellJourney']) {
  const undelivered: UntoldSeat[] = [];
  const port: SeatNewsPort = {
    readUntold: async (_movement, limit) =>
      seats
        .filter((one) => one.told !== one.status)
        .slice(0, limit)
        .map((one) => ({ ...one })),
    markTold: async (told) => {
      for (const { seatId, status } of told) for (const one of seats) if (one.seatId === seatId) one.told = status;
    },
    noteUndelivered: async (_movement, some) => void undelivered.push(...some),
    tellJourney: hear,
  };
  // The claims are not called here.
  const { tellJourneys } = movementActivities({} as SeatClaims, port);
  return { tell: () => new MockActivityEnvironment().run(tellJourneys, { movementId: 'mov_1' }), undelivered };
}

describe('telling journeys', () => {
  it('tells everybody once, at most twenty at a time', async () => {
    const seats = Array.from({ length: 55 }, (_, i) => seat(i));
    const heard: string[] = [];
    let now = 0;
    let most = 0;
    const { tell } = town(seats, async (journeyId) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
      heard.push(journeyId);
      return 'told';
    });
    expect(await tell()).toEqual({ told: 55, over: 0 });
    expect(await tell()).toEqual({ told: 0, over: 0 });
    expect(new Set(heard).size).toBe(55);
    expect(most).toBe(20);
  });

  it('tried again after a failure, the same news has the same keys', async () => {
    const keys: string[][] = [];
    let fail = true;
    const { tell } = town([seat(1, { status: 'checked_in' })], async (_journey, news) => {
      keys.push(news.map((one) => one.key));
      if (fail) throw new Error('the server is away');
      return 'told';
    });
    await expect(tell()).rejects.toThrow('away');
    fail = false;
    await tell();
    expect(keys[0]).toEqual(keys[1]);
    expect(keys[0]).toEqual(['mov_1:seat_1:claimed', 'mov_1:seat_1:checked_in']);
  });

  it('a journey that is over hears nothing; that somebody sits on the vehicle under it is noted', async () => {
    const { tell, undelivered } = town(
      [seat(1, { status: 'boarded' }), seat(2, { status: 'released', told: 'claimed' })],
      async () => 'over',
    );
    expect(await tell()).toEqual({ told: 0, over: 2 });
    expect(undelivered.map((one) => one.journeyId)).toEqual(['jrn_1']);
  });

  it('says how the seat came to stand, in order, with the reason only for the last step', () => {
    const news: TravelNews[] = newsOf(
      'mov_1',
      seat(1, { status: 'offloaded', told: 'claimed', reasonCode: 'not_travelling' }),
    );
    expect(news.map((one) => [one.news.kind, one.reasonCode])).toEqual([
      ['checkedIn', undefined],
      ['boarded', undefined],
      ['offloaded', 'not_travelling'],
    ]);
    expect(newsOf('mov_1', seat(1, { status: 'arrived', told: 'departed' }))[0]?.news).toEqual({
      kind: 'arrived',
      movementId: 'mov_1',
      stage: 'evacuation',
    });
    expect(newsOf('mov_1', seat(1, { kind: 'stretcher' }))[0]?.news).toEqual({
      kind: 'seatAssigned',
      movementId: 'mov_1',
      stage: 'evacuation',
      seat: 'stretcher',
    });
  });
});
