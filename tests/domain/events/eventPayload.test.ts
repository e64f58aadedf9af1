import { describe, expect, it } from 'vitest';
import { eventPayload } from '../../../domain/outboxEvents.ts';

const event = { operationId: 'op_1', seq: 3, position: 17, at: 0, personId: null };

describe('the body of a webhook', () => {
  it('names a journey and its person', () => {
    expect(
      eventPayload({
        ...event,
        subject: 'jrn_1',
        personId: 'per_1',
        type: 'journey.seated',
        data: { movementId: 'mov_1' },
      }),
    ).toEqual({
      type: 'journey.seated',
      timestamp: '1970-01-01T00:00:00.000Z',
      data: {
        operation_id: 'op_1',
        journey_id: 'jrn_1',
        person_id: 'per_1',
        links: { self: '/v1/people/per_1' },
        movement_id: 'mov_1',
        sequence: 3,
        position: 17,
      },
    });
  });

  it('names a movement, and writes instants as ISO 8601', () => {
    expect(
      eventPayload({ ...event, subject: 'mov_1', type: 'movement.changed', data: { departsAt: 60_000, seats: 5 } })
        .data,
    ).toMatchObject({
      movement_id: 'mov_1',
      departs_at: '1970-01-01T00:01:00.000Z',
      seats: 5,
      links: { self: '/v1/movements/mov_1' },
    });
  });

  it('names an operation', () => {
    const { data } = eventPayload({ ...event, subject: 'op_1', type: 'operation.suspended', data: {} });
    expect(data).toEqual({ operation_id: 'op_1', links: { self: '/v1/operations/op_1' }, sequence: 3, position: 17 });
  });
});
