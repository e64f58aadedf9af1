import type { Role } from '../actor.ts';
import type { Instant } from '../time.ts';
import { DAY } from '../time.ts';
import type { JourneyState } from './state.ts';
import { nextLeg } from './state.ts';

/** Arguments of each command, as they enter Temporal: ids, codes, instants. The schemas of the API mirror these. */
export type JourneyCommands = {
  confirmIdentity: Record<never, never>;
  completeScreening: { risk: 'none' | 'elevated' | 'acute' };
  giveConsent: { form: 'explicit' | 'proxy'; sharing: boolean };
  refuseConsent: Record<never, never>;
  reconfirmConsent: Record<never, never>;
  withdrawConsent: Record<never, never>;
  raiseHold: { holdId: string };
  releaseHold: { holdId: string };
  provideEvidence: { kinds: string[] };
  requestVerificationAgain: Record<never, never>;
  requestOtherState: { partnerId: string };
  recordDocument: { documentId: string; validUntil: Instant };
  requestDocumentAgain: Record<never, never>;
  recordFitness: {
    result: 'fit' | 'fit_with' | 'unfit';
    conditions: string[];
    until?: Instant;
    reviewAt?: Instant;
  };
  requestExitPermitAgain: Record<never, never>;
  decideRoute: { route: string[] };
  splitOff: { householdId: string };
  confirmHousehold: Record<never, never>;
  receive: { siteId?: string };
  planReintegration: { dimensions: Array<'economic' | 'social' | 'psychosocial'> };
  recordFollowUp: { month: number; reached: boolean };
  dismissCancelRequest: Record<never, never>;
  endJourney: { ending: 'ineligible' | 'referred_out' | 'deceased' | 'self_departed' | 'lost_contact' };
};

export type JourneyCommand = keyof JourneyCommands;

type CommandRule<C extends JourneyCommand> = {
  /** who may give the command */
  roles: readonly Role[];
  /** whether a reason (code and note) must be given */
  reason: boolean;
  /** undefined: allowed now. Otherwise the reason, in a sentence that any member of staff may read */
  refuse: (state: JourneyState, args: JourneyCommands[C], now: Instant) => string | undefined;
  sentence: string;
};

const EVERYBODY: readonly Role[] = [
  'coordinator',
  'case_worker',
  'movement_officer',
  'health_officer',
  'consular_officer',
  'protection_officer',
  'protection_lead',
  'duty_supervisor',
  'operation_lead',
];

const aboard = (state: JourneyState): boolean => ['boarded', 'in_transit'].includes(state.travel.status);

/** How early before its day a follow-up may be made, in milliseconds. */
const FOLLOW_UP_WINDOW = 7 * DAY;

