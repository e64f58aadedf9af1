import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseOn } from '../../adapters/postgres/database.ts';
import { readPreconditionInput } from '../../adapters/postgres/preconditionInput.ts';
import { DUPLICATE_COMMAND_NAMES } from '../../api/casing.ts';
import type { Cells } from '../support/cells.ts';
import { compareAll } from '../support/duplicates.ts';
import {
  type Answer,
  freshKey,
  member,
  openOperation,
  record,
  register,
  STARTED,
  type TestSystem,
  testSystem,
} from './system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system.close());

type Person = { personId: string; journeyId: string };
type Listed = { id: string; status: string; people: Array<Record<string, unknown>>; reasons: unknown[] };

let times = 0;
/** One human registered twice, in one operation or in two, born when nobody else in this file was. */
async function registeredTwice({
  elsewhere = false,
  second = {},
}: {
  elsewhere?: boolean;
  second?: Partial<Cells>;
} = {}) {
  times += 1;
  const born = { date_of_birth: `${1940 + 3 * times}-04-12` };
  const first = await openOperation(system);
  const other = elsewhere ? await openOperation(system) : first;
  const one = (await register(system, first, [member({ ...born, person_ref: 'A-1' })])).people[0] as Person;
  const two = (await register(system, other, [member({ ...born, person_ref: 'B-1', ...second })])).people[0] as Person;
  for (const [person, operation] of [
    [one, first],
    [two, other],
  ] as const)
    await record(system, person.journeyId, operation, [STARTED]);
  await compareAll(system.db.pool, system.keyring);
  const listed = await pairs(first);
  expect(listed.length).toBe(1);
  return { pairId: String(listed[0]?.id), one, two, first, other };
}

async function pairs(operationId: string, filter = ''): Promise<Listed[]> {
  const answer = await system.ask('case_worker', 'GET', `/v1/operations/${operationId}/duplicate-pairs${filter}`);
  expect(answer.status).toBe(200);
  return answer.body['data'] as Listed[];
}
const read = (pairId: string, role = 'case_worker') => system.ask(role, 'GET', `/v1/duplicate-pairs/${pairId}`);
const decide = (
  pairId: string,
  command: string,
  body: object = { reason_code: 'met_in_person' },
  role = 'case_worker',
  headers = {},
) => system.ask(role, 'POST', `/v1/duplicate-pairs/${pairId}/commands/${command.replaceAll('_', '-')}`, body, headers);

async function as(
  grants: ReadonlyArray<{ role: string; operation: string }>,
  method: 'GET' | 'POST',
  url: string,
  payload?: object,
): Promise<Answer> {
  const headers = { authorization: `Bearer ${await system.token(grants)}`, 'idempotency-key': freshKey() };
  return system.inject({ method, url, headers, ...(payload ? { payload } : {}) });
}

async function openTasks(operationId: string): Promise<string[]> {
  const answer = await system.ask('duty_supervisor', 'GET', `/v1/operations/${operationId}/tasks`);
  return (answer.body['data'] as Array<{ kind: string; role: string }>).map(({ kind, role }) => `${kind} ${role}`);
}

beforeEach(() => {
  system.sent.length = 0;
});

