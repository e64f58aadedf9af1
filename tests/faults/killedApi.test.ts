import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workflowId } from '../../workflows/messages.ts';
import { eventually } from '../support/eventually.ts';
import { registered, runOperation, someone } from '../support/faultOperation.ts';
import { inForm, reportFault } from '../support/faultRun.ts';
import { type FaultSystem, openFaultSystem } from '../support/faultSystem.ts';
import { holdInDatabase, sessionsWaitingForLock } from '../support/holding.ts';
import { letLeasesEnd } from '../support/leases.ts';

const ROUNDS = inForm(1, 2);

/** The long form waits out the minute for which a dead process owns its keys. */
const TAKES_AT_MOST_MS = inForm(60_000, 400_000);

let system: FaultSystem;
let operationId: string;

beforeAll(async () => {
  system = await openFaultSystem();
  await system.workers[0]?.start();
  ({ operationId } = await runOperation(system, {}));
});
afterAll(() => system?.close());

type Request = { key: string; reference: string; path: string; body: object };

function request(name: string, round: number): Request {
  const reference = `${name}-${round}`;
  return {
    key: `key-${reference}`,
    reference,
    path: `/v1/operations/${operationId}/households`,
    body: { household_ref: `H-${reference}`, members: [someone(reference)] },
  };
}

const send = ({ path, body, key }: Request) => system.once('case_worker', 'POST', path, body, key);

const committed = async ({ reference }: Request): Promise<string[]> => {
  const { rows } = await system.db.query<{ id: string }>(
    'select j.id from journeys j join households h on h.id = j.household_id where h.reference = $1',
    [`H-${reference}`],
  );
  return rows.map(({ id }) => id);
};

const runs = async (journeyIds: readonly string[]): Promise<number> => {
  const found = await Promise.all(
    journeyIds.map((id) =>
      system.engine.workflow
        .getHandle(workflowId.journey(id))
        .describe()
        .then(
          () => 1,
          () => 0,
        ),
    ),
  );
  return found.reduce<number>((sum, one) => sum + one, 0);
};

const keyRow = ({ key }: Request) =>
  holdInDatabase(system.db, `select 1 from idempotency_keys where key = $1 for update`, [key]);

/** The API stops where it reads the operation, with nothing written. */
const beforeTheStatement = () =>
  holdInDatabase(system.db, 'select from operations where id = $1 for update', [operationId]);

/** The one statement that writes everything stops at the order to start. */
const withinTheStatement = () => holdInDatabase(system.db, 'lock table pending_starts in share mode');

/** The caller never firstSeen back; a new API; the same caller asks again with the same key until it is answered. */
async function sendAgain(lost: ReturnType<typeof send>, sent: Request) {
  expect((await lost).status, 'the first caller').toBe(0);
  await system.api.start();
  const early = await send(sent);
  // The dead process still owns the key, so that nobody does its work a second time before its minute is over; unless
  // its answer was on its way into the database, which finishes what it was told by the dead.
  expect([409, 201]).toContain(early.status);
  if (early.status === 409) expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
  await letLeasesEnd(system.db);
  let answer = early;
  const isFree = async (): Promise<boolean> => {
    answer = await send(sent);
    return answer.body['code'] !== 'idempotency_key_running';
  };
  await eventually('the key is free', isFree, 90_000);
  expect(answer.status).toBe(201);
  const again = await send(sent);
  expect(again.body).toEqual(answer.body);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  return registered(answer.body, [sent.reference]);
}

