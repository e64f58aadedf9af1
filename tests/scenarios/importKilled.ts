import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { person } from '../domain/imports/scenario.ts';
import { type Cells, stringifyCells } from '../support/cells.ts';
import type { DrillSystem } from './drillSystem.ts';

/** In how many families of four the child's birth date is no day: those rows are rejected, and nobody is lost by it. */
const FAULT_EVERY = 25;
const LOOK_MS = 5;

/** Families of four, as a careful case worker lists them, with some faults. */
export function familiesOf(rows: number): { cells: Cells[]; rejected: Set<number> } {
  const rejected = new Set<number>();
  const cells = Array.from({ length: rows }, (_, index) => {
    const family = Math.floor(index / 4);
    const place = index % 4;
    const faulty = place === 3 && family % FAULT_EVERY === 0;
    if (faulty) rejected.add(index + 1);
    return person({
      household_ref: `F${family}`,
      person_ref: `F${family}-${place}`,
      relationship_to_head: place === 0 ? 'HEAD' : place === 1 ? 'SPOUSE' : 'CHILD',
      given_names: `Given${index}`,
      family_name: `Family${family}`,
      date_of_birth: place < 2 ? '1985-06-07' : faulty ? '2015-02-30' : '2015-06-07',
      phone: `+2499${String(index).padStart(8, '0')}`,
      nationality: 'SDN',
      registered_at: '2026-11-20T09:00:00+02:00',
    });
  });
  return { cells, rejected };
}

/** What stands in the database of an import at the end. */
export type Outcome = {
  status: string;
  journeys: number;
  people: number;
  households: number;
  rows: number;
  rowsWithPerson: number;
  /** rows of the list that more than one journey came of */
  doubled: number;
  /** workflows that have been ordered to be started, and those that are not started yet */
  starts: number;
  startsLeft: number;
  /** journeys whose workflow has written more than once that it began */
  begunTwice: number;
};

/**
 * Sends a list, commits it, kills the worker -9 when a third is registered and the API when two thirds are, and waits
 * until every journey runs. Then it corrects the rejected rows and commits again. Every request goes over HTTP as a case worker
 * would; only the moment of killing is read from the database. `say` gets the log.
 */
export async function importWithKills(
  system: DrillSystem,
  { cells, rejected }: ReturnType<typeof familiesOf>,
  say: (line: string) => void,
): Promise<{ committed: Outcome; corrected: Outcome }> {
  const [coordinator, caseWorker] = [system.as('coordinator'), system.as('case_worker')];
  const database = new pg.Pool({ connectionString: system.databaseUrl, max: 2 });
  const began = performance.now();
  const log = (what: string): void => say(`${((performance.now() - began) / 1_000).toFixed(1)} s  ${what}`);
  try {
    const operation = (await coordinator.post('/operations', {
      kind: 'evacuation',
      drill: false,
      name: 'Import under fire',
      country: 'SDN',
    })) as { id: string };
    const { id } = (await caseWorker.upload(
      `/operations/${operation.id}/imports?reference_date=2026-11-20`,
      Buffer.from(stringifyCells(cells)),
      'text/csv',
      `import-${operation.id}`,
    )) as { id: string };
    log(`${cells.length} rows sent`);
    const checked = await until(caseWorker, id, ['checked', 'refused'], log);
    log(`dry run: ${JSON.stringify(checked.counts)}`);
    await coordinator.post(`/imports/${id}/commands/commit`, {}, `commit-${id}`);
    const kills: Array<{ part: 'worker' | 'api'; from: number }> = [
      { part: 'worker', from: 1 / 3 },
      { part: 'api', from: 2 / 3 },
    ];
    for (const { part, from } of kills) {
      const { done, total } = await reached(database, id, from);
      system.kill(part);
      log(`${part} killed -9 with ${done} of ${total} registered`);
    }
    await until(caseWorker, id, ['starting', 'done', 'refused'], log);
    const committed = await outcomeOf(database, operation.id, id);
    log(JSON.stringify(committed));

    // the corrected come while the journeys of the others are still being started
    const right = cells
      .filter((_, index) => rejected.has(index + 1))
      .map((row) => ({ ...row, date_of_birth: '2015-02-28' }));
    const part = (await caseWorker.upload(
      `/operations/${operation.id}/imports?continues=${id}`,
      Buffer.from(stringifyCells(right)),
      'text/csv',
      `corrected-${operation.id}`,
    )) as { id: string };
    await until(caseWorker, part.id, ['done', 'refused'], log);
    await until(caseWorker, id, ['checked', 'refused'], log);
    await coordinator.post(`/imports/${id}/commands/commit`, {}, `commit-corrected-${id}`);
    await until(caseWorker, id, ['done', 'refused'], log);
    const corrected = await outcomeOf(database, operation.id, id);
    log(JSON.stringify(corrected));
    return { committed, corrected };
  } finally {
    await database.end();
  }
}

/** Waits until this part of the commit is done. @throws Error where it is over before it was seen */
async function reached(database: pg.Pool, importId: string, part: number): Promise<{ done: number; total: number }> {
  for (;;) {
    const { rows } = await database.query<{ status: string; done: number; total: number }>(
      'select status, done, total from imports where id = $1',
      [importId],
    );
    const row = rows[0];
    if (row?.status === 'committing' && row.done >= row.total * part) return row;
    if (row === undefined || !['checked', 'committing'].includes(row.status)) {
      throw new Error(`The commit was over (${row?.status}) before ${part.toFixed(2)} of it was seen`);
    }
    await pause(LOOK_MS);
  }
}

type ImportView = {
  status: string;
  counts: unknown;
  progress: { done: number; total: number | null; eta: string | null };
};

async function until(
  caseWorker: ReturnType<DrillSystem['as']>,
  importId: string,
  statuses: readonly string[],
  log: (what: string) => void,
): Promise<ImportView> {
  let logged = '';
  for (;;) {
    const current = (await caseWorker.get(`/imports/${importId}`)) as ImportView;
    const { done, total, eta } = current.progress;
    const line = `${current.status}: ${done} of ${total ?? '?'}${eta === null ? '' : `, ${eta} to go`}`;
    if (line !== logged) log(line);
    logged = line;
    if (statuses.includes(current.status)) return current;
    await pause(250);
  }
}

async function outcomeOf(database: pg.Pool, operationId: string, importId: string): Promise<Outcome> {
  const { rows } = await database.query<Outcome>(
    `select (select status from imports where id = $2) as status,
            (select count(*)::int from journeys where operation_id = $1) as journeys,
            (select count(distinct person_id)::int from journeys where operation_id = $1) as people,
            (select count(*)::int from households where operation_id = $1) as households,
            (select count(*)::int from import_rows where import_id = $2) as rows,
            (select count(*)::int from import_rows where import_id = $2 and person_id is not null) as "rowsWithPerson",
            (select count(*)::int from (select from journeys where operation_id = $1 group by import_row having count(*) > 1) d) as doubled,
            (select count(*)::int from pending_starts where workflow = 'journey' and input ->> 'operationId' = $1) as starts,
            (select count(*)::int from pending_starts where workflow = 'journey' and input ->> 'operationId' = $1
                                                        and started_at is null) as "startsLeft",
            (select count(*)::int from (select from event_log where operation_id = $1 and type = 'journeyStarted'
                                         group by subject having count(*) > 1) b) as "begunTwice"`,
    [operationId, importId],
  );
  const outcome = rows[0];
  if (outcome === undefined) throw new Error('Nothing is known of the import');
  return outcome;
}
