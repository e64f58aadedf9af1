import { SETTLED_BY_HOLDS, type Settlement } from '../holds.ts';
import type { EventType } from '../outboxEvents.ts';
import type { JourneyEvents, JourneyEventType } from './events.ts';

/**
 * What an event changes beside the event log and the projection of its subject. It is data: whoever records the event
 * writes it with the event, in the same transaction.
 */
export type Effects<Data = Record<string, unknown>> = {
  /** seats in these statuses are in the way: their movement is notified, so that it releases the household group */
  freesSeats?: readonly SeatToFree[];
  /** partners may be notified of it, with these fields, all of them ids or codes */
  partnerEvent?: { type: EventType; fields: ReadonlyArray<keyof Data & string> };
  /** a service was given, and counts for this sector: reach is counted, never typed in */
  service?: { sector: string; kind: string; onlyIf?: Partial<Data> };
  /** a version of the consent; what is not said here the event says itself */
  consent?: {
    status: 'given' | 'refused' | 'withdrawn' | 'reconfirmed';
    version?: number;
    sharing?: boolean;
    onlyIf?: Partial<Data>;
  };
  /** the status that the hold of the event gets. @property from statuses in which it gets it, all when left out */
  hold?: { status: 'active' | 'released'; from?: readonly ['raising'] };
  /** open tasks that are done with it */
  settles?: readonly Settlement[];
  /** the partner of the event has confirmed which state the person belongs to */
  confirmsState?: true;
  /**
   * One of two journeys of one person has ended. The task that asked for it is settled; where the journey that was held
   * back is the other one, this task lets it go on.
   */
  samePerson?: { settles: string; opens: { kind: string; role: 'duty_supervisor' } };
};

type SeatToFree = 'reserved' | 'checked_in';

/** Nobody is taken off a vehicle by a decision: from boarding on the seat stays. */
const BEFORE_BOARDING: readonly SeatToFree[] = ['reserved', 'checked_in'];

/** What each event of a journey changes. An event that is missing here does not compile. */
export const JOURNEY_EFFECTS: { readonly [T in JourneyEventType]: Effects<JourneyEvents[T]> } = {
  journeyStarted: {
    partnerEvent: { type: 'journey.registered', fields: [] },
    consent: { status: 'given', version: 1, sharing: true, onlyIf: { consent: 'given' } },
  },
  identityConfirmed: {},
  identityUnclear: {},
  screened: { service: { sector: 'counter_trafficking', kind: 'screening' } },
  consentGiven: { consent: { status: 'given' } },
  consentRefused: { consent: { status: 'refused', sharing: false }, freesSeats: BEFORE_BOARDING },
  consentWithdrawn: { consent: { status: 'withdrawn', sharing: false }, freesSeats: BEFORE_BOARDING },
  consentReconfirmed: { consent: { status: 'reconfirmed', sharing: false } },
  holdRaised: { hold: { status: 'active', from: ['raising'] }, freesSeats: BEFORE_BOARDING },
  holdReleased: { hold: { status: 'released' }, settles: SETTLED_BY_HOLDS },
  disclosureBlocked: {},
  verificationRequested: {},
  verificationAcknowledged: {},
  evidenceRequested: {},
  evidenceProvided: {},
  nationalityConfirmed: {
    partnerEvent: { type: 'journey.verified', fields: [] },
    service: { sector: 'consular', kind: 'verification' },
    confirmsState: true,
  },
  nationalityNotConfirmed: {},
  nationalityRetracted: {},
  nationalityDecided: {},
  partnerMissing: {},
  documentHeld: {},
  documentRequested: {},
  documentIssued: {
    partnerEvent: { type: 'journey.document_issued', fields: [] },
    service: { sector: 'consular', kind: 'document' },
  },
  documentRefused: {},
  documentDecided: {},
  documentExpired: {},
  fitnessRequested: {},
  fitnessFound: { service: { sector: 'health', kind: 'health_check' } },
  fitnessExpired: {},
  exitPermitRequested: {},
  exitPermitGranted: { service: { sector: 'border_management', kind: 'exit_permit' } },
  exitPermitRefused: {},
  exitPermitNotRequired: {},
  exitPermitDecided: {},
  requestRecalled: {},
  routeDecided: {},
  seatAssigned: { partnerEvent: { type: 'journey.seated', fields: ['movementId'] } },
  seatReleased: { partnerEvent: { type: 'journey.seat_released', fields: ['movementId'] } },
  checkedIn: {},
  boarded: { partnerEvent: { type: 'journey.boarded', fields: ['movementId'] } },
  noShow: {},
  deniedBoarding: {},
  offloaded: {},
  departed: {
    partnerEvent: { type: 'journey.departed', fields: ['movementId'] },
    service: { sector: 'transport', kind: 'seat' },
  },
  arrived: { partnerEvent: { type: 'journey.arrived', fields: ['movementId'] } },
  withdrawalNoted: {},
  splitOff: { freesSeats: BEFORE_BOARDING },
  householdChanged: { freesSeats: BEFORE_BOARDING },
  householdConfirmed: {},
  received: {
    partnerEvent: { type: 'journey.received', fields: [] },
    service: { sector: 'shelter_nfi', kind: 'reception' },
  },
  reintegrationPlanned: { service: { sector: 'reintegration', kind: 'plan' } },
  followUpDone: {
    partnerEvent: { type: 'journey.follow_up_done', fields: ['month'] },
    // A follow-up at which nobody was reached was no service.
    service: { sector: 'reintegration', kind: 'follow_up', onlyIf: { reached: true } },
  },
  waitReminded: {},
  waitDue: {},
  waitEscalated: {},
  cancelRequested: {},
  cancelRequestDismissed: {},
  journeyEnded: {
    partnerEvent: { type: 'journey.ended', fields: [] },
    freesSeats: BEFORE_BOARDING,
    samePerson: { settles: 'closeDuplicate', opens: { kind: 'resume', role: 'duty_supervisor' } },
  },
};
