import { snakeCaseFields } from './casing.ts';
import { type Instant, iso } from './time.ts';

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
  'journey.reopened': 'The journey was ended by mistake and goes on. No reason is given.',
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

/** An event in the outbox, with the person where its subject is a journey. */
export type OutgoingEvent = {
  operationId: string;
  subject: string;
  personId: string | null;
  /** of the subject: ascending, with gaps, because not every event of the log is published */
  seq: number;
  /** of the system: without gaps over all published events, ascending for each subject */
  position: number;
  type: string;
  at: Instant;
  data: Record<string, unknown>;
};

/**
 * The body of a webhook (Standard Webhooks 1.0). It holds ids, codes and instants alone. A receiver reads more under
 * `links`, where the disclosure ledger records it.
 */
export function eventPayload(event: OutgoingEvent): { type: string; timestamp: string; data: Record<string, unknown> } {
  return {
    type: event.type,
    timestamp: iso(event.at),
    data: {
      operation_id: event.operationId,
      ...subjectOf(event),
      ...eventFields(event.data),
      sequence: event.seq,
      position: event.position,
    },
  };
}

/** The fields of a published event: names in snake_case; instants, whose names end in `At`, in ISO 8601. */
export function eventFields(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return snakeCaseFields(
    Object.fromEntries(
      Object.entries(data).map(([name, value]) => [
        name,
        name.endsWith('At') && typeof value === 'number' ? iso(value) : value,
      ]),
    ),
  );
}

function subjectOf({ subject, personId, operationId }: OutgoingEvent): Record<string, unknown> {
  if (personId !== null) {
    return { journey_id: subject, person_id: personId, links: { self: `/v1/people/${personId}` } };
  }
  if (subject === operationId) return { links: { self: `/v1/operations/${operationId}` } };
  return { movement_id: subject, links: { self: `/v1/movements/${subject}` } };
}
