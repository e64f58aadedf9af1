import { ServiceError } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MOST_ATTEMPTS, type PendingStart } from '../../../application/starts/start.ts';
import { startWorkflowStarter } from '../../../processes/composition/loops.ts';
import { startNow } from '../../../processes/composition/starts.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { eventually, silentLog } from '../../support/systemRows.ts';

/** gRPC statuses. */
const UNAVAILABLE = 14;
const INVALID_ARGUMENT = 3;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.owner.query('truncate pending_starts, alarms');
});

const pend = (ids: string[]) =>
  database.pool.query(
    `insert into pending_starts (workflow_id, workflow, task_queue, input) select id, 'journey', 'homeward', '{"version": 1}' from unnest($1::text[]) id`,
    [ids],
  );
const open = async (): Promise<number> =>
  (await database.pool.query('select from pending_starts where started_at is null')).rowCount ?? 0;
const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `journey:jrn_${i}`);

/** As Temporal's client reports a gRPC status. */
function serviceError(code: number): ServiceError {
  return new ServiceError('call failed', {
    cause: Object.assign(new Error('grpc'), { code, details: '', metadata: {} }),
  });
}

const starter = (start: (pending: PendingStart) => Promise<void>) =>
  startWorkflowStarter({
    connectionString: database.url,
    gateway: { start },
    log: silentLog,
    pollMs: 20,
    perSecond: 100_000,
  });

describe('the workflow starter', () => {
  it('starts each once with two starters and an immediate try at work, a bounded number at a time', async () => {
    const started: string[] = [];
    let atOnce = 0;
    let most = 0;
    const start = async ({ workflowId }: PendingStart) => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 1));
      atOnce -= 1;
      started.push(workflowId);
    };
    await pend(names(300));
    const running = [starter(start), starter(start)];
    await startNow({ pool: database.pool, gateway: { start }, log: silentLog })(names(10));
    await eventually(async () => (await open()) === 0);
    await Promise.all(running.map((one) => one.stop()));
    expect(started.sort()).toEqual(names(300).sort());
    expect(most).toBeLessThanOrEqual(3 * 16);
  });

  it('waits while Temporal is away, counts no attempt, and starts what is left when it is back', async () => {
    let away = true;
    const started: string[] = [];
    const start = async ({ workflowId }: PendingStart) => {
      if (away) throw serviceError(UNAVAILABLE);
      started.push(workflowId);
    };
    await pend(names(5));
    expect(await startNow({ pool: database.pool, gateway: { start }, log: silentLog })(names(5))).toEqual([]);
    const running = starter(start);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await open()).toBe(5);
    away = false;
    await eventually(async () => (await open()) === 0);
    await running.stop();
    expect(started).toHaveLength(5);
    const { rows } = await database.pool.query('select distinct attempts from pending_starts');
    expect(rows).toEqual([{ attempts: 1 }]);
  });

  it('leaves a start alone that the server refuses again and again, raises one alarm, and starts the others', async () => {
    const start = async ({ workflowId }: PendingStart) => {
      if (workflowId === 'journey:poison') throw serviceError(INVALID_ARGUMENT);
    };
    await pend(['journey:poison', 'journey:good']);
    const running = starter(start);
    await eventually(
      async () => (await database.pool.query(`select from alarms where kind = 'start_refused'`)).rowCount === 1,
    );
    await running.stop();
    const { rows } = await database.pool.query(
      'select workflow_id, attempts, started_at is not null as started from pending_starts order by 1',
    );
    expect(rows).toEqual([
      { workflow_id: 'journey:good', attempts: 1, started: true },
      { workflow_id: 'journey:poison', attempts: MOST_ATTEMPTS, started: false },
    ]);
  });

  it('starts nothing without an order, and nothing twice', async () => {
    const started: string[] = [];
    const start = async ({ workflowId }: PendingStart) => void started.push(workflowId);
    await pend(names(3));
    const startThese = startNow({ pool: database.pool, gateway: { start }, log: silentLog });
    expect(await startThese(['journey:jrn_1', 'journey:unknown'])).toEqual(['journey:jrn_1']);
    expect(await startThese(['journey:jrn_1'])).toEqual([]);
    expect(started).toEqual(['journey:jrn_1']);
  });
});