describe('a pair', () => {
  it('shows both people side by side, what differs, and the score in words', async () => {
    const { pairId, one, two } = await registeredTwice({
      second: { phone: '+6785559999', relationship_to_head: 'HEAD' },
    });
    const { status, body, headers } = await read(pairId);
    expect({ status, etag: headers['etag'] }).toEqual({ status: 200, etag: '"0"' });
    expect((body['people'] as Array<{ id: string }>).map(({ id }) => id).sort()).toEqual(
      [one.personId, two.personId].sort(),
    );
    expect((body['people'] as Array<{ names: object; birth_date: string }>)[0]).toMatchObject({
      known_elsewhere: false,
      names: { family: 'Zzyzx' },
    });
    expect(body['differs']).toEqual(['phone', 'household_id']);
    expect(body['score']).toBe(75);
    expect((body['reasons'] as Array<{ sentence: string }>).map(({ sentence }) => sentence)).toEqual([
      'The names are the same.',
      'The birth date is the same.',
      'The telephone numbers differ.',
    ]);
    expect((body['can_do'] as Array<{ command: string }>).map(({ command }) => command)).toEqual([
      'same',
      'not_the_same',
      'ask',
    ]);
  });

  it('is looked at in the ledger, once for each of the two', async () => {
    const { pairId, one, two } = await registeredTwice();
    await read(pairId, 'protection_officer');
    const { rows } = await system.db.pool.query(
      `select person_id, principal, purpose from access_log where purpose = 'duplicate' and person_id = any($1)`,
      [[one.personId, two.personId]],
    );
    expect(rows.map(({ principal }) => principal)).toEqual(['protection_officer', 'protection_officer']);
  });

  it('shows nothing of somebody who was erased but that there was somebody', async () => {
    const { pairId, two } = await registeredTwice();
    await system.db.pool.query('delete from person_keys where person_id = $1', [two.personId]);
    const { status, body } = await read(pairId);
    const erased = (body['people'] as Array<Record<string, unknown>>).find(({ id }) => id === two.personId);
    expect({ status, names: erased?.['names'], birth: erased?.['birth_date'] }).toEqual({
      status: 200,
      names: undefined,
      birth: undefined,
    });
  });

  it('shows no more than the role may see, and differences of nothing else', async () => {
    const { pairId } = await registeredTwice({ second: { phone: '+6785559999' } });
    const { body, text } = await read(pairId, 'operation_lead');
    expect(text).not.toContain('5559999');
    expect(body['differs']).not.toContain('phone');
    const auditor = await read(pairId, 'auditor');
    expect(auditor.status).toBe(200);
    expect(auditor.text).not.toContain('Amina');
    expect(auditor.body['can_do']).toEqual([]);
    for (const role of ['movement_officer', 'health_officer', 'coordinator', 'consular_officer', 'admin']) {
      expect((await read(pairId, role)).status).toBe(403);
    }
  });

  it('looks the same whatever kind of hold one of them is under', async () => {
    const texts: string[] = [];
    for (const special_needs of ['ASYLUM', 'TRAFFICKING_RISK']) {
      const { pairId } = await registeredTwice({ second: { special_needs } });
      const { body } = await read(pairId);
      texts.push(
        JSON.stringify(
          (body['people'] as Array<Record<string, unknown>>)
            .map((p) => [p['on_hold'], p['care'], p['protection'], p['status']])
            .toSorted(([a], [b]) => Number(a) - Number(b)),
        ),
      );
      expect((await read(pairId, 'protection_officer')).text).toContain(special_needs);
    }
    expect(texts[0]).toBe(texts[1]);
  });
});

describe('somebody who is known elsewhere', () => {
  it('is shown as that alone to whoever has no role there', async () => {
    const { pairId, one, two, first, other } = await registeredTwice({ elsewhere: true });
    const mine = [{ role: 'case_worker', operation: first }];
    for (const url of [`/v1/operations/${first}/duplicate-pairs`, `/v1/duplicate-pairs/${pairId}`]) {
      const { status, text } = await as(mine, 'GET', url);
      expect(status).toBe(200);
      expect(text).toContain('"known_elsewhere":true');
      expect(text).toContain(one.personId);
      for (const hidden of [two.personId, two.journeyId, other, 'BIRTH_DATE_SAME']) expect(text).not.toContain(hidden);
    }
    const { rowCount } = await system.db.pool.query(`select from access_log where person_id = $1`, [two.personId]);
    expect(rowCount).toBe(0);
    expect(
      (
        await as(
          [{ role: 'case_worker', operation: await openOperation(system) }],
          'GET',
          `/v1/duplicate-pairs/${pairId}`,
        )
      ).status,
    ).toBe(404);
  });

  it('is decided on only by whoever has a role in both operations; one side can ask', async () => {
    const { pairId, first, other } = await registeredTwice({ elsewhere: true });
    const mine = [{ role: 'case_worker', operation: first }];
    const url = `/v1/duplicate-pairs/${pairId}`;
    const shown = await as(mine, 'GET', url);
    expect((shown.body['can_do'] as Array<{ command: string }>).map(({ command }) => command)).toEqual(['ask']);
    for (const command of ['same', 'not_the_same', 'separate']) {
      const refused = await as(mine, 'POST', `${url}/commands/${command.replaceAll('_', '-')}`, {
        reason_code: 'seen',
      });
      expect(refused.status).toBe(403);
      expect(refused.body['detail']).toContain('known elsewhere');
    }
    // an auditor there sees, and does not decide
    const seeing = [...mine, { role: 'auditor', operation: other }];
    expect((await as(seeing, 'POST', `${url}/commands/same`, { reason_code: 'seen' })).status).toBe(403);
    expect((await as(mine, 'POST', `${url}/commands/ask`, { note: 'Ask for the village' })).body['status']).toBe(
      'awaiting_contact',
    );
    expect((await as(mine, 'GET', url)).text).not.toContain('village');
    const both = [...mine, { role: 'protection_officer', operation: other }];
    expect((await as(both, 'POST', `${url}/commands/not-the-same`, { reason_code: 'seen' })).body['status']).toBe(
      'distinct',
    );
    expect(await openTasks(first)).not.toContain('decide_pair case_worker');
    expect(await openTasks(other)).not.toContain('decide_pair case_worker');
  });
});

