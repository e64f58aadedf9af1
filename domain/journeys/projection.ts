import type { Rules } from '../rules.ts';
import { iso } from '../time.ts';
import type { JourneyState } from './state.ts';
import { nextLeg, phaseOf, statusOf } from './state.ts';

/** The row of a journey in the table `journeys`, from its state. Instants are ISO 8601. */
export function projectionOf(state: JourneyState, rules: Pick<Rules, 'legs'>): Record<string, unknown> {
  const when = (at: number | undefined): string | null => (at === undefined ? null : iso(at));
  return {
    phase: phaseOf(state, rules),
    status: statusOf(state, rules),
    ending: state.ending ?? null,
    ended_at: when(state.endedAt),
    ...(state.householdId === undefined ? {} : { household_id: state.householdId }),
    household_open: state.householdOpen,
    identity: state.identity,
    screening: state.screened ? 'done' : 'open',
    consent: state.consent.status,
    consent_version: state.consent.version,
    consent_confirmed_at: when(state.consent.confirmedAt),
    consent_sharing: state.consent.sharing,
    nationality_status: state.nationality.status,
    document: state.document.status,
    document_valid_until: when(state.document.validUntil),
    exit_permit: state.exitPermit.status,
    fitness: state.fitness.status,
    fitness_until: when(state.fitness.until),
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
