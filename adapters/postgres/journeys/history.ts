import type { Pool } from 'pg';
import { EVENT_FORMS } from '../../../domain/eventLog.ts';
import type { HistoryEvent } from '../../../domain/messages/history.ts';
import type { Instant } from '../../../domain/time.ts';
import { displayNames } from './now.ts';

type EventLogRow = {
  seq: number;
  type: string;
  phase: string | null;
  at: Date;
  actor: string;
  actor_kind: 'staff' | 'partner' | 'system';
  role: string | null;
  reason_code: string | null;
  note_id: string | null;
  data: unknown;
  data_version: number;
};

const COLUMNS = 'seq, type, phase, at, actor, actor_kind, role, reason_code, note_id, data, data_version';

/** The events of a journey, with those of its movements, its operation and its duplicate candidates that concern it. */
export function createHistory(pool: Pool) {
  return {
    /** @param included which events of movements and of the operation belong to a person's history */
    async events(
      journeyId: string,
      operationId: string,
      included: { movement: readonly string[]; operation: readonly string[] },
    ): Promise<HistoryEvent[]> {
      const own = await pool.query<EventLogRow>(`select ${COLUMNS} from event_log where subject = $1 order by seq`, [
        journeyId,
      ]);
      const journey = own.rows.map((row) => eventOf('journey', row));
      const aboard = periodsAboard(journey);
      const movements = await pool.query<EventLogRow & { subject: string }>(
        `select subject, ${COLUMNS} from event_log where subject = any($1) and type = any($2) order by subject, seq`,
        [[...aboard.keys()], included.movement],
      );
      const began = own.rows[0]?.at ?? new Date(0);
      const ended = own.rows.find((row) => row.type === 'journeyEnded')?.at ?? null;
      const operation = await pool.query<EventLogRow>(
        `select ${COLUMNS} from event_log where subject = $1 and type = any($2) and at >= $3 and ($4::timestamptz is null or at <= $4) order by seq`,
        [operationId, included.operation, began, ended],
      );
      const met = await pool.query<EventLogRow>(
        `select ${COLUMNS} from event_log where subject in (
           select p.id from duplicate_pairs p join journeys j on j.person_id in (p.person_a, p.person_b) where j.id = $1)
          order by subject, seq`,
        [journeyId],
      );
      return [
        ...journey,
        // notes on a pair concern another person as well, so they are read with the pair
        ...met.rows.map((row) => eventOf('pair', { ...row, note_id: null })),
        ...movements.rows
          .filter((row) => concerns(aboard.get(row.subject) ?? [], row.at.getTime()))
          .map((row) => {
            const event = eventOf('movement', row);
            return { ...event, data: { ...event.data, movementId: row.subject } };
          }),
        ...operation.rows.map((row) => eventOf('operation', row)),
      ];
    },

    /** Names for the ids in these events; the id of a request gives the name of its partner. */
    async names(
      events: readonly HistoryEvent[],
    ): Promise<{ names: Map<string, string>; attempts: Map<string, number> }> {
      const ids = events.flatMap((event) => [
        event.actor,
        ...Object.values(event.data).filter((value) => typeof value === 'string'),
      ]);
      const names = await displayNames(pool, ids);
      const { rows } = await pool.query<{ id: string; attempts: number; name: string }>(
        'select r.id, r.attempts, p.name from requests r join partners p on p.id = r.partner_id where r.id = any($1)',
        [[...new Set(ids)]],
      );
      for (const row of rows) names.set(row.id, row.name);
      return { names, attempts: new Map(rows.map((row) => [row.id, row.attempts])) };
    },
  };
}

export type HistoryReads = ReturnType<typeof createHistory>;

type Period = { from: Instant; until?: Instant };
const LEAVES = ['seatReleased', 'noShow', 'deniedBoarding', 'offloaded', 'arrived'];

/** When the person had a seat on which movement: events of that time belong to their history. */
function periodsAboard(events: readonly HistoryEvent[]): Map<string, Period[]> {
  const periods = new Map<string, Period[]>();
  for (const { type, at, data } of events) {
    const movementId = typeof data['movementId'] === 'string' ? data['movementId'] : undefined;
    if (movementId === undefined) continue;
    const known = periods.get(movementId) ?? [];
    if (type === 'seatAssigned') periods.set(movementId, [...known, { from: at }]);
    const open = known.at(-1);
    if (open && open.until === undefined && LEAVES.includes(type)) open.until = at;
  }
  return periods;
}

function concerns(periods: readonly Period[], at: Instant): boolean {
  return periods.some(({ from, until }) => at >= from && (until === undefined || at <= until));
}

function eventOf(source: HistoryEvent['source'], row: EventLogRow): HistoryEvent {
  return {
    source,
    seq: row.seq,
    ...EVENT_FORMS[source].read(row.type, row.data_version, row.data),
    ...(row.phase === null ? {} : { phase: row.phase }),
    at: row.at.getTime(),
    actor: row.actor,
    actorKind: row.actor_kind,
    ...(row.role === null ? {} : { role: row.role }),
    ...(row.reason_code === null ? {} : { reasonCode: row.reason_code }),
    ...(row.note_id === null ? {} : { noteId: row.note_id }),
  };
}