describe('the list of pairs', () => {
  it('is paged, and filtered by whether they are decided', async () => {
    const operation = await openOperation(system);
    const born = ['1921-01-02', '1925-01-02', '1929-01-02'];
    for (const date_of_birth of [...born, ...born]) {
      await register(system, operation, [member({ person_ref: freshKey(), date_of_birth })]);
    }
    await compareAll(system.db.pool, system.keyring);
    const all = await pairs(operation);
    expect(all.length).toBe(3);
    const paged: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await system.ask(
        'auditor',
        'GET',
        `/v1/operations/${operation}/duplicate-pairs?limit=2${cursor}`,
      );
      paged.push(...(body['data'] as Listed[]).map(({ id }) => id));
      if (!body['has_more']) break;
      cursor = `&cursor=${String(body['next_cursor'])}`;
    }
    expect(paged).toEqual(all.map(({ id }) => id));
    expect((await decide(String(all[0]?.id), 'not_the_same')).status).toBe(200);
    expect((await pairs(operation, '?filter[state]=decided')).map(({ id }) => id)).toEqual([all[0]?.id]);
    expect((await pairs(operation, '?filter[state]=open')).length).toBe(2);
    const odd = await system.ask(
      'auditor',
      'GET',
      `/v1/operations/${operation}/duplicate-pairs?filter[state]=some&cursor=x`,
    );
    expect(odd.status).toBe(400);
  });
});

describe('a decision', () => {
  it('is remembered with its maker, role, reason and note', async () => {
    const { pairId, one, first } = await registeredTwice();
    expect(await openTasks(first)).toContain('decide_pair case_worker');
    const decided = await decide(pairId, 'not_the_same', {
      reason_code: 'both_were_there',
      note: 'They stood side by side',
    });
    expect(decided.body).toMatchObject({ id: pairId, status: 'distinct', seq: 1, waiting: null, allowed: ['same'] });
    const { body } = await read(pairId);
    expect(body['decisions']).toEqual([
      {
        decision: 'not_the_same',
        by: 'case_worker',
        role: 'case_worker',
        at: expect.any(String),
        reason_code: 'both_were_there',
        note: 'They stood side by side',
      },
    ]);
    expect((await read(pairId, 'operation_lead')).text).not.toContain('side by side');
    const history = await system.ask('case_worker', 'GET', `/v1/people/${one.personId}/history`);
    expect(history.text).toContain('Confirmed as a different person from a similar registration');
    expect(history.text).toContain('both were there');
    const stored = await system.db.pool.query('select * from event_log where subject = $1', [pairId]);
    expect(stored.rows[0]).toMatchObject({
      type: 'pairDecidedDistinct',
      actor: 'case_worker',
      role: 'case_worker',
      reason_code: 'both_were_there',
    });
    expect(JSON.stringify(stored.rows)).not.toContain('side by side');
    expect(await openTasks(first)).toEqual([]);
  });

  it('is taken once, however often it is sent', async () => {
    const { pairId } = await registeredTwice();
    const headers = { 'idempotency-key': freshKey() };
    const [one, two] = [
      await decide(pairId, 'same', undefined, 'case_worker', headers),
      await decide(pairId, 'same', undefined, 'case_worker', headers),
    ];
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(two.body).toEqual(one.body);
    expect(((await read(pairId)).body['decisions'] as unknown[]).length).toBe(1);
  });

  it('is refused where it is not allowed now, without a reason, or to a role that may not', async () => {
    const { pairId } = await registeredTwice();
    const early = await decide(pairId, 'separate');
    expect({ status: early.status, allowed: early.body['allowed'] }).toEqual({
      status: 409,
      allowed: ['same', 'not_the_same', 'ask'],
    });
    const bare = await decide(pairId, 'same', {});
    expect(bare.status).toBe(400);
    expect(bare.body['errors']).toEqual([expect.objectContaining({ pointer: '/reason_code' })]);
    expect((await decide(pairId, 'same', { reason_code: 'x', person: 'y' })).status).toBe(400);
    for (const command of DUPLICATE_COMMAND_NAMES.outside) {
      expect((await decide(pairId, command, undefined, 'movement_officer')).status).toBe(403);
      expect((await decide(pairId, command, undefined, 'auditor')).status).toBe(403);
      expect(
        (
          await system.ask(
            'case_worker',
            'POST',
            `/v1/duplicate-pairs/per_x/commands/${command.replaceAll('_', '-')}`,
            {},
          )
        ).status,
      ).toBe(404);
    }
    expect((await decide(pairId, 'not_the_same')).status).toBe(200);
    expect((await decide(pairId, 'not_the_same')).status).toBe(409);
  });

  it('is one, where two people decide at once', async () => {
    const { pairId } = await registeredTwice();
    const answers = await Promise.all([
      decide(pairId, 'same', undefined, 'case_worker'),
      decide(pairId, 'not_the_same', undefined, 'protection_officer'),
      decide(pairId, 'not_the_same', undefined, 'duty_supervisor'),
    ]);
    const taken = answers.filter(({ status }) => status === 200);
    // “same” may also come after “not the same”, as a correction
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const { body } = await read(pairId);
    expect((body['decisions'] as unknown[]).length).toBe(taken.length);
    expect(taken.map((answer) => answer.body['status'])).toContain(body['status']);
  });

  it('“same” is not taken while the engine is away: nobody could be stopped', async () => {
    const { pairId } = await registeredTwice();
    system.answers.away = true;
    const refused = await decide(pairId, 'same');
    system.answers.away = false;
    expect(refused.status).toBe(503);
    expect((await read(pairId)).body['status']).toBe('suspected');
  });
});

