import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../application/ids.ts';
import { HOLD_TYPES } from '../../domain/holds.ts';
import { COMMAND_REFUSED } from '../../workflows/messages.ts';
import { freshKey, member, openOperation, record, register, STARTED, type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
let operationId: string;
let personId: string;
let journeyId: string;
const plainYes = () => ({ seq: 2, status: 'registered', phase: 'identify' });
beforeAll(async () => {
  system = await testSystem();
});
beforeEach(async () => {
  system.answers.next = plainYes;
  operationId = await openOperation(system);
  const { people } = await register(system, operationId);
  ({ personId = '', journeyId = '' } = people[0] ?? {});
  await record(system, journeyId, operationId, [STARTED, { type: 'identityConfirmed', data: { by: 'staff' } }]);
});
afterAll(() => system.close());

const command = (role: string, name: string, body: object, headers: Record<string, string> = {}, sub?: string) =>
  sub === undefined
    ? system.ask(role, 'POST', `/v1/people/${personId}/commands/${name.replaceAll('_', '-')}`, body, headers)
    : (async () =>
        system.ask(role, 'POST', `/v1/people/${personId}/commands/${name.replaceAll('_', '-')}`, body, {
          authorization: `Bearer ${await system.token(role, { sub })}`,
          ...headers,
        }))();
const holds = async () =>
  (
    await system.db.pool.query('select id, type, status, first_approval_by from holds where journey_id = $1', [
      journeyId,
    ])
  ).rows;

describe('a decision about a person', () => {
  it('travels as ids and codes; its note stays behind, encrypted', async () => {
    const answer = await command('case_worker', 'complete_screening', {
      args: { risk: 'elevated' },
      note: 'Zzyzx is afraid',
    });
    expect(answer.status).toBe(200);
    const sent = system.sent.at(-1);
    expect(sent).toMatchObject({
      workflowId: `journey:${journeyId}`,
      name: 'completeScreening',
      command: { actor: { kind: 'staff', id: 'case_worker', role: 'case_worker' }, args: { risk: 'elevated' } },
    });
    expect(JSON.stringify(sent)).not.toContain('Zzyzx');
    const { rows } = await system.db.pool.query('select encrypted, author, restricted from notes where id = $1', [
      sent?.command.noteId,
    ]);
    expect(rows[0]).toMatchObject({ author: 'case_worker', restricted: true });
    expect(rows[0].encrypted.toString('latin1')).not.toContain('Zzyzx');
  });

  it('has an id that says nothing of the key, the same for the same key and another for another person’s', async () => {
    const key = { 'idempotency-key': 'Zzyzx-consent' };
    system.answers.next = () => {
      throw new WorkflowUpdateRPCTimeoutOrCancelledError('late');
    };
    const late = await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key);
    expect(late.status).toBe(503);
    expect(late.headers['retry-after']).toBeDefined();
    const first = system.sent.at(-1)?.command.commandId;
    system.answers.next = plainYes;
    expect((await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key)).status).toBe(200);
    expect(system.sent.at(-1)?.command.commandId).toBe(first);
    expect(first).toMatch(/^cmd_[0-9a-f]{32}$/);
    expect((await command('protection_officer', 'complete_screening', { args: { risk: 'none' } }, key)).status).toBe(
      200,
    );
    expect(system.sent.at(-1)?.command.commandId).not.toBe(first);
  });

  it('is refused from the event_log, without waking the workflow, and says what is allowed', async () => {
    const before = system.sent.length;
    const refused = await command('case_worker', 'confirm_identity', {});
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'command_refused', reason: 'The identity is already confirmed' });
    expect(refused.body['allowed']).toContain('complete_screening');
    await record(system, journeyId, operationId, [{ type: 'journeyEnded', data: { ending: 'withdrawn' } }]);
    expect((await command('case_worker', 'complete_screening', { args: { risk: 'none' } })).body).toMatchObject({
      code: 'subject_ended',
    });
    expect(system.sent.length).toBe(before);
  });

  it('is not refused again once it is recorded: the workflow answers as before', async () => {
    const key = { 'idempotency-key': freshKey() };
    system.answers.next = () => {
      throw new WorkflowUpdateRPCTimeoutOrCancelledError('late');
    };
    await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key);
    const commandId = system.sent.at(-1)?.command.commandId;
    await record(system, journeyId, operationId, [{ type: 'screened', data: { risk: 'none' }, commandId }]);
    system.answers.next = plainYes;
    expect((await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key)).status).toBe(200);
  });

  it('is refused by the workflow with its reason, and the refusal is remembered', async () => {
    const key = { 'idempotency-key': freshKey() };
    system.answers.next = () => {
      const refusal = { reason: 'Not now', allowed: ['raiseHold'] };
      throw new WorkflowUpdateFailedError(
        'refused',
        ApplicationFailure.nonRetryable('Not now', COMMAND_REFUSED, refusal),
      );
    };
    const refused = await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key);
    expect(refused.body).toMatchObject({
      status: 409,
      code: 'command_refused',
      reason: 'Not now',
      allowed: ['raise_hold'],
    });
    system.answers.next = plainYes;
    const again = await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key);
    expect(again.status).toBe(409);
    expect(again.headers['content-type']).toContain('problem+json');
  });

  it('answers 503 with Retry-After while Temporal is away, and the key stays free', async () => {
    const key = { 'idempotency-key': freshKey() };
    system.answers.next = () => {
      throw Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'away', metadata: {} });
    };
    const away = await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key);
    expect(away.status).toBe(503);
    expect(Number(away.headers['retry-after'])).toBeGreaterThan(0);
    const { rows } = await system.db.pool.query('select 1 from idempotency_keys where key = $1', [
      key['idempotency-key'],
    ]);
    expect(rows).toEqual([]);
    system.answers.next = plainYes;
    expect((await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key)).status).toBe(200);
  });

  it('needs its role, its reason, its arguments, and nothing that it does not know', async () => {
    const before = system.sent.length;
    expect((await command('health_officer', 'complete_screening', { args: { risk: 'none' } })).status).toBe(403);
    expect((await command('case_worker', 'withdraw_consent', {})).body['errors']).toEqual([
      expect.objectContaining({ pointer: '/reason_code', code: 'required' }),
    ]);
    expect((await command('case_worker', 'complete_screening', {})).status).toBe(400);
    expect((await command('case_worker', 'complete_screening', { args: { risk: 'none', more: 1 } })).status).toBe(400);
    expect((await command('case_worker', 'withdraw_consent', { reason_code: 'she said so' })).status).toBe(400);
    expect((await command('case_worker', 'noSuchCommand', {})).status).toBe(404);
    expect(
      (await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, { 'idempotency-key': '' })).body,
    ).toMatchObject({ code: 'idempotency_key_missing' });
    expect(system.sent.length).toBe(before);
  });

  it('runs once while two identical requests come at the same time', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    system.answers.next = async () => {
      await held;
      return plainYes();
    };
    const key = { 'idempotency-key': freshKey() };
    const before = system.sent.length;
    const first = command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key);
    while (system.sent.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await command('case_worker', 'complete_screening', { args: { risk: 'none' } }, key);
    expect(second.body).toMatchObject({ code: 'idempotency_key_running' });
    release();
    expect((await first).status).toBe(200);
    expect(system.sent.length).toBe(before + 1);
  });
});

