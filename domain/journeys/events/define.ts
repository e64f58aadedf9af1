import { z } from 'zod';
import type { EventDefinition, SeatToFree } from '../../events.ts';
import type { JourneyPhase } from '../statuses.ts';
import type { JourneyState } from '../stored.ts';

type Definition<Schema extends z.ZodObject> = EventDefinition<JourneyState, Schema>;

/** An event of a journey. `phase` is where it stands in the history; `here`: in the phase of the journey at that moment. */
export function defineEvent<Schema extends z.ZodObject>(
  definition: Omit<Definition<Schema>, 'sentence'> & {
    sentence: NonNullable<Definition<Schema>['sentence']>;
    phase: JourneyPhase | 'here';
  },
): Definition<Schema> & { phase: JourneyPhase | 'here' } {
  return Object.freeze(definition);
}

export const SEAT_KINDS = ['seat', 'infant_lap', 'stretcher', 'wheelchair'] as const;

/** Parts of the data of several events. */
export const DATA = Object.freeze({
  instant: z.number().describe('operation time in epoch milliseconds'),
  requestId: z.string().describe('id of the request'),
  partnerId: z.string().describe('id of the partner'),
  holdId: z.string().describe('id of the hold; it says nothing of its kind'),
  documentId: z.string().describe('id of the document'),
  movementId: z.string().describe('id of the movement'),
  waitKey: z.string().describe('key of the wait'),
  leg: z.string().describe('code of the leg'),
  route: z.array(z.string()).describe('codes of the legs, in order'),
  round: z.number().describe('how often it was requested, from 1'),
  consentVersion: z.number().describe('version of the consent'),
  validUntil: z.number().describe('the document is valid until then'),
});

/** Nobody is taken off a vehicle by a decision: from boarding on the seat stays. */
export const BEFORE_BOARDING: readonly SeatToFree[] = ['reserved', 'checked_in'];
