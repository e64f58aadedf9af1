import { z } from 'zod';
import type { Actor } from '../actor.ts';
import { eventForms } from '../eventForms.ts';
import { FIELDS } from '../requests/definition.ts';
import { REQUEST_PARTS } from '../requests/journey.ts';
import type { Instant as EpochMilliseconds } from '../time.ts';
import { ENDINGS } from './statuses.ts';

/** What every event carries in addition to its own fields. `at` is operation time. */
export type EventHeader = {
  at: EpochMilliseconds;
  actor: Actor;
  /** id of the command that caused the event; one command makes at most one event of each type */
  commandId?: string;
  reasonCode?: string;
  noteId?: string;
};

export const SEAT_KINDS = ['seat', 'infant_lap', 'stretcher', 'wheelchair'] as const;
export type SeatKind = (typeof SEAT_KINDS)[number];

const { requestId: RequestId, partnerId: PartnerId } = FIELDS;
const HoldId = z.string().describe('id of the hold; it says nothing of its kind');
const MovementId = z.string().describe('id of the movement');
const WaitKey = z.string().describe('key of the wait');
const Leg = z.string().describe('code of the leg');
const Route = z.array(z.string()).describe('codes of the legs, in order');
const ConsentVersion = z.number().describe('version of the consent');
const SeatKind = z.enum(SEAT_KINDS);

/** The data of a journey's events, by type: ids, codes and instants only, so that no event names a person. */
export const JOURNEY_EVENT_DATA = Object.freeze({
  journeyStarted: z
    .object({
      consent: z.enum(['given', 'pending', 'refused']).describe('consent at registration'),
      holds: z.array(z.string()).describe('ids of the holds raised at registration'),
      route: Route,
      routeDecided: z.boolean().describe('false where a person must decide the route'),
    })
    .describe('The person is registered and the journey begins.'),
  identityConfirmed: z
    .object({
      by: z.enum(['registry', 'staff']).describe('who confirmed it'),
      requestId: RequestId.optional(),
    })
    .describe('The identity is confirmed.'),
  identityUnclear: z
    .object({
      outcome: z.enum(['not_found', 'several', 'no_registry']).describe('the result of the registry look-up'),
      requestId: RequestId.optional(),
    })
    .describe('The registry could not confirm the identity.'),
  screened: z
    .object({
      risk: z.enum(['none', 'elevated', 'acute']).describe('the risk that was found'),
    })
    .describe('The protection screening is done.'),
  consentGiven: z
    .object({
      version: ConsentVersion,
      form: z.enum(['explicit', 'proxy']).describe('given in person, or by a person who may consent for them'),
      sharing: z.boolean().describe('whether data may be shared with partners'),
    })
    .describe('The person consents.'),
  consentRefused: z.object({ version: ConsentVersion }).describe('The person refuses consent.'),
  consentWithdrawn: z.object({ version: ConsentVersion }).describe('The person withdraws consent.'),
  consentReconfirmed: z.object({ version: ConsentVersion }).describe('The person confirms an earlier consent.'),
  holdRaised: z.object({ holdId: HoldId }).describe('A hold is raised.'),
  holdReleased: z.object({ holdId: HoldId }).describe('A hold is released.'),
  disclosureBlocked: z
    .object({
      partnerId: PartnerId.optional(),
      reasons: z.array(z.string()).describe('codes of the preconditions that failed'),
    })
    .describe('Data was not sent, because a precondition failed.'),
  ...REQUEST_PARTS.events,
  partnerMissing: z
    .object({ what: z.enum(REQUEST_PARTS.missing).describe('the kind of request') })
    .describe('The operation has no partner for the request.'),
  requestRecalled: z.object({ requestId: RequestId }).describe('A request to a partner is recalled.'),
  routeDecided: z.object({ route: Route }).describe('A person decides the route.'),
  seatAssigned: z
    .object({
      movementId: MovementId,
      leg: Leg,
      kind: SeatKind.describe('the kind of seat'),
    })
    .describe('The person has a seat.'),
  seatReleased: z.object({ movementId: MovementId }).describe('The seat is released.'),
  checkedIn: z.object({ movementId: MovementId }).describe('The person is checked in.'),
  boarded: z.object({ movementId: MovementId }).describe('The person is on board.'),
  noShow: z.object({ movementId: MovementId }).describe('The person did not come.'),
  deniedBoarding: z.object({ movementId: MovementId }).describe('The person is denied boarding.'),
  offloaded: z.object({ movementId: MovementId }).describe('The person left the vehicle before departure.'),
  departed: z.object({ movementId: MovementId }).describe('The movement departed with the person.'),
  arrived: z
    .object({
      movementId: MovementId,
      leg: Leg,
      lastOfRoute: z.boolean().describe('whether it is the last leg of the route'),
    })
    .describe('The person arrived.'),
  withdrawalNoted: z.object({ movementId: MovementId }).describe('The person withdraws while on the way.'),
  splitOff: z
    .object({
      householdId: z.string().describe('id of the new household'),
    })
    .describe('The person is separated from the household.'),
  householdChanged: z
    .object({
      journeyId: z.string().describe("id of the member's journey"),
    })
    .describe('A member of the household ended their journey without travel.'),
  householdConfirmed: z.object({}).describe('A person confirms that the household travels as it is.'),
  received: z.object({ siteId: z.string().optional().describe('id of the site') }).describe('The person is received.'),
  reintegrationPlanned: z
    .object({
      dimensions: z.array(z.enum(['economic', 'social', 'psychosocial'])).describe('what the plan covers'),
    })
    .describe('A reintegration plan is made.'),
  followUpDone: z
    .object({
      month: z.number().describe('months after arrival'),
      reached: z.boolean().describe('whether the person was reached'),
    })
    .describe('A follow-up contact was made.'),
  waitReminded: z.object({ key: WaitKey }).describe('A reminder of a wait is due.'),
  waitDue: z.object({ key: WaitKey }).describe('A wait is overdue.'),
  waitEscalated: z.object({ key: WaitKey }).describe('An overdue wait is escalated.'),
  cancelRequested: z.object({}).describe('Somebody asked Temporal to cancel the workflow; nothing is cancelled by it.'),
  cancelRequestDismissed: z.object({}).describe('A person decided that the journey goes on.'),
  journeyEnded: z.object({ ending: z.enum(ENDINGS).describe('why it ends') }).describe('The journey ends.'),
});

/** How the data of a journey's events is written and read. */
export const JOURNEY_EVENT_FORMS = eventForms('journey', JOURNEY_EVENT_DATA);

export type JourneyEvents = { [T in keyof typeof JOURNEY_EVENT_DATA]: z.infer<(typeof JOURNEY_EVENT_DATA)[T]> };

export type JourneyEventType = keyof JourneyEvents;

export type JourneyEventOf<T extends JourneyEventType> = EventHeader & { type: T; data: JourneyEvents[T] };

export type JourneyEvent = { [T in JourneyEventType]: JourneyEventOf<T> }[JourneyEventType];
