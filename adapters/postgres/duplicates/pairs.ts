import type { Pool } from 'pg';
import { OPEN_STATUSES, PAIR_STATUSES } from '../../../domain/duplicates/decisions.ts';
import { type DecidedPair, type Decision, decidePair } from './decide.ts';
import { type Pair, type PairDecision, type PairRow, pairOf, readPair, SELECT_PAIR } from './pairRow.ts';

/** A decision in the event log. */
export type PairEvent = PairDecision & { seq: number; type: string };

/** A registration that was confirmed as the same person. */
export type LinkedPerson = { personId: string; operationId: string; goesOn: boolean };

/** `importId`: pairs with a person of that list. */
export type PairFilter = { state?: 'open' | 'decided'; importId?: string };

/** Duplicate candidates and their decisions. */
export function createDuplicates(pool: Pool) {
  return {
    /** The operations of both people, in the order of the pair. */
    async operationsOf(pairId: string): Promise<string[]> {
      const { rows } = await pool.query<Pick<PairRow, 'operation_a' | 'operation_b'>>(
        'select operation_a, operation_b from duplicate_pairs where id = $1',
        [pairId],
      );
      return [...new Set(rows.flatMap((row) => [row.operation_a, row.operation_b]))];
    },

    read: (pairId: string): Promise<Pair | undefined> => readPair(pool, pairId),

    /** Pairs with a person in the operation, in the order of their ids. */
    async list(operationId: string, { state, importId }: PairFilter, limit: number, after?: string): Promise<Pair[]> {
      const statuses = PAIR_STATUSES.filter(
        (status) => state === undefined || OPEN_STATUSES.includes(status) === (state === 'open'),
      );
      const wanted = `status = any($2) and ($3::text is null or id > $3) and ($5::text is null or exists (
        select from journeys j where j.import_id = $5 and j.person_id in (p.person_a, p.person_b)))`;
      // each half uses its own index
      const { rows } = await pool.query<PairRow>(
        `with page as (
           (select id from duplicate_pairs p where operation_a = $1 and ${wanted} order by id limit $4)
           union
           (select id from duplicate_pairs p where operation_b = $1 and ${wanted} order by id limit $4))
         ${SELECT_PAIR} where p.id in (select id from page) order by p.id limit $4`,
        [operationId, statuses, after ?? null, limit + 1, importId ?? null],
      );
      return rows.map(pairOf);
    },

    /** Every decision on a pair, oldest first. */
    async decisions(pairId: string): Promise<PairEvent[]> {
      const { rows } = await pool.query<{
        seq: number;
        type: string;
        actor: string;
        role: string | null;
        reason_code: string | null;
        note_id: string | null;
        at: Date;
      }>('select seq, type, actor, role, reason_code, note_id, at from event_log where subject = $1 order by seq', [
        pairId,
      ]);
      return rows.map((row) => ({
        seq: row.seq,
        type: row.type,
        by: row.actor,
        role: row.role ?? '',
        reasonCode: row.reason_code,
        noteId: row.note_id,
        at: row.at.getTime(),
      }));
    },

    /**
     * The registrations that are the same person as each of these, also through others. Each has a mark whether its
     * journey continues: it is open and not blocked by a decision.
     */
    async linksOf(personIds: readonly string[]): Promise<Map<string, LinkedPerson[]>> {
      const { rows } = await pool.query<{ person: string; linked: string; operation_id: string; goes_on: boolean }>(
        `with recursive same (person, linked) as (
           select p, p from unnest($1::text[]) as p
           union
           select s.person, case when d.person_a = s.linked then d.person_b else d.person_a end
             from same s join duplicate_pairs d on d.status = 'same' and (d.person_a = s.linked or d.person_b = s.linked))
         select distinct on (s.person, s.linked) s.person, s.linked, j.operation_id,
                j.ending is null and not exists (select from duplicate_pairs h where h.status = 'same' and h.held_journey = j.id) as goes_on
           from same s join journeys j on j.person_id = s.linked
          where s.linked <> s.person
          order by s.person, s.linked, (j.ending is null) desc, j.registered_at desc, j.id desc`,
        [personIds],
      );
      const links = new Map<string, LinkedPerson[]>();
      for (const row of rows) {
        const others = links.get(row.person) ?? [];
        links.set(row.person, others);
        others.push({ personId: row.linked, operationId: row.operation_id, goesOn: row.goes_on });
      }
      return links;
    },

    decide: (decision: Decision): Promise<DecidedPair> => decidePair(pool, decision),
  };
}

export type Duplicates = ReturnType<typeof createDuplicates>;