describe('F3: the API is killed while it takes a household in', () => {
  test(
    'before anything is written: there is no row; asked again there is one',
    async (context) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const sent = request('before-statement', round);
        const block = await beforeTheStatement();
        const lost = send(sent);
        await eventually('the API waits for the lock', async () => (await sessionsWaitingForLock(system.db)) > 0);
        await system.api.kill();
        await block.release();
        await eventually('its session is gone', async () => (await sessionsWaitingForLock(system.db)) === 0);
        expect(await committed(sent)).toEqual([]);
        const [person] = await sendAgain(lost, sent);
        expect(await committed(sent)).toEqual([person?.journeyId]);
        await eventually('the start', async () => (await runs([person?.journeyId ?? ''])) === 1);
      }
      reportFault(context, {
        fault: 'F3',
        rounds: ROUNDS,
        counted: `${ROUNDS} killed before anything is written: no row, then 1 each`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'while the household is being written: it stands whole, and the relay starts it, once',
    async (context) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const sent = request('within-statement', round);
        const block = await withinTheStatement();
        const lost = send(sent);
        await eventually('the API waits for the lock', async () => (await sessionsWaitingForLock(system.db)) > 0);
        await system.api.kill();
        expect(await committed(sent)).toEqual([]);
        await block.release();
        // the database finishes what it was told by the dead
        await eventually('the commit', async () => (await committed(sent)).length === 1);
        const journeyIds = await committed(sent);
        await eventually('the workflow starter has started it', async () => (await runs(journeyIds)) === 1);
        const [person] = await sendAgain(lost, sent);
        expect([person?.journeyId]).toEqual(journeyIds);
        expect(await committed(sent)).toEqual(journeyIds);
      }
      reportFault(context, {
        fault: 'F3',
        rounds: ROUNDS,
        counted: `${ROUNDS} killed while writing: whole, 1 workflow each`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'after the commit, before the start: the relay starts it, once',
    async (context) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const sent = request('before-start', round);
        const block = await withinTheStatement();
        const lost = send(sent);
        await eventually('the API waits for the lock', async () => (await sessionsWaitingForLock(system.db)) > 0);
        // Nobody gets through to the engine, neither the API at once nor the relay meanwhile; and no answer gets out.
        const answer = await keyRow(sent);
        system.links.apiToTemporal.set('hole');
        system.links.workerToTemporal.set('hole');
        await block.release();
        await eventually('the commit', async () => (await committed(sent)).length === 1);
        const journeyIds = await committed(sent);
        expect(await runs(journeyIds)).toBe(0);
        await system.api.kill();
        await answer.release();
        system.links.apiToTemporal.set('pass');
        system.links.workerToTemporal.set('pass');
        await eventually('the workflow starter has started it', async () => (await runs(journeyIds)) === 1);
        const [person] = await sendAgain(lost, sent);
        expect([person?.journeyId]).toEqual(journeyIds);
        expect(await committed(sent)).toEqual(journeyIds);
      }
      reportFault(context, {
        fault: 'F3',
        rounds: ROUNDS,
        counted: `${ROUNDS} killed before the start: 1 workflow each`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'after the start, before the answer: the same key gets the same people',
    async (context) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const sent = request('before-answer', round);
        const block = await withinTheStatement();
        const lost = send(sent);
        await eventually('the API waits for the lock', async () => (await sessionsWaitingForLock(system.db)) > 0);
        const answer = await keyRow(sent);
        await block.release();
        await eventually('the start', async () => (await runs(await committed(sent))) === 1);
        const journeyIds = await committed(sent);
        await system.api.kill();
        await answer.release();
        const [person] = await sendAgain(lost, sent);
        expect([person?.journeyId]).toEqual(journeyIds);
        expect(await committed(sent)).toEqual(journeyIds);
        expect(await runs(journeyIds)).toBe(1);
      }
      reportFault(context, {
        fault: 'F3',
        rounds: ROUNDS,
        counted: `${ROUNDS} killed before the answer: 1 workflow each`,
      });
    },
    TAKES_AT_MOST_MS,
  );

  test(
    'in the end every household stands once, with one workflow, one first event',
    async (context) => {
      const { rows } = await system.db.query<{ reference: string; households: number; started: number; first: number }>(
        `select h.reference, count(distinct h.id)::integer as households,
              count(distinct s.workflow_id) filter (where s.started_at is not null)::integer as started,
              count(distinct (j.id, f.seq)) filter (where f.type = 'journeyStarted')::integer as first
         from households h join journeys j on j.household_id = h.id
         left join pending_starts s on s.workflow_id = 'journey:' || j.id left join event_log f on f.subject = j.id
        group by h.reference`,
      );
      expect(rows).toHaveLength(4 * ROUNDS);
      await eventually(
        'every workflow is counted',
        async () => (await engineCount("WorkflowType = 'journey'")) === 4 * ROUNDS,
      );
      for (const row of rows) expect(row).toMatchObject({ households: 1, started: 1, first: 1 });
      reportFault(context, {
        fault: 'F3',
        rounds: 4 * ROUNDS,
        counted: `${4 * ROUNDS} requests, ${rows.length} households, ${await engineCount("WorkflowType = 'journey'")} workflows`,
      });
    },
    TAKES_AT_MOST_MS,
  );
});

async function engineCount(query: string): Promise<number> {
  return (await system.engine.workflow.count(query)).count;
}
