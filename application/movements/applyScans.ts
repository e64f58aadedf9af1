import type { GateCounts, Scan } from '../../domain/movements/events.ts';
import * as rules from '../../domain/movements/scans.ts';
import { BEFORE_DEPARTURE } from '../../domain/movements/statuses.ts';
import { type InMovement, type JudgedTransaction, occasionOf } from './seats.ts';

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
