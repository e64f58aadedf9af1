/**
 * "Homeward partner protocol 1" (docs/partner-protocol.md): how partners receive requests and answer them. It is one
 * protocol for registries, consulates, clinics, border authorities, carriers and receiving agencies.
 */
export const PERSON_REQUEST_KINDS = ['registry', 'verification', 'document', 'fitness', 'exit_permit'] as const;
const MOVEMENT_REQUEST_KINDS = ['booking', 'reception'] as const;
export type PersonRequestKind = (typeof PERSON_REQUEST_KINDS)[number];
export const REQUEST_KINDS = [...PERSON_REQUEST_KINDS, ...MOVEMENT_REQUEST_KINDS] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export const PARTNER_KINDS = ['registry', 'consulate', 'carrier', 'border', 'clinic', 'agency'] as const;
export type PartnerKind = (typeof PARTNER_KINDS)[number];

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
 * How a callback answers, by type. `of` is the kind of request; null is a message about a carrier's own vehicle. A
 * `final` answer ends the request.
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

/** The response to a request: a reference, and sometimes the answer itself. */
export type PartnerReply = { reference: string; acknowledged: boolean; answer?: Record<string, unknown> };

export type RegistryOutcome = 'match' | 'not_found' | 'several';