describe('a hold', () => {
  const raise = async (type: string, sub?: string) => {
    const answer = await command('protection_officer', 'raise_hold', { args: { type }, reason_code: 'seen' }, {}, sub);
    const { hold_id: holdId } = answer.body['made'] as { hold_id: string };
    await record(system, journeyId, operationId, [{ type: 'holdRaised', data: { holdId } }]);
    return holdId;
  };
  const release = (role: string, holdId: string, sub?: string) =>
    command(role, 'release_hold', { args: { hold_id: holdId, reference: 'BID-7' }, reason_code: 'settled' }, {}, sub);

  it('stands before its workflow knows of it, and travels as an opaque id', async () => {
    await command('coordinator', 'raise_hold', { args: { type: 'DETENTION' }, reason_code: 'arrested' });
    const { rows } = await system.db.pool.query('select * from holds where journey_id = $1', [journeyId]);
    expect(rows[0]).toMatchObject({ type: 'DETENTION', status: 'raising' });
    expect(system.sent.at(-1)?.command.args).toEqual({ holdId: rows[0].id, urgent: false });
    expect(JSON.stringify(system.sent.at(-1))).not.toContain('DETENTION');
  });

  it('never held where the workflow refused it', async () => {
    system.answers.next = () => {
      throw new WorkflowUpdateFailedError(
        'refused',
        ApplicationFailure.nonRetryable('ended', COMMAND_REFUSED, { reason: 'ended', allowed: [] }),
      );
    };
    expect(
      (await command('coordinator', 'raise_hold', { args: { type: 'SECURITY' }, reason_code: 'seen' })).status,
    ).toBe(409);
    expect(await holds()).toEqual([expect.objectContaining({ status: 'void' })]);
  });

  it('keeps blocking while nobody knows whether the workflow took it', async () => {
    system.answers.next = () => {
      throw new WorkflowUpdateRPCTimeoutOrCancelledError('late');
    };
    expect(
      (await command('coordinator', 'raise_hold', { args: { type: 'SECURITY' }, reason_code: 'seen' })).status,
    ).toBe(503);
    expect(await holds()).toEqual([expect.objectContaining({ status: 'raising' })]);
  });

  it('of asylum or trafficking is released by two protection leads, the second another person', async () => {
    for (const type of ['ASYLUM', 'TRAFFICKING']) {
      const holdId = await raise(type);
      expect((await release('protection_officer', holdId)).status).toBe(403);
      const before = system.sent.length;
      const first = await release('protection_lead', holdId, 'lead-1');
      expect(first.status).toBe(202);
      expect(first.body).toMatchObject({ approvals: 1 });
      expect((await release('protection_lead', holdId, 'lead-1')).status).toBe(202);
      expect(system.sent.length).toBe(before);
      expect((await release('protection_lead', holdId, 'lead-2')).status).toBe(200);
      expect(system.sent.at(-1)).toMatchObject({
        name: 'releaseHold',
        command: { args: { holdId }, actor: { id: 'lead-2' } },
      });
      expect((await holds()).find(({ id }) => id === holdId)).toMatchObject({ first_approval_by: 'lead-1' });
    }
  });

  it.each(HOLD_TYPES)('of kind %s is refused to everybody outside protection in the same words', async (type) => {
    const holdId = await raise(type);
    const absent = await release('duty_supervisor', newId('hold'));
    for (const role of ['duty_supervisor', 'operation_lead', 'health_officer', 'case_worker']) {
      const { status, body } = await release(role, holdId);
      expect([status, body['code'], body['detail']], role).toEqual([403, absent.body['code'], absent.body['detail']]);
    }
  });

  it.each(['CONSENT_DOUBT', 'DETENTION', 'SECURITY', 'DATA_DISPUTE'])(
    'of kind %s is not released by whoever raised it',
    async (type) => {
      const raised = await command(
        'protection_officer',
        'raise_hold',
        { args: { type }, reason_code: 'seen' },
        {},
        'sam',
      );
      const { hold_id: holdId } = raised.body['made'] as { hold_id: string };
      await record(system, journeyId, operationId, [{ type: 'holdRaised', data: { holdId } }]);
      expect((await release('protection_officer', holdId, 'sam')).body).toMatchObject({ code: 'second_person_needed' });
      expect((await release('protection_officer', holdId, 'kim')).status).toBe(200);
    },
  );

  it('of somebody else is not there', async () => {
    const { people } = await register(system, operationId);
    const holdId = await raise('SECURITY');
    const answer = await system.ask(
      'protection_officer',
      'POST',
      `/v1/people/${people[0]?.personId}/commands/release-hold`,
      { args: { hold_id: holdId, reference: 'x' }, reason_code: 'x' },
    );
    expect(answer.body).toMatchObject({ code: 'command_refused' });
  });
});

describe('parting from the household', () => {
  it('makes the household that the person will stand in, with its place in the order', async () => {
    const answer = await command('coordinator', 'split_off', { reason_code: 'choice' });
    expect(answer.status).toBe(200);
    const { household_id: made } = answer.body['made'] as { household_id: string };
    const { rows } = await system.db.pool.query(
      'select a.priority = b.priority as same, a.requested_at = b.requested_at as at, a.split_from = b.id as from from households a, households b, journeys j where a.id = $1 and j.id = $2 and b.id = j.household_id',
      [made, journeyId],
    );
    expect(rows[0]).toEqual({ same: true, at: true, from: true });
    expect(system.sent.at(-1)?.command.args).toEqual({ householdId: made });
  });

  it('is for protection where a child is in it', async () => {
    const { people } = await register(system, operationId, [
      member(),
      member({ person_ref: 'P-2', relationship_to_head: 'CHILD', date_of_birth: '2020-01-01' }),
    ]);
    const url = `/v1/people/${people[0]?.personId}/commands/split-off`;
    expect((await system.ask('coordinator', 'POST', url, { reason_code: 'choice' })).status).toBe(403);
    expect((await system.ask('protection_officer', 'POST', url, { reason_code: 'choice' })).status).toBe(200);
  });
});
