import { type InsertObject, sql } from 'kysely';
import { derivedId } from '../../../application/ids.ts';
import type { ChangeRulesPorts, NewOperation, Operations, Sector } from '../../../application/operations/operations.ts';
import { type Rules, STORED_RULES, storedRules } from '../../../domain/rules.ts';
import { SECTOR_SET } from '../../../domain/services.ts';
import { type Instant, type OperationClock, toOperation } from '../../../domain/time.ts';
import type { OperationInput } from '../../../workflows/messages.ts';
import { anyOf, type Db, instant, json, type Tables } from '../database.ts';

type OperationStore = Operations &
  Pick<ChangeRulesPorts, 'writeRules'> & {
    create(operation: NewOperation): Promise<void>;
  };

export function operationsOn(db: Db): OperationStore {
  const known = new Set<string>();
  const operations = db
    .selectFrom('operations')
    .select(['id', 'kind', 'drill', 'name', 'country', 'status', 'planId', 'governmentRequestRef'])
    .select(['rulesVersion', 'registrationOpen', 'seq'])
    .select((eb) => [instant(eb, 'startsAt'), instant(eb, 'createdAt')]);
  const clock: Operations['clock'] = async (id) => {
    const found = (await readClocks(db, [id])).get(id);
    if (!found) throw new Error(`Operation ${id} has no clock`);
    return found;
  };

  return {
    create: (operation) => db.transaction().execute((tx) => insertOperation(tx, operation)),

    async list(among, limit, after) {
      let page = operations.orderBy('id', 'desc').limit(limit + 1);
      if (among !== 'all') page = page.where('id', '=', anyOf(among));
      if (after !== undefined) page = page.where('id', '<', after);
      return page.execute();
    },

    async read(id) {
      const [operation, leads, phases, sites, suspensions] = await Promise.all([
        operations.where('id', '=', id).executeTakeFirst(),
        db.selectFrom('operationLeads').select(['area', 'principal']).where('operationId', '=', id).execute(),
        db.selectFrom('operationPhases').select(['area', 'phase']).where('operationId', '=', id).execute(),
        db
          .selectFrom('sites')
          .select(['id', 'name', 'purpose', 'capacity'])
          .where('operationId', '=', id)
          .orderBy('name')
          .execute(),
        db
          .selectFrom('suspensions')
          .select(['id', 'scopeKind', 'scopeValue'])
          .select((eb) => instant(eb, 'fromAt'))
          .where('operationId', '=', id)
          .where('untilAt', 'is', null)
          .orderBy('fromAt')
          .execute(),
      ]);
      return (
        operation && {
          ...operation,
          leads: Object.fromEntries(leads.map(({ area, principal }) => [area, principal])),
          phases: Object.fromEntries(phases.map(({ area, phase }) => [area, phase])),
          sites,
          suspensions: suspensions.map(({ fromAt, ...suspension }) => ({ ...suspension, from: fromAt })),
        }
      );
    },

    /** Every request about an operation reads this. An operation is never deleted, so a known one is cached. */
    async exists(id) {
      if (known.has(id)) return true;
      const found = await db.selectFrom('operations').select('id').where('id', '=', id).executeTakeFirst();
      if (found !== undefined) known.add(id);
      return found !== undefined;
    },

    async country(id) {
      const row = await db.selectFrom('operations').select('country').where('id', '=', id).executeTakeFirst();
      return row?.country;
    },

    clock,
    now: async (id, real) => toOperation(await clock(id), real),

    async rules(id) {
      const row = await db
        .selectFrom('operations as o')
        .innerJoin('operationRules as r', (on) =>
          on.onRef('r.operationId', '=', 'o.id').onRef('r.version', '=', 'o.rulesVersion'),
        )
        .select('r.document')
        .where('o.id', '=', id)
        .executeTakeFirst();
      if (row === undefined) throw new Error(`Operation ${id} has no rules`);
      return STORED_RULES.read(row.document);
    },

    writeRules: (id, rules, by, at) =>
      db.transaction().execute(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('operations')
          .set({ rulesVersion: rules.version })
          .where('id', '=', id)
          .where('rulesVersion', '=', rules.version - 1)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) return false;
        await insertRules(tx, id, rules, by, at);
        return true;
      }),

    async sectors(id) {
      const { rows } = await sql<Sector>`
        select s.number, s.code, s.name, p.lead_agency, p.cluster, coalesce(p.planned, 0) as planned,
               coalesce(g.reached, 0)::integer as reached, coalesce(g.services, 0)::integer as services
          from operations o join sectors s on s.set_code = o.sector_set
          left join operation_sectors p on p.operation_id = o.id and p.sector_code = s.code
          left join (select sector_code, count(distinct person_id) as reached, count(*) as services
                       from services where operation_id = ${id} group by sector_code) g on g.sector_code = s.code
         where o.id = ${id} order by s.number`.execute(db);
      return rows;
    },

    async writeSector(id, code, sector) {
      await db
        .insertInto('operationSectors')
        .values({ operationId: id, setCode: SECTOR_SET, sectorCode: code, ...sector })
        .onConflict((on) => on.columns(['operationId', 'sectorCode']).doUpdateSet(sector))
        .execute();
    },

    async addPartner(operationId, partnerId) {
      await db
        .insertInto('operationPartners')
        .values({ operationId, partnerId })
        .onConflict((on) => on.doNothing())
        .execute();
    },
  };
}

