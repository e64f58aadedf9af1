import type { Aggregate } from '../aggregate.ts';
import type { LegNeeds, Rules } from '../rules.ts';
import { needsOf } from '../rules.ts';
import type { Instant } from '../time.ts';
import type { JourneyEvent, JourneyEvents, JourneyEventType } from './events.ts';
import type { JourneyPhase, JourneyStatus } from './statuses.ts';
import { STATUS_TABLE } from './statuses.ts';
import type { JourneyState, OpenRequest } from './stored.ts';

export type { JourneyState, OpenRequest } from './stored.ts';

/** A journey before its first event. */
export function emptyJourney(): JourneyState {
  return {
    seq: 0,
    startedAt: 0,
    route: [],
    routeDecided: true,
    routeDone: [],
    identity: 'unknown',
    screened: false,
    consent: { status: 'none', version: 0, sharing: false },
    holds: [],
    nationality: { status: 'open', rounds: 0 },
    document: { status: 'none', rounds: 0 },
    fitness: { status: 'unknown', rounds: 0, conditions: [] },
    exitPermit: { status: 'open', rounds: 0 },
    travel: { status: 'none', noShows: 0, underway: false, withdrawn: false },
    householdOpen: false,
    received: false,
    planned: false,
    followUps: [],
    cancelRequested: false,
  };
}

type Apply<T extends JourneyEventType> = (
  state: JourneyState,
  data: JourneyEvents[T],
  at: Instant,
) => Partial<JourneyState>;