describe('“same”', () => {
  const waits = (answer: Answer) => answer.body['waiting'] as { journey_id: string; hold_id: string };

  it('links the two and stops one of two journeys, so that only one can get a seat', async () => {
    const { pairId, one, two, first } = await registeredTwice();
    const decided = await decide(pairId, 'same');
    const { journey_id, hold_id } = waits(decided);
    expect([one.journeyId, two.journeyId]).toContain(journey_id);
    expect(system.sent.map(({ workflowId, name, command }) => [workflowId, name, command.args, command.actor])).toEqual(
      [
        [
          `journey:${journey_id}`,
          'raiseHold',
          { holdId: hold_id },
          { kind: 'staff', id: 'case_worker', role: 'case_worker' },
        ],
      ],
    );
    const db = databaseOn(system.db.pool);
    const events = await readPreconditionInput(db, [one.journeyId, two.journeyId], { at: Date.now() });
    expect([...events.values()].filter(({ held }) => held).map(({ journeyId }) => journeyId)).toEqual([journey_id]);
    expect(await openTasks(first)).toEqual(['close_duplicate coordinator']);
    for (const [self, linked] of [
      [one, two],
      [two, one],
    ] as const) {
      const { body } = await system.ask('case_worker', 'GET', `/v1/people/${self.personId}`);
      expect(body['same_person_as']).toEqual([
        { known_elsewhere: false, id: linked.personId, goes_on: linked.journeyId !== journey_id },
      ]);
    }
  });

  it('tells the journey again when the first try was lost, under the same key', async () => {
    const { pairId } = await registeredTwice();
    const headers = { 'idempotency-key': freshKey() };
    const plainly = system.answers.next;
    system.answers.next = () => {
      throw Object.assign(new Error('lost'), { name: 'WorkflowUpdateRPCTimeoutOrCancelledError' });
    };
    const lost = await decide(pairId, 'same', undefined, 'case_worker', headers);
    system.answers.next = plainly;
    expect(lost.status).toBeGreaterThanOrEqual(500);
    const again = await decide(pairId, 'same', undefined, 'case_worker', headers);
    expect(again.status).toBe(200);
    const holds = system.sent.map(({ command }) => (command.args as { holdId: string }).holdId);
    expect(holds).toEqual([waits(again).hold_id, waits(again).hold_id]);
  });

  it('stops nobody whose journey has ended meanwhile', async () => {
    const { pairId } = await registeredTwice();
    const plainly = system.answers.next;
    system.answers.next = () => {
      throw Object.assign(new Error('ended'), { name: 'WorkflowUpdateFailedError' });
    };
    const decided = await decide(pairId, 'same');
    system.answers.next = plainly;
    expect(decided.status).toBe(200);
    const { rows } = await system.db.pool.query('select status from holds where id = $1', [waits(decided).hold_id]);
    expect(rows).toEqual([{ status: 'void' }]);
  });

  it('is taken back whole where the journey never seen of the hold', async () => {
    const { pairId, first } = await registeredTwice();
    const { hold_id } = waits(await decide(pairId, 'same'));
    expect((await decide(pairId, 'separate')).status).toBe(200);
    const { rows } = await system.db.pool.query('select status from holds where id = $1', [hold_id]);
    expect(rows).toEqual([{ status: 'void' }]);
    expect(await openTasks(first)).toEqual([]);
  });

  it('stops nobody who is under way, and the other one though further on the list', async () => {
    const { pairId, one, two } = await registeredTwice();
    await system.db.pool.query(`update journeys set status = 'in_transit' where id = $1`, [two.journeyId]);
    expect(waits(await decide(pairId, 'same')).journey_id).toBe(one.journeyId);
    const both = await registeredTwice();
    await system.db.pool.query(`update journeys set status = 'boarded' where id = any($1)`, [
      [both.one.journeyId, both.two.journeyId],
    ]);
    system.sent.length = 0;
    expect(waits(await decide(both.pairId, 'same'))).toBeNull();
    expect(system.sent).toEqual([]);
  });

  it('asks to end one of the two, and then to let the other go on where it was the one that waited', async () => {
    const { pairId, one, two, first } = await registeredTwice();
    const { journey_id, hold_id } = waits(await decide(pairId, 'same'));
    await record(system, journey_id, first, [{ type: 'holdRaised', data: { holdId: hold_id } }]);
    const goesOn = [one, two].find(({ journeyId }) => journeyId !== journey_id)?.journeyId ?? '';
    await record(system, goesOn, first, [{ type: 'journeyEnded', data: { ending: 'ineligible' } }]);
    expect(await openTasks(first)).toEqual(['resume protection_officer']);
    await record(system, journey_id, first, [{ type: 'holdReleased', data: { holdId: hold_id } }]);
    expect(await openTasks(first)).toEqual([]);
  });

  it('asks for nothing more once the one that waits has ended', async () => {
    const { pairId, first } = await registeredTwice();
    const { journey_id, hold_id } = waits(await decide(pairId, 'same'));
    await record(system, journey_id, first, [
      { type: 'holdRaised', data: { holdId: hold_id } },
      { type: 'journeyEnded', data: { ending: 'ineligible' } },
    ]);
    expect(await openTasks(first)).toEqual([]);
  });

  it('is taken back with both histories kept: the link goes, and protection lets the one go on that waited', async () => {
    const { pairId, one, two, first } = await registeredTwice();
    const { journey_id, hold_id } = waits(await decide(pairId, 'same'));
    await record(system, journey_id, first, [{ type: 'holdRaised', data: { holdId: hold_id } }]);
    const before = await system.db.pool.query(
      'select subject, seq, type from event_log where subject = any($1) order by 1, 2',
      [[one.journeyId, two.journeyId]],
    );
    const taken = await decide(pairId, 'separate', { reason_code: 'other_birth_place' }, 'protection_officer');
    expect(taken.body).toMatchObject({ status: 'distinct', waiting: null, seq: 2 });
    expect(await openTasks(first)).toEqual(['resume protection_officer']);
    const after = await system.db.pool.query(
      'select subject, seq, type from event_log where subject = any($1) order by 1, 2',
      [[one.journeyId, two.journeyId]],
    );
    expect(after.rows).toEqual(before.rows);
    const { body } = await system.ask('case_worker', 'GET', `/v1/people/${one.personId}`);
    expect(body['same_person_as']).toEqual([]);
    const decisions = (await read(pairId)).body['decisions'] as Array<{ decision: string; by: string }>;
    expect(decisions.map(({ decision, by }) => [decision, by])).toEqual([
      ['same', 'case_worker'],
      ['separate', 'protection_officer'],
    ]);
  });

  it('links through others, and hides who is known elsewhere', async () => {
    const { pairId, one, two, first } = await registeredTwice({ elsewhere: true });
    expect((await decide(pairId, 'same')).status).toBe(200);
    const mine = [{ role: 'case_worker', operation: first }];
    const { body, text } = await as(mine, 'GET', `/v1/people/${one.personId}`);
    expect(body['same_person_as']).toEqual([{ known_elsewhere: true }]);
    expect(text).not.toContain(two.personId);
    const found = await as(mine, 'POST', '/v1/people/search', { text: 'Canaria Zzyzx', operation: first });
    expect(found.text).toContain('"same_person_as":[{"known_elsewhere":true}]');
  });
});
