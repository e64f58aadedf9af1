import type { Pool } from 'pg';
import type { EventType } from '../../../domain/outboxEvents.ts';
import { STORED_FIELDS } from '../../../domain/storedValue.ts';
import type { Instant } from '../../../domain/time.ts';
import { epoch } from '../database.ts';

export type PositionedEvent = {
  id: string;
  position: number;
  operationId: string;
  subject: string;
  seq: number;
  type: EventType;
  at: Instant;
  data: Record<string, unknown>;
};

/** The reader: staff in these operations, or a partner under its agreements. */
export type EventReader = { operations: 'all' | readonly string[] } | { partnerId: string };

export function createEvents(pool: Pool) {
  return {
    /**
     * Events from a position on, without a gap. A partner gets the types that a valid agreement names for the operation.
     * For a person, consent and holds are checked at this moment, and redacted events are skipped.
     */
    async from(
      reader: EventReader,
      filter: { after: number; operation?: string },
      limit: number,
    ): Promise<PositionedEvent[]> {
      const partnerId = 'partnerId' in reader ? reader.partnerId : null;
      const operations = 'operations' in reader && reader.operations !== 'all' ? reader.operations : null;
      const { rows } = await pool.query<Omit<PositionedEvent, 'data'> & { data: unknown }>(
        `select o.id, o.position, o.operation_id as "operationId", o.subject, o.seq, o.type,
                ${epoch('o.at', 'at')}, o.data
           from outbox o
          where o.position > $1 and ($2::text is null or o.operation_id = $2) and ($3::text[] is null or o.operation_id = any($3))
            and ($4::text is null or (
              exists (select from agreements a where a.partner_id = $4 and a.operation_id = o.operation_id and o.type = any(a.event_types)
                        and a.valid_from <= o.at and (a.valid_until is null or a.valid_until > o.at))
              and not exists (select from journeys j where j.id = o.subject and (j.consent <> 'given' or not j.consent_sharing
                    or exists (select from holds h where h.journey_id = j.id and h.status in ('raising', 'active') and h.blocks_disclosure)))))
          order by o.position limit $5`,
        [filter.after, filter.operation ?? null, operations, partnerId, limit + 1],
      );
      return rows.map((row) => ({ ...row, data: STORED_FIELDS.read(row.data) }));
    },
  };
}

export type Events = ReturnType<typeof createEvents>;
