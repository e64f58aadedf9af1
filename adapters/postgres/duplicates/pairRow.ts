import { type PairReason, STORED_REASONS } from '../../../domain/duplicates/comparePeople.ts';
import type { PairStatus } from '../../../domain/duplicates/decisions.ts';
import type { Instant } from '../../../domain/time.ts';
import type { Queryable } from '../database.ts';

/** One of the two people, in the operation of the pair. */
export type PairedPerson = { personId: string; operationId: string; journeyId: string };

export type Pair = {
  id: string;
  people: [PairedPerson, PairedPerson];
  score: number;
  /** the strongest first */
  reasons: Array<{ reason: PairReason; points: number }>;
  status: PairStatus;
  /** how many decisions there have been */
  seq: number;
  decision: PairDecision | null;
  heldJourney: string | null;
  holdId: string | null;
  /** real time */
  createdAt: Instant;
};

export type PairDecision = {
  by: string;
  role: string;
  reasonCode: string | null;
  noteId: string | null;
  /** operation time */
  at: Instant;
};

export type PairRow = {
  id: string;
  person_a: string;
  person_b: string;
  operation_a: string;
  operation_b: string;
  journey_a: string;
  journey_b: string;
  score: number;
  reasons: unknown;
  status: PairStatus;
  seq: number;
  decided_by: string | null;
  decided_role: string | null;
  decided_at: Date | null;
  reason_code: string | null;
  note_id: string | null;
  held_journey: string | null;
  hold_id: string | null;
  created_at: Date;
};

/** To be followed by `where` and further conditions on `p`. */
export const SELECT_PAIR = `
  select p.*, ja.id as journey_a, jb.id as journey_b
    from duplicate_pairs p
    join lateral (select id from journeys where person_id = p.person_a and operation_id = p.operation_a
                   order by (ending is null) desc, registered_at desc, id desc limit 1) ja on true
    join lateral (select id from journeys where person_id = p.person_b and operation_id = p.operation_b
                   order by (ending is null) desc, registered_at desc, id desc limit 1) jb on true`;

export async function readPair(db: Queryable, pairId: string): Promise<Pair | undefined> {
  const { rows } = await db.query<PairRow>(`${SELECT_PAIR} where p.id = $1`, [pairId]);
  return rows[0] && pairOf(rows[0]);
}

export function pairOf(row: PairRow): Pair {
  return {
    id: row.id,
    people: [
      { personId: row.person_a, operationId: row.operation_a, journeyId: row.journey_a },
      { personId: row.person_b, operationId: row.operation_b, journeyId: row.journey_b },
    ],
    score: row.score,
    reasons: STORED_REASONS.read(row.reasons),
    status: row.status,
    seq: row.seq,
    decision:
      row.decided_by === null
        ? null
        : {
            by: row.decided_by,
            role: row.decided_role ?? '',
            reasonCode: row.reason_code,
            noteId: row.note_id,
            at: row.decided_at?.getTime() ?? 0,
          },
    heldJourney: row.held_journey,
    holdId: row.hold_id,
    createdAt: row.created_at.getTime(),
  };
}
