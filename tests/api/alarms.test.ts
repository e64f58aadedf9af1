import { afterAll, beforeAll, expect, it } from 'vitest';
import { raiseAlarm } from '../../adapters/postgres/alarms.ts';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { newId } from '../../application/ids.ts';
import { en } from '../../domain/messages/en.ts';
import { openOperation, type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system.close());

type Alarm = { id: string; kind: string; sentence: string; settled_by: string | null; reason_code: string | null };

async function seenBy(roles: Array<{ role: string; operation: string }>, query = ''): Promise<Alarm[]> {
  const token = await system.token(roles);
  const { status, body } = await system.inject({
    method: 'GET',
    url: `/v1/alarms${query}`,
    headers: { authorization: `Bearer ${token}` },
  });
  expect(status).toBe(200);
  return body['data'] as Alarm[];
}

it('an alarm is read by those who must look at it, counted, and settled once with a reason', async () => {
  const [here, there] = [await openOperation(system), await openOperation(system)];
  const partner = newId('partner');
  const db = databaseOn(system.db.pool);
  await raiseAlarm(db, { operationId: here, subject: partner, kind: 'endpoint_disabled', detail: {} }, 'one');
  await raiseAlarm(db, { operationId: there, subject: partner, kind: 'endpoint_disabled', detail: {} }, 'two');
  await raiseAlarm(db, { subject: partner, kind: 'forged_callback', detail: {} }, 'hour');

  const mine = [{ role: 'duty_supervisor', operation: here }];
  const everywhere = [{ role: 'duty_supervisor', operation: '*' }];
  const [seen] = await seenBy(mine);
  expect(await seenBy(mine)).toHaveLength(1);
  expect(seen).toMatchObject({ kind: 'endpoint_disabled', sentence: en['alarm.endpoint_disabled'] });
  const all = await seenBy(everywhere);
  expect(all.map(({ kind }) => kind)).toEqual(['endpoint_disabled', 'endpoint_disabled', 'forged_callback']);
  const firstTwo = await system.ask('duty_supervisor', 'GET', '/v1/alarms?limit=2');
  const rest = await system.ask('duty_supervisor', 'GET', `/v1/alarms?cursor=${String(firstTwo.body['next_cursor'])}`);
  expect((rest.body['data'] as Alarm[]).map(({ id }) => id)).toEqual([all[2]?.id]);
  const metrics = async () => (await system.inject({ method: 'GET', url: '/metrics' })).text;
  expect(await metrics()).toMatch(/^alarms_open\{kind="endpoint_disabled"\} 2$/m);
  expect(await metrics()).toMatch(/^background_loop_silent_seconds\{loop="outbox publisher"\} \+Inf$/m);

  const settle = (id: string | undefined, body: object) =>
    system.ask('duty_supervisor', 'POST', `/v1/alarms/${id}/commands/settle`, body);
  expect((await settle(seen?.id, {})).status).toBe(400);
  const settled = await settle(seen?.id, { reason_code: 'endpoint_repaired' });
  expect(settled).toMatchObject({ status: 200, body: { reason_code: 'endpoint_repaired' } });
  expect(settled.body['settled_by']).not.toBeNull();
  const again = await settle(seen?.id, { reason_code: 'something_else' });
  expect(again.body).toEqual(settled.body);
  expect(await seenBy(mine)).toEqual([]);
  expect((await seenBy(mine, '?status=settled')).map(({ id }) => id)).toEqual([seen?.id]);
  expect(await metrics()).toMatch(/^alarms_open\{kind="endpoint_disabled"\} 1$/m);
  // what is about the system as a whole is for those who carry the whole of it
  const elsewhere = await system.token(mine);
  const refused = await system.inject({
    method: 'POST',
    url: `/v1/alarms/${all[2]?.id}/commands/settle`,
    headers: { authorization: `Bearer ${elsewhere}`, 'idempotency-key': 'not-mine' },
    payload: { reason_code: 'dealt_with' },
  });
  expect(refused.status).toBe(404);
});
