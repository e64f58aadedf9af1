import type { Role } from '../actor.ts';
import type { Instant } from '../time.ts';
import { DAY } from '../time.ts';
import type { JourneyState } from './state.ts';
import { nextLeg } from './state.ts';

/** Arguments of each command, as they enter Temporal: ids, codes, instants. Schemas at the edge mirror these. */
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
  /** whose command it is */
  roles: readonly Role[];
  /** whether a reason (code and note) must be given */
  reason: boolean;
  /** undefined: allowed now. Otherwise why not, in words that any member of staff may read */
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

/** How early before its day a follow-up may be made. */
const FOLLOW_UP_WINDOW = 7 * DAY;

/** Which command is allowed when, and to whom: the one table that validators, the API and the console read. */
export const JOURNEY_COMMANDS: { [C in JourneyCommand]: CommandRule<C> } = {
  confirmIdentity: {
    roles: ['case_worker', 'coordinator'],
    reason: false,
    refuse: (s) => (s.identity === 'confirmed' ? 'The identity is confirmed already' : undefined),
    sentence: 'Confirm who this is, after looking at what the person showed and said',
  },
  completeScreening: {
    roles: ['case_worker', 'protection_officer', 'protection_lead'],
    reason: false,
    refuse: (s) => (s.screened ? 'Screening is complete already; raise a hold if something new was learnt' : undefined),
    sentence: 'Record that the person was counselled alone and screened for risks',
  },
  giveConsent: {
    roles: ['case_worker', 'protection_officer', 'protection_lead'],
    reason: false,
    refuse: (s, args) => {
      if (aboard(s) || s.arrivedAt !== undefined) return 'The person is on the way; consent is no longer the question';
      if (s.consent.status === 'given' && s.consent.sharing === args.sharing)
        return 'Consent is given already; confirm it again instead';
      return undefined;
    },
    sentence: 'Record the consent that the person gave, and whether data may be shared',
  },
  refuseConsent: {
    roles: ['case_worker', 'protection_officer', 'protection_lead'],
    reason: false,
    refuse: (s) => (s.consent.status === 'given' ? 'Consent was given; it can be withdrawn' : undefined),
    sentence: 'Record that the person does not want to be moved',
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
    sentence: 'Stop this person from being shared, seated or boarded until somebody has looked',
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
        : 'The consulate has not asked for anything',
    sentence: 'Send the consulate what it asked for',
  },
  requestVerificationAgain: {
    roles: ['consular_officer', 'protection_lead'],
    reason: true,
    refuse: nationalityIsOver,
    sentence: 'Ask the same consulate again with new evidence',
  },
  requestOtherState: {
    roles: ['consular_officer', 'protection_lead'],
    reason: true,
    refuse: nationalityIsOver,
    sentence: 'Ask another State',
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
    sentence: 'Ask the consulate for a travel document again',
  },
  recordFitness: {
    roles: ['health_officer'],
    reason: false,
    refuse: (s, args) => {
      if (s.travel.status === 'in_transit') return 'The person is on the way; raise a medical hold for the next leg';
      if (args.result === 'unfit' || args.until !== undefined) return undefined;
      return 'A person who is fit is fit until a day: give `until`';
    },
    sentence: 'Record the result of a health check and how long it holds',
  },
  requestExitPermitAgain: {
    roles: ['coordinator', 'consular_officer', 'case_worker'],
    reason: false,
    refuse: (s) => (s.exitPermit.status === 'refused' ? undefined : 'No permit has been refused'),
    sentence: 'Ask for the exit permit again, after the cause of the refusal is settled',
  },
  decideRoute: {
    roles: ['coordinator', 'protection_lead'],
    reason: true,
    refuse: (s) => (s.routeDecided ? 'The route is decided already' : undefined),
    sentence: 'Decide which legs bring this person home',
  },
  splitOff: {
    roles: ['coordinator', 'protection_officer', 'protection_lead'],
    reason: true,
    refuse: (s) => (aboard(s) ? 'The person is on the way' : undefined),
    sentence: 'Part this person from the household, as its adults chose',
  },
  confirmHousehold: {
    roles: ['case_worker', 'protection_officer', 'protection_lead'],
    reason: true,
    refuse: (s) => (s.householdOpen ? undefined : 'Nothing has changed in the household'),
    sentence: 'Record that the person goes on without the member who does not travel',
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
      return s.planned ? 'There is a plan already' : undefined;
    },
    sentence: 'Record the reintegration plan made with the person',
  },
  recordFollowUp: {
    roles: ['case_worker'],
    reason: false,
    refuse: (s, args) => {
      if (!s.planned) return 'There is no reintegration plan yet';
      return s.followUps.some((done) => done.month === args.month) ? 'This follow-up is recorded already' : undefined;
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
    sentence: 'End the journey under its name',
  },
};

function nationalityIsOver(state: JourneyState): string | undefined {
  return ['not_confirmed', 'undetermined', 'retracted'].includes(state.nationality.status)
    ? undefined
    : 'No consulate has said no, or that it cannot tell';
}

/**
 * Why a command is refused now, or undefined. A journey that has ended takes no command.
 * The follow-up's own day is part of the rules, so it comes as `followUpDay`.
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
    if (day === undefined) return 'The rules know no follow-up in this month';
    if (now < day - FOLLOW_UP_WINDOW) return 'It is too early for this follow-up';
  }
  return JOURNEY_COMMANDS[command].refuse(state, args, now);
}

/** The commands that `role` could give now (arguments aside, those that need them are judged with plausible ones). */
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
