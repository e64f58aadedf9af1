import type { Pool } from 'pg';
import type { HistoryFact } from '../../../domain/words/history.ts';
import { displayNames } from './now.ts';

type JournalRow = {
  seq: number;
  type: string;
  chapter: string | null;
  at: Date;
  actor: string;
  actor_kind: 'staff' | 'partner' | 'system';
  role: string | null;
  reason_code: string | null;
  note_id: string | null;
  data: Record<string, unknown>;
};

const COLUMNS = 'seq, type, chapter, at, actor, actor_kind, role, reason_code, note_id, data';

/** The journal of a journey, with what of its movements, its operation and the people it was taken for concerns it. */
export function createHistory(pool: Pool) {
  return {
    /** @param told which facts of movements and of the operation are part of a person's history */
    async facts(
      journeyId: string,
      operationId: string,
      told: { movement: readonly string[]; operation: readonly string[] },
    ): Promise<HistoryFact[]> {
      const own = await pool.query<JournalRow>(`select ${COLUMNS} from journal where subject = $1 order by seq`, [
        journeyId,
      ]);
      const aboard = periodsAboard(own.rows);
      const movements = await pool.query<JournalRow & { subject: string }>(
        `select subject, ${COLUMNS} from journal where subject = any($1) and type = any($2) order by subject, seq`,
        [[...aboard.keys()], told.movement],
      );
      const began = own.rows[0]?.at ?? new Date(0);
      const ended = own.rows.find((row) => row.type === 'journeyEnded')?.at ?? null;
      const operation = await pool.query<JournalRow>(
        `select ${COLUMNS} from journal where subject = $1 and type = any($2) and at >= $3 and ($4::timestamptz is null or at <= $4) order by seq`,
        [operationId, told.operation, began, ended],
      );
      const met = await pool.query<JournalRow>(
        `select ${COLUMNS} from journal where subject in (
           select p.id from duplicate_pairs p join journeys j on j.person_id in (p.person_a, p.person_b) where j.id = $1)
          order by subject, seq`,
        [journeyId],
      );
      return [
        ...own.rows.map((row) => factOf('journey', row)),
        // what was noted of a pair tells of another person as well, and is read there
        ...met.rows.map((row) => factOf('pair', { ...row, note_id: null })),
        ...movements.rows
          .filter((row) => concerns(aboard.get(row.subject) ?? [], row.at))
          .map((row) => factOf('movement', { ...row, data: { ...row.data, movementId: row.subject } })),
        ...operation.rows.map((row) => factOf('operation', row)),
      ];
    },

    /** Names behind the ids in these facts; a request's id leads to the name of the office that was asked. */
    async names(facts: readonly HistoryFact[]): Promise<{ names: Map<string, string>; attempts: Map<string, number> }> {
      const ids = facts.flatMap((fact) => [
        fact.actor,
        ...Object.values(fact.data).filter((value) => typeof value === 'string'),
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

type Period = { from: Date; until?: Date };
const LEAVES = ['seatReleased', 'noShow', 'deniedBoarding', 'offloaded', 'arrived'];

/** When the person had a seat on which movement: its facts of that time are part of their history. */
function periodsAboard(rows: readonly JournalRow[]): Map<string, Period[]> {
  const periods = new Map<string, Period[]>();
  for (const { type, at, data } of rows) {
    const movementId = typeof data['movementId'] === 'string' ? data['movementId'] : undefined;
    if (movementId === undefined) continue;
    const known = periods.get(movementId) ?? [];
    if (type === 'seatAssigned') periods.set(movementId, [...known, { from: at }]);
    const open = known.at(-1);
    if (open && open.until === undefined && LEAVES.includes(type)) open.until = at;
  }
  return periods;
}

function concerns(periods: readonly Period[], at: Date): boolean {
  return periods.some(({ from, until }) => at >= from && (until === undefined || at <= until));
}

function factOf(source: HistoryFact['source'], row: JournalRow): HistoryFact {
  return {
    source,
    seq: row.seq,
    type: row.type,
    ...(row.chapter === null ? {} : { chapter: row.chapter }),
    at: row.at.getTime(),
    actor: row.actor,
    actorKind: row.actor_kind,
    ...(row.role === null ? {} : { role: row.role }),
    ...(row.reason_code === null ? {} : { reasonCode: row.reason_code }),
    ...(row.note_id === null ? {} : { noteId: row.note_id }),
    data: row.data,
  };
}
