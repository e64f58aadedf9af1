import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { JOURNEY_CARRIED } from '../../domain/journeys/stored.ts';
import { DAY } from '../../domain/time.ts';
import { freshKey, openOperation, record, register, STARTED, type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
let operationId: string;
let personId: string;
let journeyId: string;

beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system.close());
beforeEach(async () => {
  delete system.answers.running;
  operationId = await openOperation(system);
  const { people } = await register(system, operationId);
  ({ personId = '', journeyId = '' } = people[0] ?? {});
  await record(system, journeyId, operationId, [STARTED, { type: 'identityConfirmed', data: { by: 'staff' } }]);
  await rows(`update pending_starts set started_at = now() where workflow_id = $1 returning 1`, `journey:${journeyId}`);
});

const rows = async (query: string, ...values: unknown[]) => (await system.db.pool.query(query, values)).rows;
const ended = (data: object, at = Date.now()) =>
  record(system, journeyId, operationId, [{ type: 'journeyEnded', data, at }]);
const reopen = (role: string, key = freshKey(), body: object = { reason_code: 'wrong_person' }) =>
  system.ask(role, 'POST', `/v1/people/${personId}/reopenings`, body, { 'idempotency-key': key });
const outbox = async () =>
  (await rows('select type from outbox where subject = $1 order by seq', journeyId)).map(({ type }) => type);

describe('an ending by mistake', () => {
  it('is undone by two people with a reason; the history shows both', async () => {
    await ended({ ending: 'lost_contact' });
    expect((await reopen('duty_supervisor', freshKey(), {})).status).toBe(400);
    expect((await reopen('case_worker')).status).toBe(403);
    expect((await reopen('duty_supervisor')).status).toBe(202);
    expect((await reopen('duty_supervisor')).status).toBe(202);
    expect(await rows('select ending from journeys where id = $1', journeyId)).toEqual([{ ending: 'lost_contact' }]);
    const done = await reopen('protection_lead');
    expect(done.status).toBe(200);
    expect(done.body).toMatchObject({ status: 'registered' });
    expect(await rows('select ending, ended_at, status from journeys where id = $1', journeyId)).toEqual([
      { ending: null, ended_at: null, status: 'registered' },
    ]);
    const history = await system.ask('protection_lead', 'GET', `/v1/people/${personId}/history`);
    expect(history.text).toContain('Journey ended: contact lost');
    expect(history.text).toContain('Reopened by two people');
    expect(
      await rows(`select actor, data from event_log where subject = $1 and type = 'journeyReopened'`, journeyId),
    ).toEqual([{ actor: 'protection_lead', data: { ending: 'lost_contact', told: true, first: 'duty_supervisor' } }]);
  });

  it('starts the workflow once more, with the state that the event log makes', async () => {
    await ended({ ending: 'ineligible' });
    await reopen('duty_supervisor');
    system.started.length = 0;
    await reopen('operation_lead');
    expect(system.started).toEqual([`journey:${journeyId}`]);
    const [start] = await rows(
      'select input, again, started_at from pending_starts where workflow_id = $1',
      `journey:${journeyId}`,
    );
    expect(start).toMatchObject({ again: true, started_at: null });
    const { state } = JOURNEY_CARRIED.read(start.input.carried);
    expect(state).toMatchObject({ seq: 4, identity: 'confirmed', proposedEnding: null });
    expect(state.ending).toBeUndefined();
  });

  it('tells the partners who were told of the ending, and nobody of a death that was none', async () => {
    await ended({ ending: 'withdrawn' });
    await reopen('duty_supervisor');
    await reopen('operation_lead');
    expect(await outbox()).toContain('journey.reopened');
    await record(system, journeyId, operationId, [{ type: 'deathRecorded', data: {} }]);
    await reopen('duty_supervisor');
    expect((await reopen('operation_lead')).status).toBe(200);
    expect((await outbox()).filter((type) => type === 'journey.reopened')).toHaveLength(1);
    expect(await rows(`select status from tasks where id = $1`, `${journeyId}.deathFollowUp`)).toEqual([
      { status: 'void' },
    ]);
  });

  it('leaves open holds as they are', async () => {
    await system.ask('case_worker', 'POST', `/v1/people/${personId}/commands/raise-hold`, {
      args: { type: 'ASYLUM' },
      reason_code: 'told_in_private',
    });
    const before = await rows('select id, status from holds where journey_id = $1', journeyId);
    await ended({ ending: 'referred_out' });
    await reopen('duty_supervisor');
    await reopen('operation_lead');
    expect(await rows('select id, status from holds where journey_id = $1', journeyId)).toEqual(before);
  });

  it('repeated under its key is one reopening; a second approval twice changes nothing', async () => {
    await ended({ ending: 'ineligible' });
    await reopen('duty_supervisor');
    const key = freshKey();
    const [one, other] = await Promise.all([reopen('operation_lead', key), reopen('protection_lead')]);
    expect([one.status, other.status].toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(await rows(`select from event_log where subject = $1 and type = 'journeyReopened'`, journeyId)).toHaveLength(
      1,
    );
  });

  it.each([
    ['an open journey', async () => undefined, 'The journey is open'],
    [
      'one whose ending is still carried out',
      async () => {
        await ended({ ending: 'ineligible' });
        system.answers.running = () => true;
      },
      'still being carried out',
    ],
    ['one that was completed long ago', () => ended({ ending: 'completed' }, Date.now() - 91 * DAY), '90 days'],
    [
      'one of a closed operation',
      async () => {
        await ended({ ending: 'ineligible' });
        await rows(`update operations set status = 'cancelled' where id = $1 returning 1`, operationId);
      },
      'The operation is closed',
    ],
  ])('is not undone for %s', async (_, before, reason) => {
    await before();
    const refused = await reopen('duty_supervisor');
    expect(refused.status).toBe(409);
    expect(String(refused.body['reason'])).toContain(reason);
  });
});
