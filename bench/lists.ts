/**
 * B10: a registration list of 10,000 people, with people in it twice and one row in a hundred that cannot be taken.
 *
 * Ours: the file sent over HTTP to the real API process, streamed, encrypted and stored; checked by the real worker, row by
 * row, with the dry run written; committed by a coordinator's command; until everybody is registered, with data encrypted,
 * search keys, journeys and orders to start. Starting the runs is paced afterwards and not counted, so orders to start
 * are settled as they are written (a trigger of this bench's own database).
 * Peer: `insert … select unnest` of the same rows, every cell as text and the whole row as JSON, in one statement on the
 * same PostgreSQL, the arrays ready in memory.
 *
 * B10.memory: the most that API and worker together grew above what they took idle, each process fresh, sampled every
 * 20 ms; for 10,000 rows and for 100,000. No peer: memory is bounded or it is not.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { COLUMNS } from '../domain/imports/columns.ts';
import type { Cells } from '../tests/support/cells.ts';
import { stringifyCells } from '../tests/support/cells.ts';
import type { Bench, Side } from './bench.ts';
import { until } from './load.ts';
import { residentBytes } from './machine.ts';
import { openOperation } from './operation.ts';
import { madeUp } from './people.ts';
import { type BenchProcess, type BenchSystem, openBenchSystem, PROCESS } from './system.ts';

const ROWS = 10_000;
const MANY_ROWS = 100_000;
const MEGABYTE = 1_000_000;
/** Who asks a hundred times a second is a load of its own: it took a tenth of both cores. The figure may be this much too long. */
const POLLING = { everyMs: 100, withinMs: 300_000 };

export const lists: Bench = {
  id: 'B10',
  title: 'a list checked and imported against a bare insert of its rows',
  rows: [
    {
      id: 'B10',
      says: `${ROWS} rows, dry run and commit; peer: insert … select unnest of the same rows`,
      unit: 's',
      limit: { of: 'ratio', atMost: 8 },
    },
    {
      id: 'B10.memory',
      says: `memory of API and worker above idle, ${ROWS} rows`,
      unit: 'MB',
      limit: { of: 'ours', atMost: 150 },
    },
    {
      id: 'B10.memory-100k',
      says: `memory of API and worker above idle, ${MANY_ROWS} rows`,
      unit: 'MB',
      limit: { of: 'ours', atMost: 150 },
    },
  ],
  async prepare(say) {
    const system = await openBenchSystem(say);
    try {
      await system.pool.query(STARTS_ARE_SETTLED);
      await system.pool.query(BARE_TABLE);
      const rows = listOf(ROWS);
      const list = Buffer.from(stringifyCells(rows));
      const longList = Buffer.from(stringifyCells(listOf(MANY_ROWS)));
      return {
        flags: system.flags,
        async ours(): Promise<Side> {
          const short = await register(system, list);
          const long = await register(system, longList);
          say(`${MANY_ROWS} rows took ${long.seconds.toFixed(1)} s`);
          return { B10: short.seconds, 'B10.memory': short.megabytes, 'B10.memory-100k': long.megabytes };
        },
        peer: async () => ({ B10: await insertBare(system, rows) }),
        close: system.close,
      };
    } catch (error) {
      await system.close();
      throw error;
    }
  },
};

const STARTS_ARE_SETTLED = `
  create function bench_settle_start() returns trigger language plpgsql as $$
  begin new.started_at := now(); return new; end $$;
  create trigger bench_settle_start before insert on pending_starts
    for each row when (new.workflow = 'journey') execute function bench_settle_start()`;

const BARE_TABLE = `create table bench_rows (row int primary key, ${COLUMNS.map((column) => `${column} text`).join(', ')}, cells jsonb)`;

/** Households of four; every 100th row has no usable sex, every 50th household comes again under another reference. */
function listOf(count: number): Cells[] {
  const rows: Cells[] = [];
  for (let household = 0; rows.length < count; household += 1) {
    const again = household % 50 === 49;
    const first = again ? household - 49 : household;
    for (let member = 0; member < 4 && rows.length < count; member += 1) {
      const person = madeUp(first * 4 + member);
      rows.push({
        ...person,
        household_ref: `H-${household}`,
        person_ref: `P-${household}-${member}`,
        relationship_to_head: member === 0 ? 'HEAD' : member === 1 ? 'SPOUSE' : 'CHILD',
        ...(rows.length % 100 === 99 ? { sex: 'unknown' } : {}),
      });
    }
  }
  return rows;
}

type ImportState = { status: string; counts: unknown; progress: { done: number; failed: number } };

/** @throws Error unless everybody acceptable was registered */
async function register(system: BenchSystem, list: Buffer): Promise<{ seconds: number; megabytes: number }> {
  const processes = [await system.start(PROCESS.api), await system.start(PROCESS.worker)];
  try {
    const operationId = await openOperation(system.as('coordinator'));
    await pause(2_000);
    const grown = watchMemory(processes);
    const began = performance.now();
    const [caseWorker, coordinator] = [system.as('case_worker'), system.as('coordinator')];
    const { id } = (await caseWorker.upload(
      `/operations/${operationId}/imports?reference_date=2026-01-06`,
      list,
      'text/csv',
      `bench-${operationId}`,
    )) as { id: string };
    const status = async (): Promise<ImportState> => (await caseWorker.get(`/imports/${id}`)) as ImportState;
    await until(async () => (await status()).status === 'checked', 'the list to be checked', POLLING);
    await coordinator.post(`/imports/${id}/commands/commit`, {});
    await until(async () => ['starting', 'done'].includes((await status()).status), 'the list to be imported', POLLING);
    const seconds = (performance.now() - began) / 1_000;
    const megabytes = grown();
    const { rows } = await system.pool.query<{ taken: number; acceptable: number }>(
      `select (select count(*)::int from journeys where import_id = $1) as taken,
              (select count(*)::int from import_rows where import_id = $1 and verdict <> 'reject') as acceptable`,
      [id],
    );
    const [{ taken, acceptable } = { taken: 0, acceptable: 0 }] = rows;
    if (taken === 0 || taken !== acceptable) throw new Error(`${taken} of ${acceptable} people were registered`);
    return { seconds, megabytes };
  } finally {
    for (const process of processes) await process.stop();
  }
}

/** @returns a function that ends it and returns the largest growth of the processes together, in MB */
function watchMemory(processes: readonly BenchProcess[]): () => number {
  const resident = (): number => processes.reduce((sum, { pid }) => sum + residentBytes(pid), 0);
  const idle = resident();
  let most = idle;
  const timer = setInterval(() => {
    most = Math.max(most, resident());
  }, 20);
  return () => {
    clearInterval(timer);
    return (Math.max(most, resident()) - idle) / MEGABYTE;
  };
}

/** @returns seconds */
async function insertBare({ pool }: BenchSystem, rows: readonly Cells[]): Promise<number> {
  await pool.query('truncate bench_rows');
  const numbers = rows.map((_, index) => index + 1);
  const columns = COLUMNS.map((column) => rows.map((row) => row[column]));
  const cells = rows.map((row) => JSON.stringify(row));
  const places = COLUMNS.map((_, index) => `$${index + 2}::text[]`).join(', ');
  const began = performance.now();
  const { rowCount } = await pool.query(
    `insert into bench_rows select * from unnest($1::int[], ${places}, $${COLUMNS.length + 2}::jsonb[])`,
    [numbers, ...columns, cells],
  );
  const seconds = (performance.now() - began) / 1_000;
  if (rowCount !== rows.length) throw new Error(`${rowCount} of ${rows.length} rows were inserted`);
  return seconds;
}
