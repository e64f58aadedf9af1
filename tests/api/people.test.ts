import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ROLES } from '../../domain/actor.ts';
import { HOLD_TYPES } from '../../domain/holds.ts';
import { DAY } from '../../domain/time.ts';
import { CANARIES, member, openOperation, record, register, STARTED, type TestSystem, testSystem } from './system.ts';

let system: TestSystem;
let operationId: string;
beforeAll(async () => {
  system = await testSystem();
});
beforeEach(async () => {
  operationId = await openOperation(system);
});
afterAll(() => system.close());

const FIELDS = ['names', 'reference', 'birth_date', 'phone', 'identity_document', 'language', 'care', 'protection'];

describe('who sees what of a person', () => {
  it('shows each role its fields, and writes every look into the ledger before', async () => {
    const { people } = await register(system, operationId);
    const { personId } = people[0] ?? { personId: '' };
    const shown: Record<string, string[]> = {};
    for (const role of ROLES.filter((r) => r !== 'admin')) {
      const { body, status } = await system.ask(role, 'GET', `/v1/people/${personId}`);
      expect(status, role).toBe(200);
      shown[role] = FIELDS.filter((field) => field in body);
    }
    expect(shown).toEqual({
      coordinator: ['names', 'reference', 'birth_date', 'phone', 'language', 'care'],
      case_worker: ['names', 'reference', 'birth_date', 'phone', 'identity_document', 'language', 'care'],
      movement_officer: ['names', 'reference', 'birth_date', 'identity_document', 'language', 'care'],
      health_officer: ['names', 'reference', 'birth_date', 'language', 'care'],
      consular_officer: ['names', 'reference', 'birth_date', 'identity_document', 'language'],
      protection_officer: FIELDS,
      protection_lead: FIELDS,
      duty_supervisor: ['names', 'reference', 'phone', 'language', 'care'],
      operation_lead: ['names', 'reference', 'language'],
      auditor: [],
    });
    expect((await system.ask('admin', 'GET', `/v1/people/${personId}`)).status).toBe(403);
    const ledger = await system.ask('auditor', 'GET', `/v1/people/${personId}/disclosures`);
    const rows = ledger.body['data'] as Array<{ principal: string; kind: string; purpose: string; fields: string[] }>;
    expect(new Set(rows.map(({ principal }) => principal))).toEqual(
      new Set(ROLES.filter((r) => r !== 'admin' && r !== 'auditor')),
    );
    expect(rows.find(({ principal }) => principal === 'operation_lead')).toMatchObject({
      kind: 'shown',
      purpose: 'case',
      fields: ['names', 'language'],
    });
  });

  it('finds people by name in any script and order, and keeps no such request', async () => {
    const { people } = await register(system, operationId, [member({ given_names: 'Théa', family_name: 'Qwerty' })]);
    const found = await system.ask('case_worker', 'POST', '/v1/people/search', { text: 'qwerty thea' });
    expect(found.body['data']).toEqual([
      expect.objectContaining({ id: people[0]?.personId, match: 1, names: { given: 'Théa', family: 'Qwerty' } }),
    ]);
    const elsewhere = await system.token([{ role: 'case_worker', operation: await openOperation(system) }]);
    const none = await system.inject({
      method: 'POST',
      url: '/v1/people/search',
      headers: { authorization: `Bearer ${elsewhere}` },
      payload: { text: 'Qwerty' },
    });
    expect(none.body['data']).toEqual([]);
    const { rows } = await system.db.pool.query("select 1 from idempotency_keys where route like '%search%'");
    expect(rows).toEqual([]);
  });
});

