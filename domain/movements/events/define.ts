import { z } from 'zod';
import type { EventDefinition } from '../../events.ts';
import type { MovementState } from '../stored.ts';

/** An event of a movement. The table of seats names the people; it is written before the event. */
export function defineEvent<Schema extends z.ZodObject>(
  definition: EventDefinition<MovementState, Schema>,
): EventDefinition<MovementState, Schema> {
  return Object.freeze(definition);
}

const count = (what: string) => z.number().describe(what);

const Capacity = z
  .object({
    seats: count('seats'),
    infantLaps: count('infants on a lap'),
    stretchers: count('stretchers'),
    wheelchairs: count('wheelchairs'),
  })
  .describe('how many the vehicle holds');

export const CLEARANCE_KINDS = ['carrier', 'permit', 'security', 'receiving_state', 'reception'] as const;
export type ClearanceKind = (typeof CLEARANCE_KINDS)[number];

/** Messages of a carrier, by kind. */
export const CARRIER_MESSAGE_KINDS = ['smaller_vehicle', 'delayed', 'cancelled', 'departed', 'arrived'] as const;

/**
 * Counts of a movement's seats after a step. They are totals, never differences, so a repeated step writes a correct
 * event.
 */
const GateCounts = z.object({
  checkedIn: count('people checked in'),
  boarded: count('people on board'),
  noShow: count('people who did not come'),
  denied: count('people who were denied boarding'),
  offloaded: count('people who left the vehicle before departure'),
});

const Reconciliation = z.object({
  booked: count('people booked'),
  boarded: count('people who boarded'),
  noShow: count('people who did not come'),
  denied: count('people who were denied boarding'),
  offloaded: count('people who left the vehicle before departure'),
});

const RequestId = z.string().describe('id of the request');
const PartnerId = z.string().describe('id of the partner');
const HouseholdId = z.string().describe('id of the household');
const ClearanceKind = z.enum(CLEARANCE_KINDS).describe('the kind of clearance');
const DepartsAt = z.number().describe('departure, operation time in epoch milliseconds');
const ArrivesAt = z.number().describe('arrival, operation time in epoch milliseconds');
const ManifestVersion = z.number().describe('version of the manifest');
const People = z.number().describe('people concerned');
const OverCapacity = z.boolean().describe('whether more people hold seats than the vehicle has');
const Step = z.string().describe('the step');
const WaitKey = z.string().describe('key of the wait');

/** Parts of the data of several events. */
export const DATA = Object.freeze({
  requestId: RequestId,
  partnerId: PartnerId,
  householdId: HouseholdId,
  clearanceKind: ClearanceKind,
  departsAt: DepartsAt,
  arrivesAt: ArrivesAt,
  manifestVersion: ManifestVersion,
  people: People,
  overCapacity: OverCapacity,
  step: Step,
  waitKey: WaitKey,
  capacity: Capacity,
  gateCounts: GateCounts,
  reconciliation: Reconciliation,
});
