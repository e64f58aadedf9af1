import type { z } from 'zod';
import type { Actor } from '../actor.ts';
import { dataOf } from '../events.ts';
import { REQUEST_PARTS } from '../requests/journey.ts';
import type { Instant } from '../time.ts';
import { eventForms } from '../versioned.ts';
import { deathRecorded, followUpDone, journeyEnded, received, reintegrationPlanned } from './events/arrival.ts';
import {
  consentGiven,
  consentReconfirmed,
  consentRefused,
  consentWithdrawn,
  disclosureBlocked,
  holdRaised,
  holdReleased,
  holdsReviewed,
} from './events/consent.ts';
import { type SEAT_KINDS } from './events/define.ts';
import { contactAttempted, endingProposed, endingRejected, journeyReopened } from './events/endings.ts';
import { ageJudged, householdChanged, householdConfirmed, splitOff } from './events/household.ts';
import { identityConfirmed, identityUnclear, journeyStarted, riskDecided, screened } from './events/registration.ts';
import { partnerMissing, requestRecalled } from './events/requests.ts';
import {
  arrived,
  boarded,
  checkedIn,
  deniedBoarding,
  departed,
  noShow,
  offloaded,
  routeDecided,
  seatAssigned,
  seatAwaited,
  seatReleased,
  withdrawalNoted,
} from './events/travel.ts';
import { cancelRequestDismissed, cancelRequested, waitDue, waitEscalated, waitReminded } from './events/waits.ts';

export { SEAT_KINDS } from './events/define.ts';
export type SeatKind = (typeof SEAT_KINDS)[number];

/** What every event carries in addition to its own fields. `at` is operation time. */
export type EventHeader = {
  at: Instant;
  actor: Actor;
  /** id of the command that caused the event; one command makes at most one event of each type */
  commandId?: string;
  reasonCode?: string;
  noteId?: string;
};

/** Every event of a journey. */
export const JOURNEY_EVENTS = Object.freeze({
  journeyStarted,
  identityConfirmed,
  identityUnclear,
  screened,
  riskDecided,
  consentGiven,
  consentRefused,
  consentWithdrawn,
  consentReconfirmed,
  holdRaised,
  holdReleased,
  holdsReviewed,
  disclosureBlocked,
  ...REQUEST_PARTS.events,
  partnerMissing,
  requestRecalled,
  routeDecided,
  seatAwaited,
  seatAssigned,
  seatReleased,
  checkedIn,
  boarded,
  noShow,
  deniedBoarding,
  offloaded,
  departed,
  arrived,
  withdrawalNoted,
  splitOff,
  householdChanged,
  householdConfirmed,
  ageJudged,
  received,
  reintegrationPlanned,
  followUpDone,
  waitReminded,
  waitDue,
  waitEscalated,
  cancelRequested,
  cancelRequestDismissed,
  contactAttempted,
  endingProposed,
  endingRejected,
  deathRecorded,
  journeyEnded,
  journeyReopened,
});

export const JOURNEY_EVENT_DATA = dataOf(JOURNEY_EVENTS);

/** How the data of a journey's events is written and read. */
export const JOURNEY_EVENT_FORMS = eventForms('journey', JOURNEY_EVENT_DATA);

export type JourneyEvents = { [T in keyof typeof JOURNEY_EVENT_DATA]: z.infer<(typeof JOURNEY_EVENT_DATA)[T]> };

export type JourneyEventType = keyof JourneyEvents;

export type JourneyEvent = {
  [T in JourneyEventType]: EventHeader & { type: T; data: JourneyEvents[T] };
}[JourneyEventType];
