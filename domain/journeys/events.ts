import type { Actor } from '../actor.ts';
import type { Instant } from '../time.ts';
import type { Ending } from './statuses.ts';

/** What every event carries besides its own fields. `at` is operation time. */
export type EventHeader = {
  at: Instant;
  actor: Actor;
  /** id of the command that brought it about; the same command never makes a second event of one type */
  commandId?: string;
  reasonCode?: string;
  noteId?: string;
};

export type SeatKind = 'seat' | 'infant_lap' | 'stretcher' | 'wheelchair';

/** What can be true of a journey, by type. Ids, codes and instants only: nothing here can name a person. */
export type JourneyEvents = {
  journeyStarted: { consent: 'given' | 'pending' | 'refused'; holds: string[]; route: string[]; routeDecided: boolean };
  identityConfirmed: { by: 'registry' | 'staff'; requestId?: string };
  identityUnclear: { outcome: 'not_found' | 'several' | 'no_registry'; requestId?: string };
  screened: { risk: 'none' | 'elevated' | 'acute' };
  consentGiven: { version: number; form: 'explicit' | 'proxy'; sharing: boolean };
  consentRefused: { version: number };
  consentWithdrawn: { version: number };
  consentReconfirmed: { version: number };
  holdRaised: { holdId: string };
  holdReleased: { holdId: string };
  disclosureBlocked: { partnerId?: string; reasons: string[] };
  verificationRequested: { requestId: string; partnerId: string; round: number };
  verificationAcknowledged: { requestId: string };
  evidenceRequested: { requestId: string; requestedEvidence: string[] };
  evidenceProvided: { requestId: string; kinds: string[] };
  nationalityConfirmed: { requestId: string; partnerId: string };
  nationalityNotConfirmed: { requestId: string; outcome: 'not_confirmed' | 'undetermined' };
  nationalityRetracted: { requestId: string };
  nationalityDecided: { decision: 'request_again' | 'request_other_state'; partnerId?: string };
  partnerMissing: { what: 'verification' | 'document' | 'fitness' | 'exitPermit' };
  documentHeld: { documentId: string; validUntil: Instant };
  documentRequested: { requestId: string; partnerId: string; round: number };
  documentIssued: { requestId: string; documentId: string; validUntil: Instant };
  documentRefused: { requestId: string };
  documentDecided: Record<never, never>;
  documentExpired: { documentId: string };
  fitnessRequested: { requestId: string; partnerId: string; round: number };
  fitnessFound: {
    result: 'fit' | 'fit_with' | 'unfit';
    conditions: string[];
    until?: Instant;
    reviewAt?: Instant;
    requestId?: string;
  };
  fitnessExpired: { until: Instant };
  exitPermitRequested: { requestId: string; partnerId: string; round: number };
  exitPermitGranted: { requestId?: string; fineWaived: boolean };
  exitPermitRefused: { requestId: string };
  exitPermitNotRequired: { requestId?: string };
  exitPermitDecided: Record<never, never>;
  requestRecalled: { requestId: string };
  routeDecided: { route: string[] };
  seatAssigned: { movementId: string; leg: string; kind: SeatKind };
  seatReleased: { movementId: string };
  checkedIn: { movementId: string };
  boarded: { movementId: string };
  noShow: { movementId: string };
  deniedBoarding: { movementId: string };
  offloaded: { movementId: string };
  departed: { movementId: string };
  arrived: { movementId: string; leg: string; lastOfRoute: boolean };
  withdrawalNoted: { movementId: string };
  splitOff: { householdId: string };
  householdChanged: { journeyId: string };
  householdConfirmed: Record<never, never>;
  received: { siteId?: string };
  reintegrationPlanned: { dimensions: Array<'economic' | 'social' | 'psychosocial'> };
  followUpDone: { month: number; reached: boolean };
  waitReminded: { key: string };
  waitDue: { key: string };
  waitEscalated: { key: string };
  journeyEnded: { ending: Ending };
};

export type JourneyEventType = keyof JourneyEvents;

export type JourneyEventOf<T extends JourneyEventType> = EventHeader & { type: T; data: JourneyEvents[T] };

export type JourneyEvent = { [T in JourneyEventType]: JourneyEventOf<T> }[JourneyEventType];
