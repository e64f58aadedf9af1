import type { Actor } from '../../domain/actor.ts';
import type { SeatKind } from '../../domain/journeys/events.ts';
import { pendingNotifications } from '../../domain/movements/scans.ts';
import { HELD, type SeatStatus } from '../../domain/movements/statuses.ts';
import type { Instant } from '../../domain/time.ts';
import type { MovementUpdate } from '../../workflows/messages.ts';
import type { Alarm } from '../alarms/alarms.ts';

/** A seat with updates that its journey has not received yet. */
export type PendingSeatNotification = {
  seatId: string;
  operationId: string;
  journeyId: string;
  kind: SeatKind;
  leg: string;
  status: SeatStatus;
  notified: SeatStatus | null;
  at: Instant;
  actor: Actor;
  reasonCode: string | null;
};

export type NotifyPorts = {
  pendingNotifications(movementId: string, limit: number): Promise<PendingSeatNotification[]>;
  /** Up to which status each journey has been notified; a seat that has changed meanwhile stays pending. */
  markNotified(notified: ReadonlyArray<Pick<PendingSeatNotification, 'seatId' | 'status'>>): Promise<void>;
  /** Signals one journey; `closed` if it has ended. */
  movementUpdated(journeyId: string, update: MovementUpdate[]): Promise<'delivered' | 'closed'>;
  raiseAlarm(alarm: Alarm, occasion: string): Promise<void>;
};

const NOTIFIED_AT_ONCE = 20;
const READ_AT_ONCE = 500;

/** `over`: journeys that have ended, which receive no more signals. */
export type NotifyResult = { notified: number; over: number };

/**
 * Notifies the journey of each person of the status of their seat, in order, each step once even if retried. An alarm is
 * raised if a person is on the vehicle although their journey has ended.
 */
export const notifyJourneys =
  (ports: NotifyPorts, progress: (counts: NotifyResult) => void) =>
  async ({ movementId }: { movementId: string }): Promise<NotifyResult> => {
    const counts = { notified: 0, over: 0 };
    for (;;) {
      const seats = await ports.pendingNotifications(movementId, READ_AT_ONCE);
      if (seats.length === 0) return counts;
      for (let from = 0; from < seats.length; from += NOTIFIED_AT_ONCE) {
        const batch = seats.slice(from, from + NOTIFIED_AT_ONCE);
        const answers = await Promise.all(
          batch.map((seat) => ports.movementUpdated(seat.journeyId, updatesOf(movementId, seat))),
        );
        const over = batch.filter((_seat, i) => answers[i] === 'closed');
        for (const { seatId, operationId, journeyId: subject, status } of over) {
          if (!HELD.some((held) => held === status)) continue;
          const detail = { movementId, status };
          const alarm: Alarm = { operationId, subject, kind: 'movement_update_undelivered', detail };
          await ports.raiseAlarm(alarm, `${seatId}:${status}`);
        }
        await ports.markNotified(batch);
        counts.notified += batch.length - over.length;
        counts.over += over.length;
        progress(counts);
      }
    }
  };

const KINDS = {
  released: 'seatReleased',
  checked_in: 'checkedIn',
  boarded: 'boarded',
  no_show: 'noShow',
  denied: 'deniedBoarding',
  offloaded: 'offloaded',
  departed: 'departed',
} as const;

/** The steps of a seat that its journey has not received yet, in order; the keys make them idempotent. */
export function updatesOf(movementId: string, seat: PendingSeatNotification): MovementUpdate[] {
  return pendingNotifications(seat.notified, seat.status).flatMap((status): MovementUpdate[] => {
    // a journey that ended by a death is told nothing
    if (status === 'died') return [];
    const header = {
      key: `${movementId}:${seat.seatId}:${status}`,
      at: seat.at,
      actor: seat.actor,
      ...(seat.reasonCode === null || status !== seat.status ? {} : { reasonCode: seat.reasonCode }),
    };
    if (status === 'reserved')
      return [{ ...header, update: { kind: 'seatAssigned', movementId, leg: seat.leg, seat: seat.kind } }];
    if (status === 'arrived') return [{ ...header, update: { kind: 'arrived', movementId, leg: seat.leg } }];
    return [{ ...header, update: { kind: KINDS[status], movementId } }];
  });
}
