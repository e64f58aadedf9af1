/** Events that partners can receive. Thin: ids and codes, never names, documents or protection data. */
export const EVENTS = {
  'journey.registered': 'A person is registered in the operation.',
  'journey.verified': 'The nationality is confirmed.',
  'journey.document_issued': 'A travel document is issued.',
  'journey.seated': 'The person has a seat on a movement.',
  'journey.seat_released': 'The person no longer has the seat. No reason is given.',
  'journey.boarded': 'The person is on board.',
  'journey.departed': 'The person is on the way.',
  'journey.arrived': 'The person has arrived at the end of the route.',
  'journey.received': 'The person was received.',
  'journey.follow_up_done': 'A follow-up contact was made.',
  'journey.ended': 'The journey has ended. The name of the ending is not given.',
  'movement.planned': 'A movement is planned.',
  'movement.changed': 'Vehicle, capacity or time of a movement has changed.',
  'movement.locked': 'The manifest is locked under a version.',
  'movement.departed': 'The movement has departed.',
  'movement.arrived': 'The movement has arrived.',
  'movement.cancelled': 'The movement is cancelled.',
  'movement.reconciled': 'Every seat of the movement is accounted for.',
  'operation.suspended': 'The operation, or a part of it, is suspended. No reason is given.',
  'operation.resumed': 'The operation has resumed.',
} as const;

export type EventType = keyof typeof EVENTS;
export const EVENT_TYPES = Object.keys(EVENTS) as EventType[];
