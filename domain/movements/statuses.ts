/** What becomes of a version of the list of people. */
export const MANIFEST_STATUSES = ['draft', 'locked', 'sent', 'acked', 'final', 'void'] as const;
export type ManifestStatus = (typeof MANIFEST_STATUSES)[number];

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
] as const;
export type SeatStatus = (typeof SEAT_STATUSES)[number];
