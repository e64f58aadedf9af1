import { afterAll, beforeAll, expect, it } from 'vitest';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { tasksOn } from '../../../adapters/postgres/tasks.ts';
import type { Task, TaskAfter } from '../../../application/tasks/tasks.ts';
import { iso } from '../../../domain/time.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import { NOW, newOperation } from './seatFixtures.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db?.drop());

it('tasks come page by page, the earliest due first, those without a due time last, each role in its operation', async () => {
  const [operation, other] = [await newOperation(db.pool), await newOperation(db.pool)];
  const add = (id: string, due: number | null, role = 'case_worker', of = operation, status = 'open') =>
    db.pool.query(
      `insert into tasks (id, operation_id, subject, kind, role, opened_at, due, status) values ($1, $2, $1, 'callPerson', $3, now(), $4, $5)`,
      [id, of, role, due === null ? null : iso(due), status],
    );
  await add('b', null);
  await add('a', null);
  await add('d', NOW + 1);
  await add('c', NOW + 2);
  await add('lead', NOW, 'operation_lead');
  await add('done', NOW, 'case_worker', operation, 'done');
  await add('elsewhere', NOW, 'case_worker', other);
  const tasks = tasksOn(databaseOn(db.pool));
  const pages = async (read: (after?: TaskAfter) => Promise<Task[]>) => {
    const ids: string[] = [];
    for (let after: TaskAfter | undefined; ; ) {
      const [next] = await read(after);
      if (!next) return ids;
      ids.push(next.id);
      after = [next.due ?? 0, next.id];
    }
  };
  const roles = [{ role: 'case_worker' as const, operation }];
  expect(await pages((after) => tasks.forRoles(roles, 1, after))).toEqual(['d', 'c', 'a', 'b']);
  const everywhere = [{ role: 'case_worker' as const, operation: '*' }];
  expect(await pages((after) => tasks.forRoles(everywhere, 1, after))).toEqual(['elsewhere', 'd', 'c', 'a', 'b']);
  const list = (filter: Parameters<typeof tasks.ofOperation>[1]) =>
    pages((after) => tasks.ofOperation(operation, filter, 1, after));
  expect(await list({ status: 'open' })).toEqual(['lead', 'd', 'c', 'a', 'b']);
  expect(await list({ status: 'open', role: 'operation_lead' })).toEqual(['lead']);
  expect(await list({ status: 'done' })).toEqual(['done']);
});
