import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationActivities } from '../../activities/subjects.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { operationStepsOn, suspensionsOn } from '../../adapters/postgres/operations/conduct.ts';
import { workflowGateway } from '../../adapters/temporal/workflowGateway.ts';
import { newId } from '../../application/ids.ts';
import { suspensionOverlap } from '../../application/operations/conduct.ts';
import { startAgain } from '../../application/starts/start.ts';
import type { Role } from '../../domain/actor.ts';
import type { Decision } from '../../domain/commands.ts';
import { defaultRules } from '../../domain/rules.ts';
import { DAY, REAL_CLOCK } from '../../domain/time.ts';
import { startAgainPorts } from '../../processes/composition/starts.ts';
import * as messages from '../../workflows/messages.ts';
import { type OperationAnswer, type Refusal, workflowId } from '../../workflows/messages.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { makeOperation } from '../support/operations.ts';
import { recordEvents } from '../support/recording.ts';
import { timeSkippingEnvironment, workflowBundle } from '../support/temporal.ts';
import { eventually, OFFICER, withWorker } from './journeyHarness.ts';

let env: TestWorkflowEnvironment;
let bundle: Awaited<ReturnType<typeof workflowBundle>>;
let database: TestDatabase;

beforeAll(async () => {
  [env, bundle, database] = await Promise.all([timeSkippingEnvironment(), workflowBundle(), testDatabase()]);
});
afterAll(async () => {
  await env?.teardown();
  await database?.drop();
});

const LEADS = { protection: 'p.lead', health: 'h.lead', movement: 'm.lead' };
const ACTIVATION = { governmentRequestRef: 'NV 12/2017', leads: LEADS };

type Say = (
  name: string,
  args?: object,
  extra?: Partial<Decision<object>> & { role?: Role },
) => Promise<OperationAnswer>;

/** An operation that runs on real PostgreSQL beside a worker of its own. */
async function withOperation(work: (operationId: string, say: Say) => Promise<void>): Promise<void> {
  const { pool } = database;
  const activities = {
    ...operationActivities(operationStepsOn(databaseOn(pool))),
    record: (batch: Parameters<typeof recordEvents>[1]) => recordEvents(pool, batch),
  };
  await withWorker(env, bundle, activities, async (taskQueue) => {
    const { id } = await makeOperation(pool);
    const handle = await env.client.workflow.start('operation', {
      taskQueue,
      workflowId: workflowId.operation(id),
      args: [{ version: 1, operationId: id, clock: REAL_CLOCK, rules: defaultRules('evacuation') }],
    });
    await work(id, (name, args = {}, { role = 'coordinator', ...extra } = {}) => {
      const commandId = extra.commandId ?? newId('event');
      return handle.executeUpdate<OperationAnswer, [Decision<object>]>(name, {
        updateId: commandId,
        args: [{ commandId, actor: OFFICER(role), args, reasonCode: 'security', ...extra }],
      });
    });
  });
}

async function refusal(promise: Promise<unknown>): Promise<Refusal> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  return ((error as WorkflowUpdateFailedError).cause as ApplicationFailure).details?.[0] as Refusal;
}

const row = async (id: string) =>
  (
    await database.pool.query(
      'select status, government_request_ref, registration_open, seq from operations where id = $1',
      [id],
    )
  ).rows[0];

const event_log = async (id: string): Promise<string[]> =>
  (await database.pool.query('select type from event_log where subject = $1 order by seq', [id])).rows.map(
    ({ type }) => type,
  );

/** Somebody registered in the operation, as far as these tests need. */
async function registered(operationId: string, over: Record<string, unknown> = {}): Promise<string> {
  const [person, household, journey] = [newId('person'), newId('household'), newId('journey')];
  const { pool } = database;
  await pool.query(`insert into persons (id, nationality, sex, traveller) values ($1, $2, 'F', 'adult')`, [
    person,
    over['nationality'] ?? 'VUT',
  ]);
  await pool.query(
    `insert into households (id, operation_id, reference, site, requested_at) values ($1, $2, 'H1', $3, now())`,
    [household, operationId, over['site'] ?? 'Walaha'],
  );
  await pool.query(
    `insert into journeys (id, person_id, operation_id, household_id, relationship, registered_at, status_since, route, consent, consent_confirmed_at)
     values ($1, $2, $3, $4, 'HEAD', now(), now(), '{evacuation}', $5, $6)`,
    [journey, person, operationId, household, over['consent'] ?? 'none', over['confirmedAt'] ?? null],
  );
  return journey;
}

