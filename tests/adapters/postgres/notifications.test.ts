import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { notifier } from '../../../adapters/postgres/database.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

let database: TestDatabase;
let listener: pg.Client;
let seen = 0;
beforeAll(async () => {
  database = await testDatabase();
  listener = new pg.Client({ connectionString: database.url });
  await listener.connect();
  await listener.query('listen outbox');
  listener.on('notification', () => {
    seen += 1;
  });
});
afterAll(async () => {
  await listener.end();
  await database.drop();
});

const seenAtLeast = (count: number) => vi.waitFor(() => expect(seen).toBeGreaterThanOrEqual(count), 10_000);

it('notifies at once, and a rush of notifications in between as one more', async () => {
  const notify = notifier(database.pool, 'outbox', 200);
  notify();
  await seenAtLeast(1);
  for (let time = 0; time < 1_000; time++) notify();
  expect(seen).toBe(1);
  await seenAtLeast(2);
  await pause(500);
  expect(seen).toBe(2);
  notify();
  await seenAtLeast(3);
});

it('does not fail where the database is away', async () => {
  const away = new pg.Pool({ connectionString: 'postgresql://nobody@127.0.0.1:1/none' });
  const notify = notifier(away, 'outbox', 1);
  expect(notify).not.toThrow();
  // A rejection that nobody handles would fail the run.
  await pause(50);
  expect(notify).not.toThrow();
  await away.end();
});
