import { type Aggregate, evolveBy } from '../events.ts';
import { REQUEST_PARTS } from '../requests/journey.ts';
import { type LegNeeds, needsOf, type Rules } from '../rules.ts';
import { addMonths, type Instant, iso } from '../time.ts';
import { JOURNEY_EVENTS, type JourneyEvent } from './events.ts';
import { type JourneyPhase, type JourneyStatus, STATUS_TABLE } from './statuses.ts';
import type { JourneyState } from './stored.ts';

export type { JourneyState } from './stored.ts';

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
    riskOpen: false,
    consent: { status: 'none', version: 0, sharing: false, ownState: false, consulates: [] },
    holds: [],
    holdTriage: [],
    child: false,
    ...REQUEST_PARTS.empty,
    travel: { status: 'none', noShows: 0, underway: false, withdrawn: false },
    householdOpen: false,
    householdChild: false,
    received: false,
    planned: false,
    followUps: [],
    contactAttempts: [],
    proposedEnding: null,
    cancelRequested: false,
  };
}

/** The state after an event. */
export const apply = evolveBy<JourneyState, JourneyEvent>(JOURNEY_EVENTS);

/** A journey as a fold over its events. */
export const JOURNEY: Aggregate<JourneyState, JourneyEvent> = { empty: emptyJourney, evolve: apply };

/** The next leg that this person still needs; undefined where the route is undecided or at its end. */
export function nextLeg(state: JourneyState): string | undefined {
  return state.route.find((code) => !state.routeDone.includes(code));
}

/**
 * What is asked of offices now: what a leg that is still ahead needs. Nobody knows how long a leg takes, so an office that is
 * needed later may take longer than the legs before it. Without a leg a request has no purpose: nothing is asked while the
 * route is undecided.
 */
export function needsToAsk(state: JourneyState, rules: Pick<Rules, 'legs'>): LegNeeds {
  if (!state.routeDecided) return { nationality: false, document: false, exitPermit: false };
  const ahead = state.route.filter((leg) => !state.routeDone.includes(leg));
  const needs = needsOf(rules, ahead, true);
  const document = needs.document && !documentReady(state);
  return {
    // A State issues papers to its nationals alone.
    nationality: (needs.nationality || document) && state.nationality.status !== 'confirmed',
    document,
    exitPermit: needs.exitPermit && !permitReady(state),
  };
}

/** Whether a leg that is still ahead needs a document; while the route is undecided, whether any does. */
export function documentIsNeeded(state: JourneyState, rules: Pick<Rules, 'legs'>): boolean {
  const ahead = state.route.filter((leg) => !state.routeDone.includes(leg));
  return needsOf(rules, ahead, state.routeDecided).document;
}

/** What the next leg asks for. While the route is undecided, everything that the rules may ask. */
export function nextNeeds(state: JourneyState, rules: Pick<Rules, 'legs'>): LegNeeds {
  const next = nextLeg(state);
  return next === undefined ? needsOf(rules, state.route, state.routeDecided) : needsOf(rules, [next], true);
}

/** The day of the follow-up `month` months after arrival; undefined before arrival, or where the rules know no such month. */
export function followUpDay(
  { arrivedAt }: JourneyState,
  rules: Pick<Rules, 'followUpMonths'>,
  month: number,
): Instant | undefined {
  return arrivedAt === undefined || !rules.followUpMonths.includes(month) ? undefined : addMonths(arrivedAt, month);
}

export function documentReady(state: JourneyState): boolean {
  return state.document.status === 'held' || state.document.status === 'issued';
}

function permitReady(state: JourneyState): boolean {
  return state.exitPermit.status === 'granted' || state.exitPermit.status === 'not_required';
}

/** Until when a finding of fitness counts: as long as it says, and no longer than the rules let a check count. */
export function fitUntil({ fitness }: JourneyState, rules: Pick<Rules, 'fitnessValidity'>): Instant | undefined {
  const { until, foundAt } = fitness;
  if (until === undefined || foundAt === undefined) return until;
  return Math.min(until, foundAt + rules.fitnessValidity);
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
  if (underway) return 'at_transit_point';
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

/** The row of a journey in the table `journeys`, from its state. Instants are ISO 8601. */
export function projectionOf(
  state: JourneyState,
  rules: Pick<Rules, 'legs' | 'fitnessValidity'>,
): Record<string, unknown> {
  const when = (at: number | undefined): string | null => (at === undefined ? null : iso(at));
  return {
    phase: phaseOf(state, rules),
    status: statusOf(state, rules),
    ending: state.ending ?? null,
    ended_at: when(state.endedAt),
    ...(state.householdId === undefined ? {} : { household_id: state.householdId }),
    household_open: state.householdOpen,
    identity: state.identity,
    screening: state.riskOpen ? 'undecided' : state.screened ? 'done' : 'open',
    consent: state.consent.status,
    consent_version: state.consent.version,
    consent_confirmed_at: when(state.consent.confirmedAt),
    consent_sharing: state.consent.sharing,
    consent_own_state: state.consent.ownState,
    consent_consulates: state.consent.consulates,
    lacks_only_health: lacksOnlyHealth(state, rules),
    nationality_status: state.nationality.status,
    document: state.document.status,
    document_valid_until: when(state.document.validUntil),
    exit_permit: state.exitPermit.status,
    fitness: state.fitness.status,
    fitness_until: when(fitUntil(state, rules)),
    fitness_conditions: state.fitness.conditions,
    travel: state.travel.status,
    next_leg: nextLeg(state) ?? null,
    movement_id: state.travel.movementId ?? null,
    route: state.route,
    route_decided: state.routeDecided,
    route_done: state.routeDone,
    arrived_at: when(state.arrivedAt),
  };
}
