import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { preparedCommandsOn, unsettledOn } from '../../adapters/postgres/preparedCommands.ts';
import { isWorkflowMissing } from '../../adapters/temporal/workflowGateway.ts';
import { wasRefused } from '../../application/commands.ts';
import { derivedId } from '../../application/ids.ts';
import { type SettlePorts, settlePrepared } from '../../application/preparedCommands.ts';
import type { Decision } from '../../domain/commands.ts';
import { COMMAND_REFUSED } from '../../workflows/messages.ts';
import { freshKey, openOperation, record, register, type Sent, type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
let operationId: string;
let journeyId: string;
let personId: string;

beforeAll(async () => {
  system = await testSystem();
  operationId = await openOperation(system);
});
afterAll(() => system.close());

beforeEach(async () => {
  const { people } = await register(system, operationId);
  ({ journeyId = '', personId = '' } = people[0] ?? {});
  await record(system, journeyId, operationId, [
    { type: 'journeyStarted', data: { consent: 'given', holds: [], route: ['evacuation'], routeDecided: true } },
  ]);
  await system.db.pool.query('update prepared_commands set outcome = $1, settled_at = now() where settled_at is null', [
    'dropped',
  ]);
});

const AWAY = (): never => {
  throw Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'away', metadata: {} });
};
const REFUSES = (): never => {
  const refusal = { reason: 'The journey has ended', allowed: [] };
  throw new WorkflowUpdateFailedError('refused', ApplicationFailure.nonRetryable('no', COMMAND_REFUSED, refusal));
};
const GONE = (): never => {
  throw new WorkflowNotFoundError('gone', `journey:${journeyId}`, undefined);
};
const ANSWER = { seq: 2, status: 'registered', phase: 'identify' };

/** A workflow that takes a command: it records its event, once for each id. */
const takes = async (name: string, { commandId, args }: Decision<object>): Promise<object> => {
  const made = args as { holdId?: string; documentId?: string; householdId?: string };
  const { rows } = await system.db.pool.query('select from event_log where command_id = $1', [commandId]);
  if (rows.length > 0) return ANSWER;
  const header = { commandId };
  if (name === 'raiseHold')
    await record(system, journeyId, operationId, [{ type: 'holdRaised', data: { holdId: made.holdId }, ...header }]);
  else if (name === 'splitOff')
    await record(system, journeyId, operationId, [
      { type: 'splitOff', data: { householdId: made.householdId }, ...header },
    ]);
  else
    await record(system, journeyId, operationId, [
      { type: 'documentHeld', data: { documentId: made.documentId, validUntil: Date.UTC(2031, 0, 1) }, ...header },
    ]);
  return ANSWER;
};
const taken = ({ name, command }: Sent) => takes(name, command);

const give = (name: string, body: object, key = freshKey(), role = 'coordinator') =>
  system.ask(role, 'POST', `/v1/people/${personId}/commands/${name}`, body, { 'idempotency-key': key });
const hold = (key?: string) => give('raise-hold', { args: { type: 'ASYLUM' }, reason_code: 'told_in_private' }, key);

/** Makes what is open old enough, and lets the loop look once. */
async function settle(send: SettlePorts['send'], age = '2 minutes') {
  await system.db.pool.query(
    `update prepared_commands set prepared_at = now() - $1::interval, tried_at = null where settled_at is null`,
    [age],
  );
  const why: SettlePorts['why'] = (error) =>
    wasRefused(error) ? 'refused' : isWorkflowMissing(error) ? 'missing' : 'unknown';
  return settlePrepared({ ...unsettledOn(databaseOn(system.db.pool)), send, why, clock: Date.now })();
}
const sends: SettlePorts['send'] = (_workflowId, name, decision) => takes(name, decision);

const rows = async (query: string, ...values: unknown[]) => (await system.db.pool.query(query, values)).rows;
const holds = async () =>
  (await rows('select id, status from holds where journey_id = $1', journeyId)) as Array<{
    id: string;
    status: string;
  }>;
const open = () => rows('select command_id from prepared_commands where settled_at is null');

