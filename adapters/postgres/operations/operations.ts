import type { Pool } from 'pg';
import { derivedId } from '../../../application/ids.ts';
import type { OperationClock } from '../../../domain/clock.ts';
import { toOperation } from '../../../domain/clock.ts';
import type { Phase, Scope } from '../../../domain/operations/events.ts';
import { type Rules, STORED_RULES, storedRules } from '../../../domain/rules.ts';
import { type Instant, iso } from '../../../domain/time.ts';
import type { OperationInput } from '../../../workflows/messages.ts';
import { type Queryable, transaction } from '../database.ts';
import { readClocks } from './clocks.ts';

export type NewOperation = {
  id: string;
  kind: 'evacuation' | 'return';
  drill: boolean;
  name: string;
  country: string;
  startsAt: Instant;
  clock: OperationClock;
  rules: Rules;
  planId?: string;
  sites: ReadonlyArray<{ name: string; purpose: string; capacity?: number }>;
  sectors: ReadonlyArray<{ code: string; leadAgency?: string; cluster?: string; planned?: number }>;
  partners: readonly string[];
  createdBy: string;
  /** id of its workflow, and the task queue */
  workflow: { id: string; taskQueue: string };
};

export type OperationRow = {
  id: string;
  kind: 'evacuation' | 'return';
  drill: boolean;
  name: string;
  country: string;
  status: string;
  planId: string | null;
  governmentRequestRef: string | null;
  rulesVersion: number;
  registrationOpen: boolean;
  seq: number;
  startsAt: Instant;
  createdAt: Instant;
};

export type OperationDetail = OperationRow & {
  leads: Record<string, string>;
  phases: Record<string, Phase>;
  sites: Array<{
    id: string;
    name: string;
    purpose: 'registration' | 'transit' | 'embarkation' | 'reception';
    capacity: number | null;
  }>;
  suspensions: Array<{ id: string; scopeKind: Scope['scopeKind']; scopeValue: string | null; from: Instant }>;
};

export type SectorRow = {
  number: number;
  code: string;
  name: string;
  leadAgency: string | null;
  cluster: string | null;
  planned: number;
  /** people with at least one service of the sector, and services without a person */
  reached: number;
  services: number;
};

const COLUMNS = `o.id, o.kind, o.drill, o.name, o.country, o.status, o.plan_id, o.government_request_ref, o.rules_version,
  o.registration_open, o.seq, o.starts_at, o.created_at`;

