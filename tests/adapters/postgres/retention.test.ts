import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { registrationsOn } from '../../../adapters/postgres/households/register.ts';
import { readPerson } from '../../../adapters/postgres/people/personData.ts';
import { retentionOn } from '../../../adapters/postgres/retention.ts';
import { registerHousehold } from '../../../application/households/register.ts';
import { removeAllOld, removeOld } from '../../../application/retention/removeOld.ts';
import { person } from '../../domain/imports/scenario.ts';
import { stringifyCells } from '../../support/cells.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { importActivities, orderCommit, storeOf, textSource, upload } from '../../support/imports.ts';
import { testKeyring } from '../../support/keyring.ts';
import { makeOperation } from '../../support/operations.ts';

const KEEP = { listsDays: 30, answersDays: 30, inboxDays: 400, peopleMonths: 24 };
const keyring = await testKeyring();
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database?.drop();
});

const query = (text: string, ...values: unknown[]) => database.pool.query(text, values);
const rowsOf = async (table: string, importId: string): Promise<number> =>
  (await query(`select from ${table} where import_id = $1`, importId)).rowCount ?? 0;

describe('a list', () => {
  /** Checked, and committed where `taken`; finished so many days ago. */
  async function list(daysAgo: number, { taken, correctable = false }: { taken: boolean; correctable?: boolean }) {
    const { id: operationId } = await makeOperation(database.pool);
    const cells = [person({ person_ref: 'A', household_ref: 'A' })];
    if (correctable) cells.push(person({ person_ref: 'B', household_ref: 'B', sex: '' }));
    const { importId } = await upload(database.pool, keyring, {
      operationId,
      referenceDate: '2026-11-20',
      source: textSource(stringifyCells(cells)),
    });
    const activities = importActivities({ store: storeOf(database.pool, keyring) });
    await activities.check(importId);
    if (taken) {
      await orderCommit(database.pool, keyring, importId);
      await activities.commit(importId);
      await query('update pending_starts set started_at = now()');
      await activities.finish(importId);
    }
    await query(
      `update imports set created_at = now() - make_interval(days => $2), finished_at = now() - make_interval(days => $2) where id = $1`,
      importId,
      daysAgo,
    );
    return importId;
  }
  const stateOf = async (importId: string) => ({
    status: (await query('select status from imports where id = $1', importId)).rows[0]?.status,
    key: await rowsOf('import_keys', importId),
    chunks: await rowsOf('import_chunks', importId),
    cells: await rowsOf('import_cells', importId),
    rows: await rowsOf('import_rows', importId),
  });

  it('is deleted after its period and its registered people stay; an uncommitted one says why; one with rows to correct waits', async () => {
    const young = await list(29, { taken: true });
    const old = await list(31, { taken: true });
    const forgotten = await list(31, { taken: false });
    const toCorrect = await list(31, { taken: true, correctable: true });
    await removeOld(retentionOn(databaseOn(database.pool)), KEEP);
    const whole = { key: 1, chunks: 1, cells: 1 };
    const gone = { key: 0, chunks: 0, cells: 0 };
    expect(await stateOf(young)).toEqual({ status: 'done', ...whole, rows: 1 });
    expect(await stateOf(old)).toEqual({ status: 'done', ...gone, rows: 1 });
    expect(await stateOf(forgotten)).toEqual({ status: 'refused', ...gone, rows: 0 });
    expect(await stateOf(toCorrect)).toEqual({ status: 'done', ...whole, rows: 2 });
    const { rows } = await query('select refusal from imports where id = $1', forgotten);
    expect(rows[0].refusal).toMatchObject({ code: 'list_not_kept', hint: 'Upload the file again.' });
    expect((await query('select from journeys where import_id = $1', old)).rowCount).toBe(1);
    // once the rows are handled, that list is deleted as well
    await query(`update tasks set status = 'done', closed_at = now() where subject = $1`, toCorrect);
    await removeOld(retentionOn(databaseOn(database.pool)), KEEP);
    expect(await stateOf(toCorrect)).toMatchObject(gone);
  });
});