describe('a hold whose answer was 503', () => {
  it('blocks while it is raising, and is active once the loop has sent it again', async () => {
    system.answers.next = AWAY;
    expect((await hold()).status).toBe(503);
    expect(await holds()).toMatchObject([{ status: 'raising' }]);
    expect(await settle(AWAY)).toEqual({ looked: 1, settled: 0 });
    expect(await holds()).toMatchObject([{ status: 'raising' }]);
    expect(await settle(sends)).toEqual({ looked: 1, settled: 1 });
    expect(await holds()).toMatchObject([{ status: 'active' }]);
    expect(await settle(sends)).toEqual({ looked: 0, settled: 0 });
  });

  it.each(['before the loop', 'after the loop'])('repeated %s is the same hold with the same answer', async (when) => {
    const key = freshKey();
    system.answers.next = AWAY;
    await hold(key);
    const [before] = await holds();
    if (when === 'after the loop') await settle(sends);
    system.answers.next = taken;
    const again = await hold(key);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ made: { hold_id: before?.id } });
    expect(await holds()).toEqual([{ id: before?.id, status: 'active' }]);
    await settle(sends);
    expect(await open()).toEqual([]);
    expect(await rows(`select from event_log where type = 'holdRaised' and subject = $1`, journeyId)).toHaveLength(1);
  });

  it('is void where the journey has ended meanwhile', async () => {
    system.answers.next = AWAY;
    await hold();
    await record(system, journeyId, operationId, [{ type: 'journeyEnded', data: { ending: 'declined' } }]);
    expect(await settle(GONE)).toEqual({ looked: 1, settled: 1 });
    expect(await holds()).toMatchObject([{ status: 'void' }]);
  });

  it('raises an alarm, once a day, where it can neither be completed nor compensated', async () => {
    system.answers.next = AWAY;
    await hold();
    const kinds = () => rows('select kind, operation_id from alarms where subject = $1', journeyId);
    await settle(GONE);
    expect(await kinds()).toEqual([]);
    await settle(GONE, '2 hours');
    await settle(AWAY, '3 hours');
    expect(await kinds()).toEqual([{ kind: 'prepared_command_open', operation_id: operationId }]);
    expect(await holds()).toMatchObject([{ status: 'raising' }]);
    await settle(sends);
  });

  it('that a workflow refused is void, and blocks again when the caller repeats it and it is taken', async () => {
    const key = freshKey();
    system.answers.next = AWAY;
    await hold(key);
    await settle(REFUSES);
    expect(await holds()).toMatchObject([{ status: 'void' }]);
    system.answers.next = taken;
    expect((await hold(key)).status).toBe(200);
    expect(await holds()).toMatchObject([{ status: 'active' }]);
  });
});

describe('a document and a split household', () => {
  it.each([
    ['record-document', { args: { kind: 'PASSPORT', valid_until: '2031-01-01' } }, 'consular_officer', 'documents'],
    ['split-off', { args: {}, reason_code: 'adults_chose' }, 'coordinator', 'households'],
  ])('%s: completed by the loop, or dropped where it is refused', async (name, body, role, table) => {
    const made = async () => {
      const [row] = await rows(
        'select made_id from prepared_commands where subject = $1 order by prepared_at desc limit 1',
        journeyId,
      );
      return (await rows(`select id from ${table} where id = $1`, row?.made_id)).length;
    };
    system.answers.next = AWAY;
    expect((await give(name, body, freshKey(), role)).status).toBe(503);
    expect(await made()).toBe(1);
    await settle(REFUSES);
    expect(await made()).toBe(0);
    expect((await give(name, body, freshKey(), role)).status).toBe(503);
    expect(await settle(sends)).toEqual({ looked: 1, settled: 1 });
    expect(await made()).toBe(1);
    expect(await open()).toEqual([]);
  });
});

describe('a crash', () => {
  const commandId = () => `cmd_${freshKey()}`;
  const prepare = async (id: string) => {
    const holdId = derivedId('hold', id);
    await preparedCommandsOn(databaseOn(system.db.pool)).write({
      ...{ commandId: id, workflowId: `journey:${journeyId}`, subject: journeyId, name: 'raiseHold' },
      ...{ actor: { kind: 'staff', id: 'coordinator', role: 'coordinator' }, args: { holdId } },
      ...{ made: 'hold', madeId: holdId },
    });
    return holdId;
  };

  it('before anything was made is dropped after an hour, and nothing is sent', async () => {
    await prepare(commandId());
    const never: SettlePorts['send'] = () => Promise.reject(new Error('sent'));
    expect(await settle(never)).toEqual({ looked: 1, settled: 0 });
    expect(await settle(never, '2 hours')).toEqual({ looked: 1, settled: 1 });
  });

  it('after the event was recorded is settled without sending', async () => {
    const id = commandId();
    const holdId = await prepare(id);
    await record(system, journeyId, operationId, [{ type: 'holdRaised', data: { holdId }, commandId: id }]);
    const never: SettlePorts['send'] = () => Promise.reject(new Error('sent'));
    expect(await settle(never)).toEqual({ looked: 1, settled: 1 });
  });
});

describe('a race of the caller and the loop', () => {
  it('has one hold and one event, whoever is first', async () => {
    for (let round = 0; round < 20; round++) {
      const key = freshKey();
      system.answers.next = AWAY;
      await hold(key);
      let line: Promise<unknown> = Promise.resolve();
      // the one writer of the journey
      const oneByOne = (name: string, decision: Decision<object>) => {
        const next = line.then(() => takes(name, decision));
        line = next;
        return next;
      };
      system.answers.next = ({ name, command }) => oneByOne(name, command);
      const [again] = await Promise.all([hold(key), settle((_id, name, decision) => oneByOne(name, decision))]);
      expect(again.status).toBe(200);
    }
    expect((await holds()).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'active'));
    expect(await rows(`select from event_log where type = 'holdRaised' and subject = $1`, journeyId)).toHaveLength(20);
    await settle(sends);
    expect(await open()).toEqual([]);
  });
});