describe('two people who differ only in the kind of a hold', () => {
  it('look the same, byte for byte, to everybody outside protection', async () => {
    const { people } = await register(system, operationId);
    const { personId, journeyId } = people[0] ?? { personId: '', journeyId: '' };
    await record(system, journeyId, operationId, [
      STARTED,
      { type: 'identityConfirmed', data: { by: 'staff' } },
      { type: 'screened', data: { risk: 'none' } },
    ]);
    const held = await system.ask('protection_lead', 'POST', `/v1/people/${personId}/commands/raise-hold`, {
      args: { type: 'SECURITY' },
      reason_code: 'fear',
      note: 'what she said',
    });
    expect(held.status).toBe(200);
    const { hold_id: holdId } = held.body['made'] as { hold_id: string };
    const noteId = system.sent.at(-1)?.command.noteId;
    await record(
      system,
      journeyId,
      operationId,
      [
        {
          type: 'holdRaised',
          data: { holdId },
          actor: { kind: 'staff', id: 'protection_lead', role: 'protection_lead' },
          reasonCode: 'fear',
          noteId,
        },
      ],
      [
        {
          key: `hold:${holdId}`,
          phase: 'screen',
          whom: { kind: 'role', id: 'protection_officer' },
          what: 'holdReview',
          blocks: true,
          safety: false,
          since: Date.now() - DAY,
          due: Date.now() + DAY,
          escalationStep: 'waiting',
        },
      ],
    );
    const looks = [
      `/v1/people/${personId}`,
      `/v1/people/${personId}/history`,
      `/v1/people/${personId}/now`,
      `/v1/operations/${operationId}/people`,
      `/v1/operations/${operationId}/situation`,
      `/v1/operations/${operationId}/tasks`,
      '/v1/tasks',
    ];
    const seen = async (role: string): Promise<string> => {
      const texts: string[] = [];
      for (const url of looks)
        texts.push((await system.ask(role, 'GET', url)).text.replace(/"operation_time":"[^"]*"/g, ''));
      // found, and filtered by hold: a count must not reveal a hold
      const filters = ['[on_hold]=true', '[on_hold]=false', '[status]=screened', '[waiting_for]=protection_officer'];
      for (const filter of filters) {
        const listed = await system.ask(role, 'GET', `/v1/operations/${operationId}/people?filter${filter}`);
        expect(listed.status, `${role} ${filter}`).toBe(role === 'admin' ? 403 : 200);
        texts.push(listed.text);
      }
      texts.push((await system.ask(role, 'POST', '/v1/people/search', { text: 'Canaria' })).text);
      return texts
        .join('\n')
        .replace(/"instance":"[^"]*"/g, '')
        .replace(/for \d+ \w+ \(since/g, '(since')
        .replace(/"length":"[^"]*"/g, '');
    };
    const byType: Record<string, Record<string, string>> = {};
    for (const type of HOLD_TYPES) {
      await system.db.pool.query('update holds set type = $2 where id = $1', [holdId, type]);
      await system.db.pool.query('update journeys set protection = $2 where id = $1', [
        journeyId,
        type === 'ASYLUM' ? ['ASYLUM'] : type === 'TRAFFICKING' ? ['TRAFFICKING_RISK'] : [],
      ]);
      for (const role of ROLES) (byType[role] ??= {})[type] = await seen(role);
    }
    for (const role of ROLES) {
      const different = new Set(Object.values(byType[role] ?? {})).size;
      if (role.startsWith('protection')) expect(different, role).toBe(HOLD_TYPES.length);
      else expect(different, role).toBe(1);
    }
    const history = await system.ask('case_worker', 'GET', `/v1/people/${personId}/history`);
    expect(history.text).toContain('Hold raised');
    expect(history.text).not.toMatch(/fear|what she said|SECURITY|protection_lead/i);
    const full = await system.ask('protection_officer', 'GET', `/v1/people/${personId}/history`);
    expect(full.text).toContain('what she said');
    expect(full.text).toContain('fear');
  });
});

describe('history and now', () => {
  it('tells who did what, when and why, by phase, with retries folded', async () => {
    const { people } = await register(system, operationId);
    const { personId, journeyId } = people[0] ?? { personId: '', journeyId: '' };
    const partner = await system.ask('coordinator', 'POST', '/v1/partners', {
      kind: 'consulate',
      name: 'Consulate of Vanuatu',
      state: 'VUT',
    });
    const partnerId = String(partner.body['id']);
    await system.db.pool.query(
      `insert into requests (id, kind, subject, operation_id, partner_id, status, attempts, requested_at) values ('req_1', 'verification', $1, $2, $3, 'sent', 3, now())`,
      [journeyId, operationId, partnerId],
    );
    const at = Date.now() - 10 * DAY;
    const staff = { kind: 'staff', id: 'anna', role: 'case_worker' } as const;
    await record(
      system,
      journeyId,
      operationId,
      [
        { ...STARTED, at },
        { type: 'identityConfirmed', data: { by: 'staff' }, at, actor: staff, reasonCode: 'documentSeen' },
        { type: 'screened', data: { risk: 'none' }, at, actor: staff },
        { type: 'verificationRequested', data: { requestId: 'req_1', partnerId, round: 1 }, at },
        {
          type: 'verificationAcknowledged',
          data: { requestId: 'req_1' },
          at,
          actor: { kind: 'partner', id: partnerId },
        },
      ],
      [
        {
          key: 'verification',
          phase: 'verifyNationality',
          whom: { kind: 'partner', id: partnerId },
          what: 'verificationAnswer',
          blocks: true,
          safety: false,
          since: at,
          remindAt: at + 15 * DAY,
          due: at + 30 * DAY,
          escalateAt: at + 60 * DAY,
          escalationStep: 'waiting',
        },
        {
          key: 'fitness',
          phase: 'clearToTravel',
          whom: { kind: 'role', id: 'health_officer' },
          what: 'fitnessAnswer',
          blocks: false,
          safety: true,
          since: at,
          due: at + DAY,
          escalationStep: 'due',
        },
      ],
    );
    const history = await system.ask('case_worker', 'GET', `/v1/people/${personId}/history`);
    const phases = history.body['phases'] as Array<{
      phase: string;
      title: string;
      entries: Array<Record<string, string>>;
    }>;
    const entries = phases.flatMap((phase) => phase.entries);
    expect(entries.map(({ who, what }) => `${who}: ${what}`)).toEqual([
      'Homeward: Put on the list',
      'anna (a case worker): Identity confirmed by staff',
      'anna (a case worker): Counselled in private and screened for risks',
      'Homeward: Nationality verification requested from Consulate of Vanuatu (sent 3 times)',
      'Consulate of Vanuatu: Consulate of Vanuatu acknowledged the request',
    ]);
    expect(entries[1]).toMatchObject({ why: 'document seen' });

    const now = await system.ask('consular_officer', 'GET', `/v1/people/${personId}/now`);
    expect(now.body['sentence']).toMatch(
      /^Waiting for Consulate of Vanuatu to answer the nationality request, for 10 days \(since .* UTC\); a reminder goes out at .* UTC; if nothing has happened by .* UTC, a supervisor takes it up; no answer never means yes; at .* UTC it is escalated to the operation lead; 1 more wait is open\.$/,
    );
    expect(now.body['more']).toBe(1);
    expect((now.body['can_do'] as Array<{ command: string }>).map(({ command }) => command)).toEqual([
      'raise_hold',
      'record_document',
      'record_exit_permit',
      'raise_health_concern',
    ]);

    const list = await system.ask(
      'coordinator',
      'GET',
      `/v1/operations/${operationId}/people?filter[waiting_for]=${partnerId}`,
    );
    expect(list.body['data']).toEqual([
      expect.objectContaining({
        id: personId,
        more: 1,
        waiting: expect.objectContaining({ whom: 'Consulate of Vanuatu' }),
      }),
    ]);
    const tasks = await system.ask('health_officer', 'GET', '/v1/tasks');
    expect(tasks.body['data']).toContainEqual(expect.objectContaining({ person_id: personId, kind: 'fitness_answer' }));

    const situation = await system.ask('duty_supervisor', 'GET', `/v1/operations/${operationId}/situation`);
    expect(situation.body).toMatchObject({ numbers: { people: 1, safe: 0, moving: 0, waiting: 1 } });
    expect(String(situation.body['sentence'])).toMatch(
      /^1 person: 0 safe, 0 moving, 1 waiting; \d decisions? waits? for a person\.$/,
    );
  });

  it('says who of the unit is waited for when the person is ready and the household is not', async () => {
    const { people } = await register(system, operationId, [
      member(),
      member({ person_ref: 'P-2', relationship_to_head: 'SPOUSE' }),
    ]);
    const [one, two] = people;
    await record(system, one?.journeyId ?? '', operationId, [
      STARTED,
      { type: 'identityConfirmed', data: { by: 'staff' } },
      { type: 'screened', data: { risk: 'none' } },
      { type: 'fitnessFound', data: { result: 'fit', conditions: [], until: Date.now() + DAY } },
    ]);
    await record(system, two?.journeyId ?? '', operationId, [STARTED]);
    const now = await system.ask('case_worker', 'GET', `/v1/people/${one?.personId}/now`);
    expect(now.body['status']).toBe('travel_ready');
    expect(now.body['sentence']).toBe(
      'The household goes together, and waits for the spouse (registered; identity and risks not yet checked).',
    );
    const household = await system.ask('case_worker', 'GET', `/v1/people/${one?.personId}`);
    const whole = await system.ask('case_worker', 'GET', `/v1/households/${String(household.body['household_id'])}`);
    expect(whole.body).toMatchObject({ ready: false, members: [{ ready: true }, { ready: false }] });
  });

  it('counts a service for its sector, once for each request', async () => {
    const { people } = await register(system, operationId);
    const url = `/v1/people/${people[0]?.personId}/services`;
    const given = await system.ask(
      'case_worker',
      'POST',
      url,
      { kind: 'shelter_night', quantity: 2 },
      { 'idempotency-key': 'night' },
    );
    const again = await system.ask(
      'case_worker',
      'POST',
      url,
      { kind: 'shelter_night', quantity: 2 },
      { 'idempotency-key': 'night' },
    );
    expect([given.status, again.status]).toEqual([201, 201]);
    const sectors = await system.ask('auditor', 'GET', `/v1/operations/${operationId}/sectors`);
    expect(sectors.body['data']).toContainEqual(
      expect.objectContaining({ code: 'shelter_nfi', reached: 1, services: 2 }),
    );
  });
});

describe('what nobody may find where it does not belong', () => {
  it('names, birth dates and numbers are in no log line and no problem', async () => {
    const { people } = await register(system, operationId);
    const { personId } = people[0] ?? { personId: '' };
    const answers = [
      await system.ask('case_worker', 'POST', `/v1/operations/${operationId}/households`, {
        household_ref: 'H',
        members: [{ ...member(), Canaria: 'Zzyzx' }],
      }),
      await system.ask('case_worker', 'POST', `/v1/operations/${operationId}/households`, {
        household_ref: 'H',
        members: [member({ sex: 'Canaria', consent: '' })],
      }),
      await system.ask('case_worker', 'POST', `/v1/people/${personId}/commands/give-consent`, {
        args: { form: 'Canaria Zzyzx', sharing: true },
      }),
      await system.ask('case_worker', 'GET', '/v1/people/Canaria%20Zzyzx'),
      await system.ask('case_worker', 'GET', `/v1/operations/${operationId}/people?Canaria=Zzyzx`),
      await system.inject({
        method: 'POST',
        url: `/v1/operations/${operationId}/households`,
        headers: {
          authorization: `Bearer ${await system.token('case_worker')}`,
          'content-type': 'application/json',
          'idempotency-key': 'broken',
        },
        payload: '{"household_ref": "Canaria", "members": [Zzyzx',
      }),
    ];
    for (const answer of answers) {
      expect([400, 404]).toContain(answer.status);
      for (const canary of CANARIES) expect(answer.text).not.toContain(canary);
    }
    await system.ask('case_worker', 'POST', '/v1/people/search', { text: 'Canaria Zzyzx' });
    await system.ask('case_worker', 'GET', `/v1/people/${personId}`);
    const log = system.logs.join('\n');
    expect(log).toContain(personId);
    for (const canary of CANARIES) expect(log).not.toContain(canary);
  });
});
