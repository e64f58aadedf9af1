import { snakeCaseFields } from './casing.ts';
import { type Instant, iso } from './time.ts';

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
