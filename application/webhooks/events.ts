import type { EventType } from '../../domain/outboxEvents.ts';
import type { Instant } from '../../domain/time.ts';

/** A published event, with its position. */
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

export type EventReads = {
  /**
   * Events after a position, without a gap; one more than `limit` where there are more. A partner gets the types that a
   * valid agreement names for the operation. For a person, consent and holds are checked at this moment, and redacted
   * events are skipped.
   */
  from(reader: EventReader, filter: { after: number; operation?: string }, limit: number): Promise<PositionedEvent[]>;
};

export type OutboxPorts = {
  /** Gives the next positions and makes the deliveries, in one transaction. Returns the endpoints with new ones. */
  stamp(limit: number): Promise<{ stamped: number; endpoints: string[] }>;
  /** active endpoints with due deliveries */
  feedsWithDue(): Promise<string[]>;
  nudge(endpointIds: readonly string[]): void;
};

const BATCH = 1_000;
/** How often to search for due deliveries that no feed sends. */
const SWEEP_MS = 30_000;

/** One pass: gives committed events their positions and deliveries, and nudges the feeds. */
export function publishOutbox(now: () => number): (ports: OutboxPorts) => Promise<'more' | 'idle'> {
  let sweptAt = Number.NEGATIVE_INFINITY;
  return async ({ stamp, feedsWithDue, nudge }) => {
    const { stamped, endpoints } = await stamp(BATCH);
    nudge(endpoints);
    if (now() - sweptAt >= SWEEP_MS) {
      nudge(await feedsWithDue());
      sweptAt = now();
    }
    return stamped >= BATCH ? 'more' : 'idle';
  };
}