describe('a person', () => {
  async function someone(monthsAgo: number, ending: string | null): Promise<string> {
    const { id: operationId } = await makeOperation(database.pool);
    const register = registerHousehold({
      ...registrationsOn(databaseOn(database.pool), keyring),
      startNow: async () => {},
    });
    const done = await register({
      operationId,
      origin: operationId,
      householdRef: 'H',
      members: [person()],
      dryRun: false,
      now: Date.now(),
    });
    const personId = done.outcome === 'registered' ? (done.household.people[0]?.personId ?? '') : '';
    await query(
      `update journeys set ending = $2, ended_at = case when $2::text is not null then now() end, status = case when $2::text is not null then 'closed' else status end,
         updated_at = now() - make_interval(months => $3) where person_id = $1`,
      personId,
      ending,
      monthsAgo,
    );
    // known for longer than the journey is over, as everybody is
    await query(
      'update persons set created_at = now() - make_interval(months => $2) where id = $1',
      personId,
      monthsAgo + 3,
    );
    return personId;
  }

  it('is erased after the end of the last journey, and found no more; who is on the way never is', async () => {
    const [young, old, waiting] = [
      await someone(23, 'completed'),
      await someone(25, 'completed'),
      await someone(25, null),
    ];
    expect((await removeOld(retentionOn(databaseOn(database.pool)), KEEP)).peopleMonths).toBe(1);
    expect((await removeOld(retentionOn(databaseOn(database.pool)), KEEP)).peopleMonths).toBe(0);
    const known = async (id: string) => [
      (await readPerson(databaseOn(database.pool), keyring, id)) !== undefined,
      ((await query('select from person_search where person_id = $1', id)).rowCount ?? 0) > 0,
      ((await query('select from person_data where person_id = $1', id)).rowCount ?? 0) > 0,
    ];
    expect(await known(young)).toEqual([true, true, true]);
    expect(await known(waiting)).toEqual([true, true, true]);
    expect(await known(old)).toEqual([false, false, false]);
    expect((await query('select from journeys where person_id = $1', old)).rowCount).toBe(1);
  });
});

it('keys, answers and what partners sent go by themselves, a portion at a time, and what waits to be dealt with stays', async () => {
  await query(
    `insert into idempotency_keys (principal, route, key, request_hash, created_at)
     select 'p', 'r', n::text, 'h', now() - make_interval(days => case when n <= 1500 then 31 else 29 end) from generate_series(1, 1600) as n`,
  );
  await query(
    `insert into partners (id, name, kind, created_by) values ('par_keeper', 'PartnerEndpoint', 'consulate', 'test')`,
  );
  await query(
    `insert into inbox (partner_id, event_id, kind, body, received_at, status)
     values ('par_keeper', 'old', 'x', '{}', now() - interval '401 days', 'applied'),
            ('par_keeper', 'open', 'x', '{}', now() - interval '401 days', 'received'),
            ('par_keeper', 'new', 'x', '{}', now(), 'applied')`,
  );
  const delivered: object[] = [];
  const log = { info: (fields: object) => void delivered.push(fields), warn: () => undefined };
  const remove = removeAllOld(retentionOn(databaseOn(database.pool)), KEEP, log);
  // A run that has lost its heartbeat may still work beside the next one.
  await Promise.all([remove(() => false), remove(() => false)]);
  expect((await query('select from idempotency_keys')).rowCount).toBe(100);
  expect((await query('select event_id from inbox order by 1')).rows.map(({ event_id }) => event_id)).toEqual([
    'new',
    'open',
  ]);
  expect(delivered.length).toBeGreaterThanOrEqual(2);
  expect(JSON.stringify(delivered)).not.toMatch(/par_keeper|person/);
  delivered.length = 0;
  await query("update idempotency_keys set created_at = now() - interval '31 days'");
  await remove(() => true);
  expect(delivered).toEqual([]);
});