/** Which command is allowed when, and to whom. Update validators, the API and the console read this one table. */
export const JOURNEY_COMMANDS: { [C in JourneyCommand]: CommandRule<C> } = {
  confirmIdentity: {
    roles: ['case_worker', 'coordinator'],
    reason: false,
    refuse: (s) => (s.identity === 'confirmed' ? 'The identity is already confirmed' : undefined),
    sentence: 'Confirm the identity, after a look at the evidence of the person',
  },
  completeScreening: {
    roles: ['case_worker', 'protection_officer', 'protection_lead'],
    reason: false,
    refuse: (s) =>
      s.screened ? 'The screening is already complete; raise a hold if there is new information' : undefined,
    sentence: 'Record that the person was counselled in private and screened for risks',
  },
  giveConsent: {
    roles: ['case_worker', 'protection_officer', 'protection_lead'],
    reason: false,
    refuse: (s, args) => {
      if (aboard(s) || s.arrivedAt !== undefined) return 'The person is on the way; consent can no longer be given';
      if (s.consent.status === 'given' && s.consent.sharing === args.sharing)
        return 'Consent is already given; confirm it again instead';
      return undefined;
    },
    sentence: 'Record the consent that the person gave, and whether data may be shared',
  },
  refuseConsent: {
    roles: ['case_worker', 'protection_officer', 'protection_lead'],
    reason: false,
    refuse: (s) => (s.consent.status === 'given' ? 'Consent was given; it can be withdrawn' : undefined),
    sentence: 'Record that the person refuses consent to travel',
  },
  reconfirmConsent: {
    roles: ['case_worker', 'protection_officer', 'protection_lead'],
    reason: false,
    refuse: (s) => (s.consent.status === 'given' ? undefined : 'There is no consent to confirm'),
    sentence: 'Record that the person confirmed the consent again',
  },
  withdrawConsent: {
    roles: [
      'case_worker',
      'protection_officer',
      'protection_lead',
      'movement_officer',
      'coordinator',
      'duty_supervisor',
    ],
    reason: true,
    refuse: (s) => {
      if (s.consent.status !== 'given' && s.consent.status !== 'pending') return 'There is no consent to withdraw';
      return s.arrivedAt === undefined ? undefined : 'The person has arrived; support can be declined at any follow-up';
    },
    sentence: 'Record that the person withdraws; before boarding the journey ends and the seat is free at once',
  },
  raiseHold: {
    roles: EVERYBODY,
    reason: true,
    refuse: () => undefined,
    sentence: 'Raise a hold: stop data sharing, seating or boarding until a review',
  },
  releaseHold: {
    roles: ['protection_officer', 'protection_lead', 'health_officer', 'duty_supervisor', 'operation_lead'],
    reason: true,
    refuse: (s, args) => (s.holds.includes(args.holdId) ? undefined : 'This hold is not open'),
    sentence: 'Release a hold, with the reference that allows it',
  },
  provideEvidence: {
    roles: ['consular_officer', 'case_worker'],
    reason: false,
    refuse: (s) =>
      (s.nationality.request?.requestedEvidence.length ?? 0) > 0
        ? undefined
        : 'The consulate has not requested evidence',
    sentence: 'Send the evidence that the consulate requested',
  },
  requestVerificationAgain: {
    roles: ['consular_officer', 'protection_lead'],
    reason: true,
    refuse: nationalityIsOver,
    sentence: 'Request verification from the same consulate again, with new evidence',
  },
  requestOtherState: {
    roles: ['consular_officer', 'protection_lead'],
    reason: true,
    refuse: nationalityIsOver,
    sentence: 'Request verification from another State',
  },
  recordDocument: {
    roles: ['consular_officer', 'case_worker'],
    reason: false,
    refuse: (s, args, now) => {
      if (aboard(s)) return 'The person is on the way';
      return args.validUntil > now ? undefined : 'The document has expired';
    },
    sentence: 'Record a travel document that the person holds',
  },
  requestDocumentAgain: {
    roles: ['consular_officer'],
    reason: false,
    refuse: (s) =>
      s.document.status === 'refused' || s.document.status === 'expired'
        ? undefined
        : 'No document is refused or expired',
    sentence: 'Request the travel document from the consulate again',
  },
  recordFitness: {
    roles: ['health_officer'],
    reason: false,
    refuse: (s, args) => {
      if (s.travel.status === 'in_transit') return 'The person is on the way; raise a medical hold for the next leg';
      if (args.result === 'unfit' || args.until !== undefined) return undefined;
      return 'A finding of fitness needs its end: give `until`';
    },
    sentence: 'Record the result of a health check and how long it is valid',
  },
  requestExitPermitAgain: {
    roles: ['coordinator', 'consular_officer', 'case_worker'],
    reason: false,
    refuse: (s) => (s.exitPermit.status === 'refused' ? undefined : 'No permit has been refused'),
    sentence: 'Request the exit permit again, after the cause of the refusal is settled',
  },
  decideRoute: {
    roles: ['coordinator', 'protection_lead'],
    reason: true,
    refuse: (s) => (s.routeDecided ? 'The route is already decided' : undefined),
    sentence: 'Decide the legs of this person’s route',
  },
  splitOff: {
    roles: ['coordinator', 'protection_officer', 'protection_lead'],
    reason: true,
    refuse: (s) => (aboard(s) ? 'The person is on the way' : undefined),
    sentence: 'Separate this person from the household, as its adults chose',
  },
  confirmHousehold: {
    roles: ['case_worker', 'protection_officer', 'protection_lead'],
    reason: true,
    refuse: (s) => (s.householdOpen ? undefined : 'Nothing has changed in the household'),
    sentence: 'Record that the person continues without the member who does not travel',
  },
  receive: {
    roles: ['case_worker', 'coordinator'],
    reason: false,
    refuse: (s) =>
      s.travel.status === 'arrived' && !s.received ? undefined : 'Only a person who has arrived can be received',
    sentence: 'Record that the person was received',
  },
  planReintegration: {
    roles: ['case_worker'],
    reason: false,
    refuse: (s) => {
      if (!s.received) return 'The person has not been received yet';
      return s.planned ? 'The plan is already made' : undefined;
    },
    sentence: 'Record the reintegration plan made with the person',
  },
  recordFollowUp: {
    roles: ['case_worker'],
    reason: false,
    refuse: (s, args) => {
      if (!s.planned) return 'There is no reintegration plan yet';
      return s.followUps.some((done) => done.month === args.month) ? 'This follow-up is already recorded' : undefined;
    },
    sentence: 'Record a follow-up contact, reached or not',
  },
  dismissCancelRequest: {
    roles: ['duty_supervisor', 'operation_lead', 'coordinator'],
    reason: true,
    refuse: (s) => (s.cancelRequested ? undefined : 'Nobody has asked Temporal to cancel this journey'),
    sentence: 'Record that the journey goes on although somebody asked Temporal to cancel it',
  },
  endJourney: {
    roles: ['protection_lead', 'operation_lead', 'coordinator'],
    reason: true,
    refuse: (s) => (s.travel.status === 'in_transit' ? 'The person is on the way' : undefined),
    sentence: 'End the journey, with the name of its ending',
  },
};

