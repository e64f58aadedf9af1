import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scan } from '../../../domain/movements/events.ts';
import { applyScans, pendingNotifications, REFUSED_SCANS, SCANS } from '../../../domain/movements/scans.ts';
import type { SeatStatus } from '../../../domain/movements/statuses.ts';
import { NOW, OCCASION, person } from './person.ts';

const STATUSES = Object.keys(SCANS) as SeatStatus[];
const KINDS: Array<Scan['kind']> = ['check_in', 'board', 'no_show', 'deny', 'offload'];

/** The status after a scan that the gate lets through. */
function after(status: SeatStatus, kind: Scan['kind']): SeatStatus {
  const effect = SCANS[status][kind];
  return 'to' in effect ? effect.to : status;
}

describe('scans', () => {
  it('the same scan twice is once', () => {
    for (const status of STATUSES) {
      for (const kind of KINDS) {
        const once = after(status, kind);
        expect(after(once, kind)).toBe(once);
        if (once !== status) expect(SCANS[once][kind]).toEqual({ again: true });
      }
    }
  });

  it('check in or board nobody without a check of the preconditions, and nobody without a seat', () => {
    for (const status of STATUSES) {
      for (const kind of ['check_in', 'board'] as const) {
        const effect = SCANS[status][kind];
        if ('to' in effect) expect(effect.checks).toBe(kind);
      }
    }
    for (const kind of KINDS) expect(SCANS.released[kind]).toEqual({ refused: 'no_seat' });
  });

  it('whatever order the scans come in, a seat that is given up stays so, and only a person on board can be offloaded', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...KINDS)), (kinds) => {
        let status: SeatStatus = 'reserved';
        for (const kind of kinds) {
          const next = after(status, kind);
          if (['no_show', 'denied', 'offloaded'].includes(status)) expect(next).toBe(status);
          if (next === 'offloaded' && status !== 'offloaded') expect(status).toBe('boarded');
          status = next;
        }
      }),
    );
  });

  it('every refusal has its words', () => {
    for (const words of Object.values(REFUSED_SCANS)) expect(words.length).toBeGreaterThan(10);
  });
});

describe('a batch of scans', () => {
  const scan = (kind: Scan['kind'], journeyId: string, at = NOW): Scan => ({
    scanId: `${kind} ${journeyId}`,
    journeyId,
    kind,
    at,
  });
  const seat = (id: string, status: SeatStatus = 'reserved') => [id, { id: `seat_${id}`, status }] as const;
  const apply = (scans: Scan[], people = [person('a'), person('b')], departed = false) => {
    const seats = new Map(people.map(({ journeyId }) => seat(journeyId)));
    const { changes, refused } = applyScans(scans, seats, people, OCCASION, departed);
    return {
      changes: changes.map(({ seatId, status, reasonCode }) => [seatId, status, ...(reasonCode ? [reasonCode] : [])]),
      refused: refused.map(({ scan: { journeyId }, code }) => [journeyId, code]),
    };
  };

  it('is applied in the order of time, and each seat changes once', () => {
    const late = scan('board', 'a', NOW + 1);
    expect(apply([late, scan('check_in', 'a'), late])).toEqual({ changes: [['seat_a', 'boarded']], refused: [] });
  });

  it('never takes a time of the future for granted', () => {
    const { changes } = applyScans([scan('board', 'a', NOW + 5)], new Map([seat('a')]), [person('a')], OCCASION, false);
    expect(changes).toMatchObject([{ at: NOW }]);
  });

  it('denies who does not meet the preconditions, without saying why, and keeps back the rest of the household', () => {
    const held = person('a', { held: true });
    expect(apply([scan('board', 'a'), scan('board', 'b')], [held, person('b')])).toEqual({
      changes: [['seat_a', 'denied', 'not_travelling']],
      refused: [
        ['a', 'preconditions'],
        ['b', 'household'],
      ],
    });
  });

  it('sees in a later scan what an earlier one changed in the household', () => {
    expect(apply([scan('board', 'a'), scan('no_show', 'b', NOW + 1)]).refused).toEqual([]);
    expect(apply([scan('no_show', 'b'), scan('board', 'a', NOW + 1)]).refused).toEqual([['a', 'household']]);
    const three = [person('a'), person('b'), person('c')];
    const scans = [scan('board', 'a'), scan('no_show', 'b', NOW + 1), scan('board', 'c', NOW + 2)];
    expect(apply(scans, three).refused).toEqual([['c', 'household']]);
    const other = person('c', { householdId: 'other' });
    expect(apply([scan('no_show', 'b'), scan('board', 'c', NOW + 1)], [person('b'), other]).refused).toEqual([]);
  });

  it('a person who is scanned on board of a vehicle that has left has left with it', () => {
    expect(apply([scan('board', 'a')], undefined, true).changes).toEqual([['seat_a', 'departed']]);
  });

  it('refuses whoever has no seat or is not known', () => {
    expect(apply([scan('board', 'x')])).toEqual({ changes: [], refused: [['x', 'no_seat']] });
    expect(applyScans([scan('board', 'x')], new Map([seat('x')]), [], OCCASION, false).changes).toMatchObject([
      { status: 'denied' },
    ]);
  });
});

describe('what a journey is notified of its seat', () => {
  it.each<[SeatStatus | null, SeatStatus, SeatStatus[]]>([
    [null, 'reserved', ['reserved']],
    ['reserved', 'boarded', ['checked_in', 'boarded']],
    ['checked_in', 'no_show', ['no_show']],
    [null, 'released', ['reserved', 'released']],
    ['reserved', 'released', ['released']],
    ['boarded', 'departed', ['departed']],
    ['reserved', 'arrived', ['checked_in', 'boarded', 'departed', 'arrived']],
    ['departed', 'departed', []],
  ])('notified %s, now %s: %j', (notified, status, expected) => {
    expect(pendingNotifications(notified, status)).toEqual(expected);
  });

  it('ends with the present status, and begins with the seat for whoever has seen nothing', () => {
    for (const status of STATUSES) {
      expect(pendingNotifications(null, status).at(-1)).toBe(status);
      expect(pendingNotifications(null, status)[0]).toBe('reserved');
    }
  });
});