/** Operations as the API opens, reads and configures them; commands go through the workflow. */
export function createOperations(pool: Pool) {
  const seen = new Set<string>();
  return {
    /**
     * One transaction: the operation, its clock and rules, sites, sectors, partners, and the order to start its
     * workflow. Idempotent by id.
     */
    async create(operation: NewOperation): Promise<void> {
      await transaction(pool, (client) => insertOperation(client, operation));
    },

    /** Operations by id, newest first. @param among ids that the caller may see, or all */
    async list(among: 'all' | readonly string[], limit: number, after?: string): Promise<OperationRow[]> {
      const { rows } = await pool.query<OperationRecord>(
        `select ${COLUMNS} from operations o
          where ($1::text[] is null or o.id = any($1)) and ($2::text is null or o.id < $2) order by o.id desc limit $3`,
        [among === 'all' ? null : among, after ?? null, limit + 1],
      );
      return rows.map(operationRow);
    },

    async read(id: string): Promise<OperationDetail | undefined> {
      const { rows } = await pool.query<OperationRecord & Details>(
        `select ${COLUMNS},
           (select coalesce(jsonb_object_agg(area, principal), '{}') from operation_leads where operation_id = o.id) as leads,
           (select coalesce(jsonb_object_agg(area, phase), '{}') from operation_phases where operation_id = o.id) as phases,
           (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name, 'purpose', s.purpose, 'capacity', s.capacity) order by s.name), '[]')
              from sites s where s.operation_id = o.id) as sites,
           (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'scopeKind', s.scope_kind, 'scopeValue', s.scope_value,
                     'from', (extract(epoch from s.from_at) * 1000)::bigint) order by s.from_at), '[]')
              from suspensions s where s.operation_id = o.id and s.until_at is null) as suspensions
         from operations o where o.id = $1`,
        [id],
      );
      const row = rows[0];
      return (
        row && {
          ...operationRow(row),
          leads: row.leads,
          phases: row.phases,
          sites: row.sites,
          suspensions: row.suspensions,
        }
      );
    },

    /** Every request about an operation reads this. An operation is never deleted, so a known one is cached. */
    async exists(id: string): Promise<boolean> {
      if (seen.has(id)) return true;
      const { rowCount } = await pool.query({
        name: 'operation_exists',
        text: 'select from operations where id = $1',
        values: [id],
      });
      if (rowCount === 1) seen.add(id);
      return rowCount === 1;
    },

    /** The alpha-3 code of the country in which the operation works; undefined for an unknown operation. */
    async country(id: string): Promise<string | undefined> {
      const { rows } = await pool.query<{ country: string }>('select country from operations where id = $1', [id]);
      return rows[0]?.country;
    },

    async clock(id: string): Promise<OperationClock> {
      const clock = (await readClocks(pool, [id])).get(id);
      if (!clock) throw new Error(`Operation ${id} has no clock`);
      return clock;
    },

    /** What the operation's clock shows now. @param real now, real time */
    async now(id: string, real: Instant): Promise<Instant> {
      return toOperation(await this.clock(id), real);
    },

    /** The rules in force. */
    async rules(id: string): Promise<Rules> {
      const { rows } = await pool.query<{ document: unknown }>(
        'select r.document from operations o join operation_rules r on r.operation_id = o.id and r.version = o.rules_version where o.id = $1',
        [id],
      );
      if (!rows[0]) throw new Error(`Operation ${id} has no rules`);
      return STORED_RULES.read(rows[0].document);
    },

    /** Writes the next version if `expected` is still in force. Running journeys keep the version they began with. */
    async writeRules(
      id: string,
      expected: number,
      rules: Omit<Rules, 'version'>,
      by: string,
      at: Instant,
    ): Promise<number | 'changed'> {
      return transaction(pool, async (client) => {
        const { rows } = await client.query<{ rules_version: number }>(
          'select rules_version from operations where id = $1 for update',
          [id],
        );
        if (rows[0]?.rules_version !== expected) return 'changed';
        const version = expected + 1;
        await client.query(
          'insert into operation_rules (operation_id, version, document, decided_by, decided_at) values ($1, $2, $3, $4, $5)',
          [id, version, storedRules({ ...rules, version }), by, iso(at)],
        );
        await client.query('update operations set rules_version = $2 where id = $1', [id, version]);
        return version;
      });
    },

    /**
     * All sectors of the operation's set with planned and reached people. Reached people are counted from services,
     * never entered by hand.
     */
    async sectors(id: string): Promise<SectorRow[]> {
      const { rows } = await pool.query<SectorRow>(
        `select s.number, s.code, s.name, os.lead_agency as "leadAgency", os.cluster, coalesce(os.planned, 0) as planned,
                coalesce(g.reached, 0)::integer as reached, coalesce(g.services, 0)::integer as services
           from operations o join sectors s on s.set_code = o.sector_set
           left join operation_sectors os on os.operation_id = o.id and os.sector_code = s.code
           left join (select sector_code, count(distinct person_id) as reached, count(*) as services
                        from services where operation_id = $1 group by sector_code) g on g.sector_code = s.code
          where o.id = $1 order by s.number`,
        [id],
      );
      return rows;
    },

    /** False for an unknown sector. */
    async writeSector(
      id: string,
      code: string,
      sector: { leadAgency: string | null; cluster: string | null; planned: number },
    ): Promise<boolean> {
      const { rowCount } = await pool.query(
        `insert into operation_sectors (operation_id, set_code, sector_code, lead_agency, cluster, planned)
         select o.id, s.set_code, s.code, $3, $4, $5 from operations o join sectors s on s.set_code = o.sector_set and s.code = $2 where o.id = $1
         on conflict (operation_id, sector_code) do update
           set lead_agency = excluded.lead_agency, cluster = excluded.cluster, planned = excluded.planned`,
        [id, code, sector.leadAgency, sector.cluster, sector.planned],
      );
      return rowCount === 1;
    },

    /** False for an unknown partner. */
    async addPartner(id: string, partnerId: string): Promise<boolean> {
      const { rowCount } = await pool.query('select 1 from partners where id = $1', [partnerId]);
      if (rowCount === 0) return false;
      await pool.query(
        'insert into operation_partners (operation_id, partner_id) values ($1, $2) on conflict do nothing',
        [id, partnerId],
      );
      return true;
    },
  };
}

