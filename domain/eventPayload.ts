import { type Instant, iso } from './time.ts';

/** An event as it stands in the outbox, with the person where its subject is a journey. */
export type OutgoingEvent = {
  operationId: string;
  subject: string;
  personId: string | null;
  /** of the subject: ascending, not without gaps, because not every event is an event */
  seq: number;
  /** of the system: gapless over all events, ascending for each subject */
  position: number;
  type: string;
  at: Instant;
  data: Record<string, unknown>;
};

/**
 * The body of a webhook (Standard Webhooks 1.0): thin, so ids, codes and instants alone. Whoever may know more asks for
 * it under `links`, and that is on record.
 */
export function eventPayload(event: OutgoingEvent): { type: string; timestamp: string; data: Record<string, unknown> } {
  const fields = Object.fromEntries(
    Object.entries(event.data).map(([key, value]) => [
      snakeCase(key),
      // Names of instants end in `At` in our own words; at the border they are ISO 8601.
      key.endsWith('At') && typeof value === 'number' ? iso(value) : value,
    ]),
  );
  return {
    type: event.type,
    timestamp: iso(event.at),
    data: {
      operation_id: event.operationId,
      ...subjectOf(event),
      ...fields,
      sequence: event.seq,
      position: event.position,
    },
  };
}

function subjectOf({ subject, personId, operationId }: OutgoingEvent): Record<string, unknown> {
  if (personId !== null) {
    return { journey_id: subject, person_id: personId, links: { self: `/v1/people/${personId}` } };
  }
  if (subject === operationId) return { links: { self: `/v1/operations/${operationId}` } };
  return { movement_id: subject, links: { self: `/v1/movements/${subject}` } };
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