describe('an operation', () => {
  it('is activated on a government’s request with its leads named, and only then', async () => {
    await withOperation(async (id, say) => {
      expect((await refusal(say('activate', { governmentRequestRef: '', leads: { health: 'h' } }))).reason).toBe(
        'Before activation there must be: the reference of the government’s request, a named lead for protection, a named lead for movement',
      );
      expect((await refusal(say('windDown'))).allowed).toEqual(['activate', 'setPhase', 'cancelOperation']);
      expect((await refusal(say('activate', ACTIVATION, { role: 'case_worker' }))).reason).toBe(
        'This is not for a case_worker to decide',
      );
      expect(await say('activate', ACTIVATION)).toEqual({ seq: 3, status: 'running' });
      expect(await row(id)).toMatchObject({ status: 'running', government_request_ref: 'NV 12/2017', seq: 3 });
      expect(await event_log(id)).toEqual(['operationOpened', 'operationActivated', 'operationStarted']);
      const leads = await database.pool.query(
        'select area, principal from operation_leads where operation_id = $1 order by area',
        [id],
      );
      expect(Object.fromEntries(leads.rows.map(({ area, principal }) => [area, principal]))).toEqual(LEADS);
    });
  });

  it('answers the same command the same, and does it once', async () => {
    await withOperation(async (id, say) => {
      const twice = { commandId: 'the-same' };
      const [first, second] = await Promise.all([
        say('activate', ACTIVATION, twice),
        say('activate', ACTIVATION, twice),
      ]);
      expect(second).toEqual(first);
      expect(await event_log(id)).toHaveLength(3);
    });
  });

  it('is suspended and resumes: timers see the overlap, the sweep counts what has lapsed', async () => {
    await withOperation(async (id, say) => {
      await say('activate', ACTIVATION);
      const old = await registered(id, { consent: 'given', confirmedAt: new Date(Date.now() - 90 * DAY) });
      const elsewhere = await registered(id, {
        consent: 'given',
        confirmedAt: new Date(Date.now() - 90 * DAY),
        site: 'Lolowai',
      });
      const before = Date.now() - DAY;
      const site = { suspensionId: newId('suspension'), scopeKind: 'site', scopeValue: 'Walaha' };
      expect((await refusal(say('suspend', site, { reasonCode: undefined }))).reason).toBe('A reason must be given');
      expect(await say('suspend', site)).toMatchObject({ status: 'running' });
      const now = Date.now() + DAY;
      const at = { operationId: id, since: before, at: now };
      expect((await suspensionOverlap(suspensionsOn(databaseOn(database.pool)))({ ...at, subject: old })).open).toBe(
        true,
      );
      expect(await suspensionOverlap(suspensionsOn(databaseOn(database.pool)))({ ...at, subject: elsewhere })).toEqual({
        overlap: 0,
        open: false,
      });
      expect(await suspensionOverlap(suspensionsOn(databaseOn(database.pool)))({ ...at, subject: id })).toEqual({
        overlap: 0,
        open: false,
      });

      const everything = { suspensionId: newId('suspension'), scopeKind: 'all' };
      expect(await say('suspend', everything)).toMatchObject({ status: 'suspended' });
      expect(
        (await suspensionOverlap(suspensionsOn(databaseOn(database.pool)))({ ...at, subject: elsewhere })).open,
      ).toBe(true);
      expect((await refusal(say('closeOperation'))).reason).toBe('The operation is suspended');

      await say('resume', everything);
      await say('resume', site);
      expect(await row(id)).toMatchObject({ status: 'running' });
      const { overlap, open } = await suspensionOverlap(suspensionsOn(databaseOn(database.pool)))({
        ...at,
        subject: old,
      });
      expect(open).toBe(false);
      expect(overlap).toBeGreaterThan(0);
      const same = await database.pool.query(
        `select s.from_at = f.at and s.until_at = e.at as moments from suspensions s
           join event_log f on f.type = 'operationSuspended' and f.data ->> 'suspensionId' = s.id
           join event_log e on e.type = 'operationResumed' and e.data ->> 'suspensionId' = s.id where s.operation_id = $1`,
        [id],
      );
      expect(same.rows).toEqual([{ moments: true }, { moments: true }]);
      const events = await database.pool.query(
        `select data from event_log where subject = $1 and type = 'operationResumed' order by seq`,
        [id],
      );
      expect(events.rows.map(({ data }) => data.lapsed.consent)).toEqual([2, 1]);
      expect((await refusal(say('resume', site))).reason).toBe('This suspension is not open');
      const published = await database.pool.query('select type, data from outbox where subject = $1 order by seq', [
        id,
      ]);
      expect(published.rows.map(({ type }) => type)).toEqual([
        'operation.suspended',
        'operation.suspended',
        'operation.resumed',
        'operation.resumed',
      ]);
      expect(JSON.stringify(published.rows)).not.toContain('security');
    });
  });

  it('keeps the phase of each area', async () => {
    await withOperation(async (id, say) => {
      await say('setPhase', { area: 'health', phase: 'before' });
      await say('setPhase', { area: 'health', phase: 'during' });
      expect((await refusal(say('setPhase', { area: 'health', phase: 'during' }))).reason).toMatch(/already/);
      const { rows } = await database.pool.query('select area, phase from operation_phases where operation_id = $1', [
        id,
      ]);
      expect(rows).toEqual([{ area: 'health', phase: 'during' }]);
    });
  });

  it('is not closed while anybody is unfinished, says who, and takes nobody in after it was', async () => {
    await withOperation(async (id, say) => {
      await say('activate', ACTIVATION);
      const journey = await registered(id);
      expect((await refusal(say('closeOperation'))).reason).toBe(
        'The operation has open journeys or movements: 1 people in status registered. List people by ' +
          'GET /v1/operations/{id}/people?filter[status]=…, and hand_over names the authority that takes over',
      );
      expect(await row(id)).toMatchObject({ status: 'running', registration_open: true });
      await say('windDown');
      expect(await row(id)).toMatchObject({ status: 'winding_down', registration_open: false });
      expect((await refusal(say('closeOperation'))).reason).toMatch(/1 people/);
      await database.pool.query(
        `update journeys set ending = 'referred_out', status = 'closed', ended_at = now() where id = $1`,
        [journey],
      );
      expect(await say('closeOperation')).toMatchObject({ status: 'closed' });
      expect(await row(id)).toMatchObject({ status: 'closed' });
      const state = await env.client.workflow.getHandle(workflowId.operation(id)).result();
      expect(state).toBe('closed');
    });
  });

  it('is given up before it runs, and not while people are on its list', async () => {
    await withOperation(async (id, say) => {
      const journey = await registered(id);
      expect((await refusal(say('cancelOperation'))).reason).toMatch(/1 people/);
      await database.pool.query(
        `update journeys set ending = 'referred_out', status = 'closed', ended_at = now() where id = $1`,
        [journey],
      );
      expect(await say('cancelOperation')).toMatchObject({ status: 'cancelled' });
    });
  });

  it('goes on when somebody asks Temporal to cancel it, and a supervisor has the task until they decide', async () => {
    await withOperation(async (id, say) => {
      await say('activate', ACTIVATION);
      const handle = env.client.workflow.getHandle(workflowId.operation(id));
      await handle.cancel();
      const tasks = async () =>
        (await database.pool.query('select kind, role, status from tasks where subject = $1 order by opened_at', [id]))
          .rows;
      await eventually(async () => (await tasks()).length === 1, 'the task');
      expect(await tasks()).toEqual([{ kind: 'cancelRequest', role: 'duty_supervisor', status: 'open' }]);
      expect(await say('windDown')).toMatchObject({ status: 'winding_down' });
      expect(await say('closeOperation')).toMatchObject({ status: 'closed' });
      expect(await handle.result()).toBe('closed');
      expect(await tasks()).toMatchObject([{ kind: 'cancelRequest', status: 'done' }]);
    });
  });

  it('is started again from its event log where its workflow is gone, and never while it runs', async () => {
    await withOperation(async (id, say) => {
      await say('activate', ACTIVATION);
      const handle = env.client.workflow.getHandle(workflowId.operation(id));
      const { taskQueue } = await handle.describe();
      await database.pool.query('update pending_starts set task_queue = $2 where workflow_id = $1', [
        handle.workflowId,
        taskQueue,
      ]);
      const ports = startAgainPorts(database.pool, workflowGateway(env.client, messages));
      await expect(startAgain(ports, handle.workflowId)).rejects.toThrow('already started');
      await handle.terminate('lost');
      expect(await startAgain(ports, handle.workflowId)).toBe(3);
      const command = { commandId: newId('event'), actor: OFFICER('coordinator'), args: {} };
      expect(await handle.executeUpdate('windDown', { args: [command] })).toEqual({ seq: 4, status: 'winding_down' });
      expect((await event_log(id)).slice(-2)).toEqual(['operationStarted', 'windDownBegun']);
      await expect(startAgain(ports, 'feed:end_1')).rejects.toThrow(RangeError);
    });
  });

  it('does one thing at a time: of commands that race, the second sees what the first made', async () => {
    await withOperation(async (id, say) => {
      await say('activate', ACTIVATION);
      const outcomes = await Promise.allSettled([say('windDown'), say('windDown'), say('windDown')]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect((await event_log(id)).filter((type) => type === 'windDownBegun')).toHaveLength(1);
    });
  });
});
