import type { Instant } from '../time.ts';

/**
 * "Homeward partner protocol 1" (docs/partner-protocol.md): how every partner is asked and how it answers. One protocol
 * for registries, consulates, clinics, border authorities, carriers and receiving agencies.
 */
export const PERSON_REQUEST_KINDS = ['registry', 'verification', 'document', 'fitness', 'exit_permit'] as const;
export const MOVEMENT_REQUEST_KINDS = ['booking', 'reception'] as const;
export type PersonRequestKind = (typeof PERSON_REQUEST_KINDS)[number];
export type MovementRequestKind = (typeof MOVEMENT_REQUEST_KINDS)[number];
export type RequestKind = PersonRequestKind | MovementRequestKind;

export type PartnerKind = 'registry' | 'consulate' | 'carrier' | 'border' | 'clinic' | 'agency';

/** Which kind of partner answers which request. */
export const ASKED_OF: Record<RequestKind, PartnerKind> = {
  registry: 'registry',
  verification: 'consulate',
  document: 'consulate',
  fitness: 'clinic',
  exit_permit: 'border',
  booking: 'carrier',
  reception: 'agency',
};

/**
 * How a callback answers, by type. `of` is the kind of request it belongs to; null is news of a carrier's own vehicle.
 * `final` answers end the request.
 */
export const CALLBACKS = {
  'verification.acknowledged': { of: ['verification'], final: false },
  'verification.more_info': { of: ['verification'], final: false },
  'verification.answered': { of: ['verification'], final: true },
  'verification.retracted': { of: ['verification'], final: true },
  'document.issued': { of: ['document'], final: true },
  'document.refused': { of: ['document'], final: true },
  'fitness.answered': { of: ['fitness'], final: true },
  'exit_permit.answered': { of: ['exit_permit'], final: true },
  'booking.confirmed': { of: ['booking'], final: true },
  'booking.refused': { of: ['booking'], final: true },
  'movement.smaller_vehicle': { of: null, final: false },
  'movement.delayed': { of: null, final: false },
  'movement.cancelled': { of: null, final: false },
  'movement.departed': { of: null, final: false },
  'movement.arrived': { of: null, final: false },
} as const satisfies Record<string, { of: readonly RequestKind[] | null; final: boolean }>;

export type CallbackType = keyof typeof CALLBACKS;

/** Data of each callback, parsed: codes, instants and durations (hours of operation time). */
export type CallbackData = {
  'verification.acknowledged': Record<never, never>;
  'verification.more_info': { requestedEvidence: string[] };
  'verification.answered': { outcome: 'confirmed' | 'not_confirmed' | 'undetermined' };
  'verification.retracted': Record<never, never>;
  /** the number is encrypted before anything is stored: it never stands in the inbox as text */
  'document.issued': { kind: string; validUntil: Instant };
  'document.refused': Record<never, never>;
  'fitness.answered': {
    result: 'fit' | 'fit_with' | 'unfit';
    conditions: string[];
    validForHours?: number;
    reviewAfterHours?: number;
    examinedAt: Instant;
  };
  'exit_permit.answered': { answer: 'granted' | 'refused' | 'not_required'; fineWaived?: boolean; reason?: string };
  'booking.confirmed': { bookingReference: string };
  'booking.refused': { reason: string };
  'movement.smaller_vehicle': {
    vehicle?: string;
    seats: { seat: number; infantLap: number; stretcherBlock: number; wheelchair: number };
  };
  'movement.delayed': { newDepartsAt: Instant; newArrivesAt: Instant };
  'movement.cancelled': { reason?: string };
  'movement.departed': Record<never, never>;
  'movement.arrived': { stop: string };
};

/** One callback as the inbox keeps it. `occurredAt` is operation time, as the partner says it. */
export type Callback = { [T in CallbackType]: { type: T; occurredAt: Instant; data: CallbackData[T] } }[CallbackType];

/** What a partner answers to a request: a reference, and at times the answer itself. */
export type PartnerReply = { reference: string; acknowledged: boolean; answer?: Record<string, unknown> };

export type RegistryOutcome = 'match' | 'not_found' | 'several';