function nationalityIsOver(state: JourneyState): string | undefined {
  return ['not_confirmed', 'undetermined', 'retracted'].includes(state.nationality.status)
    ? undefined
    : 'No consulate has denied the nationality or called it undetermined';
}

/**
 * Why a command is refused now, or undefined. A journey that has ended refuses every command.
 * `followUpDay` comes as an argument, because the rules decide it.
 */
export function refusalOf<C extends JourneyCommand>(
  state: JourneyState,
  command: C,
  args: JourneyCommands[C],
  now: Instant,
  followUpDay?: (month: number) => Instant | undefined,
): string | undefined {
  if (state.ending) return `The journey has ended (${state.ending})`;
  if (command === 'recordFollowUp' && followUpDay) {
    const day = followUpDay((args as JourneyCommands['recordFollowUp']).month);
    if (day === undefined) return 'The rules have no follow-up in this month';
    if (now < day - FOLLOW_UP_WINDOW) return 'It is too early for this follow-up';
  }
  return JOURNEY_COMMANDS[command].refuse(state, args, now);
}

/** The commands that `role` can give now. Commands with arguments are judged with plausible arguments. */
export function allowedCommands(state: JourneyState, roles: readonly Role[], now: Instant): JourneyCommand[] {
  return (Object.keys(JOURNEY_COMMANDS) as JourneyCommand[]).filter((command) => {
    const rule = JOURNEY_COMMANDS[command];
    if (!rule.roles.some((role) => roles.includes(role))) return false;
    return refusalOf(state, command, plausible(state, command, now), now) === undefined;
  });
}

function plausible<C extends JourneyCommand>(state: JourneyState, command: C, now: Instant): JourneyCommands[C] {
  const month = 1 + Math.max(0, ...state.followUps.map((done) => done.month));
  const samples: JourneyCommands = {
    confirmIdentity: {},
    completeScreening: { risk: 'none' },
    giveConsent: { form: 'explicit', sharing: !state.consent.sharing },
    refuseConsent: {},
    reconfirmConsent: {},
    withdrawConsent: {},
    raiseHold: { holdId: '' },
    releaseHold: { holdId: state.holds[0] ?? '' },
    provideEvidence: { kinds: [] },
    requestVerificationAgain: {},
    requestOtherState: { partnerId: '' },
    recordDocument: { documentId: '', validUntil: now + DAY },
    requestDocumentAgain: {},
    recordFitness: { result: 'unfit', conditions: [] },
    requestExitPermitAgain: {},
    decideRoute: { route: [nextLeg(state) ?? ''] },
    splitOff: { householdId: '' },
    confirmHousehold: {},
    receive: {},
    planReintegration: { dimensions: [] },
    recordFollowUp: { month, reached: true },
    dismissCancelRequest: {},
    endJourney: { ending: 'referred_out' },
  };
  return samples[command];
}
