import type { GateCounts, Reconciliation, Scan } from '../../domain/movements/events.ts';
import * as rules from '../../domain/movements/scans.ts';
import { BEFORE_DEPARTURE, ON_THE_GROUND, type SeatStatus } from '../../domain/movements/statuses.ts';
import {
  type InMovement,
  type JudgedTransaction,
  judgeSeated,
  occasionOf,
  type SeatPorts,
  type Transaction,
} from './seats.ts';

export type ScanInput = JudgedTransaction & {
  scans: readonly Scan[];
  /** the vehicle has left: a person who is scanned as on board now travelled with it */
  departed: boolean;
  /** households on board that must leave: the answer names those without anybody left on board */
  mustLeave: readonly string[];
};

export type ScanResult = GateCounts & { refused: number; offBoard: string[] };

/** Applies scans of the gate in one transaction, with the preconditions as they are now. Refused scans are listed. */
export const applyScans =
  (inMovement: InMovement) =>
  (input: ScanInput): Promise<ScanResult> =>
    inMovement(input.movementId, async (seats) => {
      const journeys = [...new Set(input.scans.map(({ journeyId }) => journeyId))];
      const households = await seats.householdsOf(journeys);
      await seats.lockHouseholds(households);
      const scanned = await seats.find({ journeys });
      const members = await seats.members(BEFORE_DEPARTURE, households);
      const people = await seats.preconditions(
        members.map(({ journeyId }) => journeyId),
        input.at,
      );
      const { changes, refused } = rules.applyScans(
        input.scans,
        new Map(scanned.map((seat) => [seat.journeyId, seat])),
        people,
        occasionOf(seats.movement, input),
        input.departed,
      );
      await seats.change(changes, input.actor);
      await seats.listRefusedScans(refused);
      const { gate } = await seats.count();
      const aboard =
        input.mustLeave.length === 0 ? [] : await seats.find({ status: ['boarded'], households: input.mustLeave });
      const onBoard = new Set(aboard.map(({ householdId }) => householdId));
      return { ...gate, refused: refused.length, offBoard: input.mustLeave.filter((id) => !onBoard.has(id)) };
    });

/** `already`: the carrier reports the departure. Nothing can be refused any more, so violations become an alarm. */
export type DepartInput = JudgedTransaction & { already: boolean };

/** `refused` gives a reason that everybody may read. `unaccounted`: seats not accounted for. */
export type DepartResult =
  | { outcome: 'departed'; aboard: number; unaccounted: number }
  | { outcome: 'refused'; reason: string };

const GONE: readonly SeatStatus[] = ['departed', 'arrived'];

/**
 * Records the departure with those on board, which cannot be compensated. Before it, every seat is accounted for, no
 * household is divided between vehicle and gate, and everybody on board meets the preconditions again.
 */
export const departSeats =
  (inMovement: InMovement) =>
  (input: DepartInput): Promise<DepartResult> =>
    inMovement(input.movementId, async (seats) => {
      const judged = await judgeSeated(seats, 'board', ['boarded'], input);
      const all = (await seats.find({})).filter(({ status }) => status !== 'released');
      const boarded = all.filter(({ status }) => status === 'boarded');
      const aboard = new Set(boarded.map(({ journeyId }) => journeyId));
      const open = all.filter(({ status }) => ON_THE_GROUND.includes(status)).length;
      const atTheGate = new Set(
        all.flatMap(({ householdId, status }) =>
          status === 'boarded' || status === 'died' || GONE.includes(status) ? [] : [householdId],
        ),
      );
      const divided = [...new Set(boarded.map(({ householdId }) => householdId))].filter((id) => atTheGate.has(id));
      const notToTravel = judged.flatMap(({ verdicts }) =>
        verdicts.flatMap(({ journeyId, own, group }) =>
          aboard.has(journeyId) && own.length + group.length > 0 ? [journeyId] : [],
        ),
      );
      const reason = whyNot(open, divided.length, notToTravel.length);
      if (!input.already && reason !== undefined) return { outcome: 'refused', reason };
      if (divided.length > 0 || notToTravel.length > 0) {
        const { id: subject, operationId } = seats.movement;
        const detail = { households: divided.toSorted(), journeys: notToTravel };
        await seats.raiseAlarm({ operationId, subject, kind: 'departed_against_preconditions', detail }, 'departed');
      }
      await seats.change(
        boarded.map(({ id }) => ({ seatId: id, status: 'departed', at: input.at })),
        input.actor,
      );
      await seats.endManifest('final');
      const gone = all.filter(({ status }) => GONE.includes(status)).length;
      return { outcome: 'departed', aboard: boarded.length + gone, unaccounted: open };
    });

function whyNot(open: number, divided: number, notToTravel: number): string | undefined {
  if (open === 1) return '1 person with a seat is neither on board nor accounted for';
  if (open > 0) return `${open} people with a seat are neither on board nor accounted for`;
  if (divided === 1) return '1 household is divided: offload it, or let a person decide';
  if (divided > 0) return `${divided} households are divided: offload them, or let a person decide`;
  if (notToTravel === 1) return '1 person on board may not travel and must be offloaded';
  if (notToTravel > 0) return `${notToTravel} people on board may not travel and must be offloaded`;
  return undefined;
}

export type ArriveInput = Transaction & { stop: string; last: boolean; otherStops: readonly string[] };

/** Everybody who leaves at this stop has arrived; at the last stop also everybody without a stop of their own. */
export const arriveSeats =
  (inMovement: InMovement) =>
  ({ movementId, at, actor, stop, last, otherStops }: ArriveInput): Promise<{ alighted: number }> =>
    inMovement(movementId, async (seats) => {
      const here = (await seats.find({ status: GONE })).filter(
        ({ alightAt }) => alightAt === stop || (last && (alightAt === null || !otherStops.includes(alightAt))),
      );
      const leaving = here.filter(({ status }) => status === 'departed');
      await seats.change(
        leaving.map(({ id }) => ({ seatId: id, status: 'arrived', at })),
        actor,
      );
      const before = here.filter(({ status, statusAt }) => status === 'arrived' && statusAt === at).length;
      return { alighted: before + leaving.length };
    });

/**
 * Booked = boarded + no-show + denied + offloaded. `booked` comes from the last manifest and the rest from the seats, so
 * that each checks the other. A person who is not accounted for always shows, even if another count is too high by one.
 */
export const reconcileSeats =
  ({ count }: Pick<SeatPorts, 'count'>) =>
  async ({ movementId }: { movementId: string }): Promise<Reconciliation & { unaccounted: number }> => {
    const { booked, open, gate } = await count(movementId);
    const { boarded, noShow, denied, offloaded } = gate;
    const difference = booked - boarded - noShow - denied - offloaded;
    const unaccounted = Math.abs(difference) > open ? difference : open;
    return { booked, boarded, noShow, denied, offloaded, unaccounted };
  };