/** What each event changes. A event that names no change here is history only. */
const APPLY: { [T in JourneyEventType]: Apply<T> } = {
  journeyStarted: (state, data, at) => ({
    startedAt: at,
    route: data.route,
    routeDecided: data.routeDecided,
    holds: [...data.holds],
    consent: {
      ...state.consent,
      status: data.consent,
      ...(data.consent === 'given' ? { version: 1, sharing: true, confirmedAt: at } : {}),
    },
  }),
  identityConfirmed: () => ({ identity: 'confirmed' }),
  identityUnclear: () => ({ identity: 'unclear' }),
  screened: () => ({ screened: true }),
  consentGiven: (_state, data, at) => ({
    consent: { status: 'given', version: data.version, sharing: data.sharing, confirmedAt: at },
  }),
  consentRefused: (_state, data) => ({ consent: { status: 'refused', version: data.version, sharing: false } }),
  consentWithdrawn: (_state, data) => ({ consent: { status: 'withdrawn', version: data.version, sharing: false } }),
  consentReconfirmed: (state, data, at) => ({ consent: { ...state.consent, version: data.version, confirmedAt: at } }),
  holdRaised: (state, data) => ({
    holds: state.holds.includes(data.holdId) ? state.holds : [...state.holds, data.holdId],
  }),
  holdReleased: (state, data) => ({ holds: state.holds.filter((id) => id !== data.holdId) }),
  disclosureBlocked: () => ({}),
  verificationRequested: (state, data, at) => ({
    nationality: { ...state.nationality, status: 'requested', rounds: data.round, request: opened(data, at) },
  }),
  verificationAcknowledged: (state, data) => ({
    nationality: { ...state.nationality, request: acknowledged(state.nationality.request, data.requestId) },
  }),
  evidenceRequested: (state, data) => ({
    nationality: {
      ...state.nationality,
      request: askedForEvidence(state.nationality.request, data.requestId, data.requestedEvidence),
    },
  }),
  evidenceProvided: (state, data, at) => {
    const request = askedForEvidence(state.nationality.request, data.requestId, []);
    return {
      nationality: { ...state.nationality, request: request && { ...request, evidence: { at, kinds: data.kinds } } },
    };
  },
  nationalityConfirmed: (state, data) => ({
    nationality: { status: 'confirmed', rounds: state.nationality.rounds, partnerId: data.partnerId },
  }),
  nationalityNotConfirmed: (state, data) => ({
    nationality: { status: data.outcome, rounds: state.nationality.rounds },
  }),
  nationalityRetracted: (state) => ({ nationality: { status: 'retracted', rounds: state.nationality.rounds } }),
  nationalityDecided: (state, data) => ({
    nationality: {
      status: 'open',
      rounds: state.nationality.rounds,
      ...(data.partnerId ? { partnerId: data.partnerId } : {}),
    },
  }),
  partnerMissing: (state, data) =>
    data.what === 'verification' ? { nationality: { status: 'undetermined', rounds: state.nationality.rounds } } : {},
  documentHeld: (state, data) => ({
    document: { ...state.document, status: 'held', documentId: data.documentId, validUntil: data.validUntil },
  }),
  documentRequested: (state, data, at) => ({
    document: { ...state.document, status: 'requested', rounds: data.round, request: opened(data, at) },
  }),
  documentIssued: (state, data) => ({
    document: {
      status: 'issued',
      rounds: state.document.rounds,
      documentId: data.documentId,
      validUntil: data.validUntil,
    },
  }),
  documentRefused: (state) => ({ document: { status: 'refused', rounds: state.document.rounds } }),
  documentDecided: (state) => ({ document: { status: 'none', rounds: state.document.rounds } }),
  documentExpired: (state) => ({ document: { status: 'expired', rounds: state.document.rounds } }),
  fitnessRequested: (state, data, at) => ({
    // the last finding, fit or unfit, goes on holding while a new one is awaited
    fitness: {
      ...state.fitness,
      status: fit(state) || state.fitness.status === 'unfit' ? state.fitness.status : 'requested',
      rounds: data.round,
      request: opened(data, at),
    },
  }),
  fitnessFound: (state, data) => ({
    fitness: {
      status: data.result,
      rounds: state.fitness.rounds,
      conditions: data.conditions,
      ...(data.until === undefined ? {} : { until: data.until }),
      ...(data.reviewAt === undefined ? {} : { reviewAt: data.reviewAt }),
    },
  }),
  fitnessExpired: (state) => ({
    fitness: { status: 'expired', rounds: state.fitness.rounds, conditions: state.fitness.conditions },
  }),
  exitPermitRequested: (_state, data, at) => ({
    exitPermit: { status: 'requested', rounds: data.round, request: opened(data, at) },
  }),
  exitPermitGranted: (state) => ({ exitPermit: { status: 'granted', rounds: state.exitPermit.rounds } }),
  exitPermitRefused: (state) => ({ exitPermit: { status: 'refused', rounds: state.exitPermit.rounds } }),
  exitPermitNotRequired: (state) => ({ exitPermit: { status: 'not_required', rounds: state.exitPermit.rounds } }),
  exitPermitDecided: (state) => ({ exitPermit: { status: 'open', rounds: state.exitPermit.rounds } }),
  requestRecalled: (state, data) =>
    state.nationality.request?.requestId === data.requestId
      ? { nationality: { status: 'open', rounds: state.nationality.rounds } }
      : {},
  routeDecided: (_state, data) => ({ route: data.route, routeDecided: true }),
  seatAssigned: (state, data) => ({
    travel: { ...state.travel, status: 'seated', movementId: data.movementId, leg: data.leg, kind: data.kind },
  }),
  seatReleased: (state) => ({ travel: withoutSeat(state) }),
  checkedIn: (state) => ({ travel: { ...state.travel, status: 'checked_in' } }),
  boarded: (state) => ({ travel: { ...state.travel, status: 'boarded' } }),
  noShow: (state) => ({ travel: { ...withoutSeat(state), noShows: state.travel.noShows + 1 } }),
  deniedBoarding: (state) => ({ travel: withoutSeat(state) }),
  offloaded: (state) => ({ travel: withoutSeat(state) }),
  departed: (state) => ({ travel: { ...state.travel, status: 'in_transit', underway: true } }),
  arrived: (state, data, at) => ({
    routeDone: [...state.routeDone.filter((status) => status !== data.leg), data.leg],
    travel: { ...withoutSeat(state), status: data.lastOfRoute ? 'arrived' : 'none', underway: true },
    ...(data.lastOfRoute ? { arrivedAt: at } : {}),
  }),
  withdrawalNoted: (state) => ({ travel: { ...state.travel, withdrawn: true } }),
  splitOff: (_state, data) => ({ householdId: data.householdId, householdOpen: false }),
  householdChanged: () => ({ householdOpen: true }),
  householdConfirmed: () => ({ householdOpen: false }),
  received: () => ({ received: true }),
  reintegrationPlanned: () => ({ planned: true }),
  followUpDone: (state, data) => ({
    followUps: [
      ...state.followUps.filter(({ month }) => month !== data.month),
      { month: data.month, reached: data.reached },
    ],
  }),
  waitReminded: () => ({}),
  waitDue: () => ({}),
  waitEscalated: () => ({}),
  cancelRequested: () => ({ cancelRequested: true }),
  cancelRequestDismissed: () => ({ cancelRequested: false }),
  journeyEnded: (_state, data, at) => ({ ending: data.ending, endedAt: at }),
};

/** The state after a event, with the subject's next sequence number. Events cannot fail. */
export function apply(state: JourneyState, event: JourneyEvent): JourneyState {
  const change = APPLY[event.type] as Apply<JourneyEventType>;
  return { ...state, ...change(state, event.data, event.at), seq: state.seq + 1 };
}

