import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scan } from '../../../domain/movements/events.ts';
import { pendingNotifications, REFUSED_SCANS, SCANS } from '../../../domain/movements/scans.ts';
import type { SeatStatus } from '../../../domain/movements/statuses.ts';

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