/** Idempotent by id. */
export async function insertOperation(db: Db, operation: NewOperation): Promise<void> {
  const { id, kind, drill, name, country, planId, createdBy, clock, rules, workflow } = operation;
  const startsAt = new Date(operation.startsAt);
  const made = await db
    .insertInto('operations')
    .values({ id, kind, drill, name, country, planId, createdBy, startsAt, rulesVersion: rules.version })
    .onConflict((on) => on.column('id').doNothing())
    .returning('id')
    .execute();
  if (made.length === 0) return;
  const input: OperationInput = { version: 1, operationId: id, clock, rules };
  await insertRules(db, id, rules, createdBy, operation.startsAt);
  await insertRows(
    db,
    'clockSegments',
    clock.map(({ fromOperationTime, fromRealTime, secondsPerDay }, position) => ({
      operationId: id,
      position,
      fromOperationTime: new Date(fromOperationTime),
      fromRealTime: new Date(fromRealTime),
      secondsPerDay,
    })),
  );
  await insertRows(
    db,
    'sites',
    operation.sites.map((site) => ({ ...site, id: derivedId('site', id, site.name), operationId: id })),
  );
  await insertRows(
    db,
    'operationSectors',
    operation.sectors.map(({ code, ...plan }) => ({
      ...plan,
      operationId: id,
      setCode: SECTOR_SET,
      sectorCode: code,
    })),
  );
  await insertRows(
    db,
    'operationPartners',
    [...new Set(operation.partners)].map((partnerId) => ({ operationId: id, partnerId })),
  );
  await db
    .insertInto('pendingStarts')
    .values({ workflowId: workflow.id, workflow: 'operation', taskQueue: workflow.taskQueue, input: json(input) })
    .execute();
}

/** Several rows of one table; none is no statement. */
export async function insertRows<T extends keyof Tables>(
  db: Db,
  table: T,
  rows: ReadonlyArray<InsertObject<Tables, T>>,
): Promise<void> {
  if (rows.length > 0) await db.insertInto(table).values(rows).execute();
}

async function insertRules(db: Db, operationId: string, rules: Rules, decidedBy: string, at: Instant): Promise<void> {
  await db
    .insertInto('operationRules')
    .values({
      operationId,
      version: rules.version,
      document: json(storedRules(rules)),
      decidedBy,
      decidedAt: new Date(at),
    })
    .execute();
}

/** A segment as `json_agg` returns it. */
export type ClockRow = { from_operation_time: string; from_real_time: string; seconds_per_day: number };

/** @param rows in the order of their position */
export function clockOf(rows: readonly ClockRow[]): OperationClock {
  return rows.map((row) => ({
    fromOperationTime: Date.parse(row.from_operation_time),
    fromRealTime: Date.parse(row.from_real_time),
    secondsPerDay: row.seconds_per_day,
  }));
}

/** The clocks of these operations; an operation without segments is left out. */
async function readClocks(db: Db, operationIds: readonly string[]): Promise<Map<string, OperationClock>> {
  const segments = await db
    .selectFrom('clockSegments')
    .select(['operationId', 'fromOperationTime', 'fromRealTime', 'secondsPerDay'])
    .where('operationId', '=', anyOf([...new Set(operationIds)]))
    .orderBy('operationId')
    .orderBy('position')
    .execute();
  const clocks = Map.groupBy(segments, ({ operationId }) => operationId);
  return new Map(
    [...clocks].map(([operationId, own]) => [
      operationId,
      own.map(({ fromOperationTime, fromRealTime, secondsPerDay }) => ({
        fromOperationTime: fromOperationTime.getTime(),
        fromRealTime: fromRealTime.getTime(),
        secondsPerDay,
      })),
    ]),
  );
}

/** Operation time of each operation at the real time `real`. */
export async function operationTimes(
  db: Db,
  operationIds: readonly string[],
  real: Instant,
): Promise<Map<string, Instant>> {
  const clocks = await readClocks(db, operationIds);
  return new Map([...clocks].map(([operationId, clock]) => [operationId, toOperation(clock, real)]));
}

/** Operation time at the real time `real`. @throws Error for an unknown operation */
export async function operationTime(db: Db, operationId: string, real: Instant): Promise<Instant> {
  const at = (await operationTimes(db, [operationId], real)).get(operationId);
  if (at === undefined) throw new Error(`Operation ${operationId} has no clock`);
  return at;
}