export type Operations = ReturnType<typeof createOperations>;

export async function insertOperation(client: Queryable, operation: NewOperation): Promise<void> {
  const { id, clock, rules } = operation;
  const made = await client.query(
    `insert into operations (id, kind, drill, name, country, plan_id, rules_version, created_by, starts_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing`,
    [
      id,
      operation.kind,
      operation.drill,
      operation.name,
      operation.country,
      operation.planId ?? null,
      rules.version,
      operation.createdBy,
      iso(operation.startsAt),
    ],
  );
  if (made.rowCount === 0) return;
  await client.query(
    'insert into operation_rules (operation_id, version, document, decided_by, decided_at) values ($1, $2, $3, $4, $5)',
    [id, rules.version, storedRules(rules), operation.createdBy, iso(operation.startsAt)],
  );
  for (const [position, segment] of clock.entries()) {
    await client.query(
      'insert into clock_segments (operation_id, position, from_operation_time, from_real_time, seconds_per_day) values ($1, $2, $3, $4, $5)',
      [id, position, iso(segment.fromOperationTime), iso(segment.fromRealTime), segment.secondsPerDay],
    );
  }
  for (const site of operation.sites) {
    await client.query('insert into sites (id, operation_id, name, purpose, capacity) values ($1, $2, $3, $4, $5)', [
      derivedId('site', id, site.name),
      id,
      site.name,
      site.purpose,
      site.capacity ?? null,
    ]);
  }
  for (const sector of operation.sectors) {
    await client.query(
      `insert into operation_sectors (operation_id, set_code, sector_code, lead_agency, cluster, planned)
       select o.id, o.sector_set, $2, $3, $4, $5 from operations o where o.id = $1`,
      [id, sector.code, sector.leadAgency ?? null, sector.cluster ?? null, sector.planned ?? 0],
    );
  }
  for (const partnerId of new Set(operation.partners)) {
    await client.query('insert into operation_partners (operation_id, partner_id) values ($1, $2)', [id, partnerId]);
  }
  const input: OperationInput = { version: 1, operationId: id, clock, rules };
  await client.query('insert into pending_starts (workflow_id, workflow, task_queue, input) values ($1, $2, $3, $4)', [
    operation.workflow.id,
    'operation',
    operation.workflow.taskQueue,
    JSON.stringify(input),
  ]);
}

type OperationRecord = {
  id: string;
  kind: 'evacuation' | 'return';
  drill: boolean;
  name: string;
  country: string;
  status: string;
  plan_id: string | null;
  government_request_ref: string | null;
  rules_version: number;
  registration_open: boolean;
  seq: number;
  starts_at: Date;
  created_at: Date;
};
type Details = Pick<OperationDetail, 'leads' | 'phases' | 'sites' | 'suspensions'>;

function operationRow(row: OperationRecord): OperationRow {
  return {
    id: row.id,
    kind: row.kind,
    drill: row.drill,
    name: row.name,
    country: row.country,
    status: row.status,
    planId: row.plan_id,
    governmentRequestRef: row.government_request_ref,
    rulesVersion: row.rules_version,
    registrationOpen: row.registration_open,
    seq: row.seq,
    startsAt: row.starts_at.getTime(),
    createdAt: row.created_at.getTime(),
  };
}
