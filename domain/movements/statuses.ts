/** What becomes of a version of the list of people. */
export const MANIFEST_STATUSES = ['draft', 'locked', 'sent', 'acked', 'final', 'void'] as const;
export type ManifestStatus = (typeof MANIFEST_STATUSES)[number];

export const MOVEMENT_MODES = ['flight', 'ship', 'bus', 'convoy'] as const;
export type MovementMode = (typeof MOVEMENT_MODES)[number];

export const CLEARANCE_STATUSES = ['open', 'given', 'lost', 'not_required'] as const;
export type ClearanceStatus = (typeof CLEARANCE_STATUSES)[number];

/** What becomes of a person's seat. */
export const SEAT_STATUSES = [
  'reserved',
  'checked_in',
  'boarded',
  'departed',
  'arrived',
  'released',
  'no_show',
  'denied',
  'offloaded',
  'died',
] as const;
export type SeatStatus = (typeof SEAT_STATUSES)[number];

/** Statuses of a seat that somebody holds, or has held to the end: a person is, or will be, on the vehicle. */
export const HELD = ['reserved', 'checked_in', 'boarded', 'departed', 'arrived'] as const satisfies SeatStatus[];

/** Held until the departure. */
export const BEFORE_DEPARTURE: readonly SeatStatus[] = ['reserved', 'checked_in', 'boarded'];

/** Held by somebody on the ground, whose seat may be released. */
export const ON_THE_GROUND: readonly SeatStatus[] = ['reserved', 'checked_in'];
