import type { Pool } from 'pg';

/** Rows of households that are written before an event. */
export function createHouseholds(pool: Pool) {
  return {
    async operationOf(id: string): Promise<string | undefined> {
      const { rows } = await pool.query<{ operation_id: string }>('select operation_id from households where id = $1', [
        id,
      ]);
      return rows[0]?.operation_id;
    },

    /** Whether a child travels in this household, among its open journeys. */
    async hasChildren(id: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        `select 1 from journeys j join persons p on p.id = j.person_id
          where j.household_id = $1 and j.ending is null and p.traveller in ('child', 'infant') limit 1`,
        [id],
      );
      return rowCount === 1;
    },

    /**
     * The household of a person after a separation: the same place in the order, with their own nationality as the
     * head's. Idempotent by id.
     */
    async prepareSplit(id: string, journeyId: string): Promise<void> {
      await pool.query(
        `insert into households (id, operation_id, reference, site, priority, requested_at, head_nationality, split_from)
         select $1, h.operation_id, h.reference || '/' || right($1, 4), h.site, h.priority, h.requested_at, p.nationality, h.id
           from journeys j join households h on h.id = j.household_id join persons p on p.id = j.person_id
          where j.id = $2 on conflict (id) do nothing`,
        [id, journeyId],
      );
    },

    /** Removes a household that nobody joined. */
    async dropEmpty(id: string): Promise<void> {
      await pool.query(
        'delete from households h where h.id = $1 and h.split_from is not null and not exists (select from journeys where household_id = h.id)',
        [id],
      );
    },
  };
}

export type Households = ReturnType<typeof createHouseholds>;