/** A journey as a fold over its events. */
export const JOURNEY: Aggregate<JourneyState, JourneyEvent> = { empty: emptyJourney, evolve: apply };

function opened(data: { requestId: string; partnerId: string; round: number }, requestedAt: Instant): OpenRequest {
  return {
    requestId: data.requestId,
    partnerId: data.partnerId,
    round: data.round,
    requestedAt,
    acknowledged: false,
    requestedEvidence: [],
  };
}

function acknowledged(request: OpenRequest | undefined, requestId: string): OpenRequest | undefined {
  return request?.requestId === requestId ? { ...request, acknowledged: true } : request;
}

function askedForEvidence(
  request: OpenRequest | undefined,
  requestId: string,
  requestedEvidence: string[],
): OpenRequest | undefined {
  return request?.requestId === requestId ? { ...request, acknowledged: true, requestedEvidence } : request;
}

function withoutSeat(state: JourneyState): JourneyState['travel'] {
  const { noShows, underway, withdrawn } = state.travel;
  return { status: 'none', noShows, underway, withdrawn };
}

/** The next leg that this person still needs; undefined where the route is undecided or at its end. */
export function nextLeg(state: JourneyState): string | undefined {
  return state.route.find((code) => !state.routeDone.includes(code));
}

/** What the next leg asks for. While the route is undecided, everything that the rules may ask. */
export function nextNeeds(state: JourneyState, rules: Pick<Rules, 'legs'>): LegNeeds {
  const next = nextLeg(state);
  return next === undefined ? needsOf(rules, state.route, state.routeDecided) : needsOf(rules, [next], true);
}

export function documentReady(state: JourneyState): boolean {
  return state.document.status === 'held' || state.document.status === 'issued';
}

export function permitReady(state: JourneyState): boolean {
  return state.exitPermit.status === 'granted' || state.exitPermit.status === 'not_required';
}

export function fit(state: JourneyState): boolean {
  return state.fitness.status === 'fit' || state.fitness.status === 'fit_with';
}

/** Whether the person lacks nothing but, at most, a finding of fitness for the next leg. */
export function lacksOnlyHealth(state: JourneyState, rules: Pick<Rules, 'legs'>): boolean {
  const needs = nextNeeds(state, rules);
  return (
    nextLeg(state) !== undefined &&
    state.identity === 'confirmed' &&
    state.screened &&
    state.consent.status === 'given' &&
    state.holds.length === 0 &&
    !state.householdOpen &&
    (!needs.nationality || state.nationality.status === 'confirmed') &&
    (!needs.document || documentReady(state)) &&
    (!needs.exitPermit || permitReady(state))
  );
}

/** Whether nothing that this person can bring is missing for the next leg. The preconditions of `allocate` decide. */
export function readyToTravel(state: JourneyState, rules: Pick<Rules, 'legs'>): boolean {
  return lacksOnlyHealth(state, rules) && fit(state);
}

/** The status is a fold over the state, never stored beside it. */
export function statusOf(state: JourneyState, rules: Pick<Rules, 'legs'>): JourneyStatus {
  if (state.ending) return 'closed';
  if (state.planned) return 'reintegrating';
  if (state.received) return 'received';
  const { status, underway } = state.travel;
  if (status === 'arrived') return 'arrived';
  if (status === 'in_transit') return 'in_transit';
  if (status === 'boarded') return 'boarded';
  if (status === 'checked_in') return 'checked_in';
  if (status === 'seated') return 'seated';
  if (underway) return 'in_transit';
  if (state.identity !== 'confirmed' || !state.screened) return 'registered';
  if (state.consent.status !== 'given') return 'screened';
  if (nextNeeds(state, rules).nationality && state.nationality.status !== 'confirmed') return 'consented';
  return readyToTravel(state, rules) ? 'travel_ready' : 'verified';
}

/** The phase that the person stands in, for readers; what does not depend on another runs beside it. */
export function phaseOf(state: JourneyState, rules: Pick<Rules, 'legs'>): JourneyPhase {
  const status = statusOf(state, rules);
  switch (status) {
    case 'registered':
      return state.identity === 'confirmed' ? 'screen' : 'identify';
    case 'screened':
      return 'consent';
    case 'consented':
      return 'verifyNationality';
    case 'verified':
      return nextNeeds(state, rules).document && !documentReady(state) ? 'secureDocuments' : 'clearToTravel';
    case 'travel_ready':
      return 'travel';
    default:
      return STATUS_TABLE[status].phase;
  }
}
