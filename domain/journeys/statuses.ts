/** Phases of a journey, in reading order. Phases that do not depend on each other run concurrently. */
export const JOURNEY_PHASES = [
  'identify',
  'screen',
  'consent',
  'verifyNationality',
  'secureDocuments',
  'clearToTravel',
  'travel',
  'receive',
  'reintegrate',
  'close',
] as const;

export type JourneyPhase = (typeof JOURNEY_PHASES)[number];

/** The statuses of a person's journey, in order. */
export const JOURNEY_STATUSES = [
  'registered',
  'screened',
  'consented',
  'verified',
  'travel_ready',
  'seated',
  'checked_in',
  'boarded',
  'in_transit',
  'at_transit_point',
  'arrived',
  'received',
  'reintegrating',
  'closed',
] as const;

export type JourneyStatus = (typeof JOURNEY_STATUSES)[number];

/**
 * Named endings. `completed` means that the person went home and was reached at the last follow-up; `not_reached` that
 * they went home and were not; the others say why not.
 */
export const ENDINGS = [
  'completed',
  'not_reached',
  'withdrawn',
  'declined',
  'ineligible',
  'referred_out',
  'deceased',
  'self_departed',
  'lost_contact',
  'handed_over',
] as const;

/** Endings of people of whom nobody knows where they are: they are counted as missing. */
export const MISSING_ENDINGS: readonly Ending[] = ['not_reached', 'lost_contact'];

export type Ending = (typeof ENDINGS)[number];

/** On a vehicle, whether or not it has left. */
export function isOnBoard({ travel }: { travel: { status: string } }): boolean {
  return travel.status === 'boarded' || travel.status === 'in_transit';
}

/** The seven milestones that people see. */
export const MILESTONES = [
  'registered',
  'identified',
  'verified',
  'assigned',
  'departed',
  'arrived',
  'reintegration',
] as const;

export type Milestone = (typeof MILESTONES)[number];

/** One table: phase (code), status (state model) and milestone (what people see). */
export const STATUS_TABLE: Record<JourneyStatus, { phase: JourneyPhase; milestone: Milestone; sentence: string }> = {
  registered: {
    phase: 'identify',
    milestone: 'registered',
    sentence: 'Registered; identity and risks not yet checked.',
  },
  screened: { phase: 'screen', milestone: 'identified', sentence: 'Identified and screened for risks.' },
  consented: {
    phase: 'consent',
    milestone: 'identified',
    sentence: 'Has consented to travel and decided on data sharing.',
  },
  verified: {
    phase: 'verifyNationality',
    milestone: 'verified',
    sentence: 'Has consented, and the next leg needs no nationality that is not confirmed; papers or health are open.',
  },
  travel_ready: {
    phase: 'clearToTravel',
    milestone: 'verified',
    sentence: 'Documents, permit and fitness are complete; waits for a seat.',
  },
  seated: { phase: 'travel', milestone: 'assigned', sentence: 'Has a seat.' },
  checked_in: { phase: 'travel', milestone: 'assigned', sentence: 'Has come to the gate.' },
  boarded: { phase: 'travel', milestone: 'assigned', sentence: 'Is on board.' },
  in_transit: { phase: 'travel', milestone: 'departed', sentence: 'Is on the way.' },
  at_transit_point: {
    phase: 'travel',
    milestone: 'departed',
    sentence: 'Is at a place on the way; the next leg has not begun.',
  },
  arrived: { phase: 'receive', milestone: 'arrived', sentence: 'Has arrived; not yet received.' },
  received: { phase: 'receive', milestone: 'arrived', sentence: 'Has been received.' },
  reintegrating: { phase: 'reintegrate', milestone: 'reintegration', sentence: 'At home, with a plan and follow-ups.' },
  closed: { phase: 'close', milestone: 'reintegration', sentence: 'The journey has ended.' },
};
