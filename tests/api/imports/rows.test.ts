import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretBox } from '../../../adapters/crypto/envelope.ts';
import { databaseOn } from '../../../adapters/postgres/database.ts';
import { requestsOn } from '../../../adapters/postgres/requests.ts';
import { COLUMNS } from '../../../domain/imports/columns.ts';
import { person } from '../../domain/imports/scenario.ts';
import { stringifyCells } from '../../support/cells.ts';
import { openOperation, type TestSystem, testSystem } from '../system.ts';
import { type ListDesk, listDesk } from './listClient.ts';

let system: TestSystem;
let desk: ListDesk;
let operationId: string;

beforeAll(async () => {
  system = await testSystem();
  desk = listDesk(system);
  operationId = await openOperation(system);
});
afterAll(() => system?.close());

const people = [
  person({ household_ref: ' R1\u200e', given_names: ' Canaria  Ann ', special_needs: 'ASYLUM; PREGNANT' }),
  person({
    household_ref: 'R1',
    person_ref: 'R1-2',
    relationship_to_head: 'CHILD',
    date_of_birth: '2015',
    dob_precision: 'day',
    registered_at: '2026-11-20 09:00',
    nationality: 'XKX',
    phone: '0912 345 678',
  }),
  person({ household_ref: 'R2', person_ref: 'R2-1', sex: 'female', date_of_birth: '21.3.88' }),
];

const BIRTH = ['date_of_birth', 'dob_precision'];
const DOCUMENT = ['document_type', 'document_number', 'mrz_line1', 'mrz_line2'];

describe('the rows of a dry run', () => {
  it('have cell and meaning side by side, with verdict, codes in words, flags and household', async () => {
    const importId = await desk.take(operationId, stringifyCells(people));
    const [head, child, other] = await desk.rows(importId);
    expect(head).toMatchObject({
      row: 1,
      line: 2,
      verdict: 'accept_with_warning',
      household: 'R1',
      child: 'no',
      protection: ['PREGNANT', 'ASYLUM'],
      redacted: [],
      person_id: null,
      cells: {
        household_ref: { raw: ' R1\u200e', meaning: 'R1' },
        given_names: { raw: ' Canaria  Ann ', meaning: 'Canaria Ann' },
        special_needs: { raw: 'ASYLUM; PREGNANT', meaning: 'PREGNANT;ASYLUM' },
        registered_at: { raw: '2026-11-20T09:00:00+02:00', meaning: '2026-11-20T09:00:00+02:00' },
      },
    });
    expect(Object.keys(head?.cells ?? {})).toEqual([...COLUMNS]);
    expect(child).toMatchObject({
      line: 3,
      child: 'yes',
      cells: {
        date_of_birth: { raw: '2015', meaning: '2015' },
        dob_precision: { raw: 'day', meaning: 'year' },
        registered_at: { raw: '2026-11-20 09:00', meaning: '2026-11-20T09:00:00' },
        nationality: { raw: 'XKX', meaning: 'RKS' },
        phone: { raw: '0912 345 678', meaning: null },
      },
    });
    expect(child?.codes.map(({ code }) => code).sort()).toEqual([
      'DOB_LESS_PRECISE',
      'PHONE_NATIONAL_FORMAT',
      'REGISTERED_AT_NO_OFFSET',
    ]);
    expect(other).toMatchObject({ verdict: 'reject', cells: { sex: { raw: 'female', meaning: null } } });
    expect(other?.codes).toContainEqual({
      code: 'DOB_FORMAT',
      column: 'date_of_birth',
      detail: expect.stringContaining('1988-03-21'),
      hint: expect.stringContaining('day or the month first'),
    });

    const list = await desk.read(importId);
    expect(list.counts).toMatchObject({
      rows: 3,
      accept: 0,
      accept_with_warning: 2,
      reject: 1,
      households: 2,
      by_code: { DOB_FORMAT: 1, WHITESPACE: 1, VALUE_NOT_IN_LIST: 1 },
    });
    expect(list.first_faults.map(({ row, line }) => [row, line])).toEqual([[3, 4]]);
    expect(list.progress).toEqual({ done: 3, total: 3, failed: 1, eta: null });
  });

  it('have a telephone number without a country code as one of the operation’s country', async () => {
    const importId = await desk.take(operationId, stringifyCells([person({ phone: '555 1234' })]));
    const [row] = await desk.rows(importId);
    expect(row?.cells?.phone).toEqual({ raw: '555 1234', meaning: '+6785551234' });
    expect(row?.codes.map(({ code }) => code)).toEqual(['PHONE_NATIONAL_FORMAT']);
  });

  it('come by verdict and code, page by page', async () => {
    const importId = await desk.take(
      operationId,
      stringifyCells(
        Array.from({ length: 450 }, (_, i) => person({ person_ref: `B-${i}`, sex: i % 3 === 0 ? '' : 'F' })),
      ),
    );
    const rows = await desk.rows(importId);
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 450 }, (_, i) => i + 1));
    expect(rows.map(({ cells }) => cells?.['person_ref']?.raw)).toEqual(
      Array.from({ length: 450 }, (_, i) => `B-${i}`),
    );
    const rejected = await desk.rows(importId, '&verdict=reject');
    expect(rejected.map(({ row }) => row)).toEqual(Array.from({ length: 150 }, (_, i) => 3 * i + 1));
    expect((await desk.rows(importId, '&code=REQUIRED_MISSING')).length).toBe(150);
    const unknown = await system.ask('case_worker', 'GET', `/v1/imports/${importId}/rows?code=NOT_A_CODE`);
    expect(unknown.body).toMatchObject({ status: 400, errors: [{ parameter: 'code' }] });
  });

  it('show each role what it is shown of people; all of it to whoever brought the list; and each look is written down', async () => {
    const importId = await desk.take(operationId, stringifyCells(people.slice(0, 1)), { sub: 'the desk' });
    const seen = async (role: string, sub = role) => {
      const answer = await system.inject({
        method: 'GET',
        url: `/v1/imports/${importId}/rows`,
        headers: { authorization: `Bearer ${await system.token(role, { sub })}` },
      });
      expect(answer.headers['cache-control']).toBe('no-store');
      return {
        text: answer.text,
        row: (answer.body['data'] as Array<Awaited<ReturnType<ListDesk['rows']>>[number]>)[0],
      };
    };
    expect((await seen('case_worker', 'the desk')).row).toMatchObject({
      redacted: [],
      protection: ['PREGNANT', 'ASYLUM'],
    });
    expect((await seen('protection_officer')).row).toMatchObject({ redacted: [], protection: ['PREGNANT', 'ASYLUM'] });
    const colleague = await seen('case_worker', 'a colleague');
    expect(colleague.row).toMatchObject({ redacted: ['special_needs'], protection: ['PREGNANT'] });
    expect(colleague.text).not.toContain('ASYLUM');
    const coordinator = await seen('coordinator');
    expect(coordinator.row?.redacted).toEqual([...DOCUMENT, 'special_needs']);
    const auditor = await seen('auditor');
    expect(auditor.text).not.toMatch(/Canaria|1988|249912345678|ASYLUM/);
    expect(auditor.row).toMatchObject({ verdict: 'accept_with_warning', protection: [] });
    const lead = await seen('operation_lead');
    expect(lead.text).toContain('Canaria');
    expect(lead.text).not.toMatch(/1988|249912345678|ASYLUM|PREGNANT/);
    for (const role of ['movement_officer', 'health_officer', 'consular_officer', 'duty_supervisor']) {
      expect((await system.ask(role, 'GET', `/v1/imports/${importId}/rows`)).status).toBe(403);
    }
    const { rows: looks } = await system.db.pool.query<{ principal: string; fields: string[] }>(
      'select principal, purpose as kind, row_count, fields from access_log where import_id = $1 order by id',
      [importId],
    );
    expect(
      looks.map(({ fields, ...look }) => ({ ...look, hidden: COLUMNS.filter((one) => !fields.includes(one)) })),
    ).toEqual(
      [
        { principal: 'the desk', hidden: [] },
        { principal: 'protection_officer', hidden: [] },
        { principal: 'a colleague', hidden: ['special_needs'] },
        { principal: 'coordinator', hidden: [...DOCUMENT, 'special_needs'] },
        {
          principal: 'auditor',
          hidden: [
            'person_ref',
            'given_names',
            'family_name',
            ...BIRTH,
            'phone',
            'preferred_language',
            ...DOCUMENT,
            'special_needs',
            'destination_admin1',
          ],
        },
        {
          principal: 'operation_lead',
          hidden: [...BIRTH, 'phone', ...DOCUMENT, 'special_needs', 'destination_admin1'],
        },
      ].map((look) => ({ ...look, kind: 'rows', row_count: 1 })),
    );
  });
});

describe('special needs of a list', () => {
  const seenBy = async (importId: string, sub: string, query = '') => {
    const headers = { authorization: `Bearer ${await system.token('case_worker', { sub })}` };
    const answer = await system.inject({ method: 'GET', url: `/v1/imports/${importId}/rows?${query}`, headers });
    return { text: answer.text, rows: answer.body['data'] as Awaited<ReturnType<ListDesk['rows']>> };
  };

  it('are not read any more by whoever brought the list once it is committed', async () => {
    const mine = await openOperation(system);
    const cells = [person({ special_needs: 'TRAFFICKING_RISK' })];
    const importId = await desk.take(mine, stringifyCells(cells), { sub: 'the desk' });
    expect((await seenBy(importId, 'the desk')).text).toContain('TRAFFICKING_RISK');
    await desk.commit(importId);
    const after = await seenBy(importId, 'the desk');
    expect(after.text).not.toContain('TRAFFICKING');
    expect(after.rows[0]).toMatchObject({ redacted: ['special_needs'], protection: [] });
    // nor when it is checked again because a row was added
    const late = person({ person_ref: 'late', household_ref: 'late' });
    await desk.take(mine, stringifyCells([late]), { continues: importId });
    expect((await desk.read(importId)).status).toBe('checked');
    expect((await seenBy(importId, 'the desk')).text).not.toContain('TRAFFICKING');
  });

  it('that nobody understood are found by code by protection alone, and by whoever brought the list', async () => {
    const cells = [person({ special_needs: 'hides from her uncle' }), person({ person_ref: 'other' })];
    const importId = await desk.take(operationId, stringifyCells(cells), { sub: 'the desk' });
    const query = 'code=NEED_NOT_UNDERSTOOD';
    expect((await seenBy(importId, 'the desk', query)).rows.length).toBe(1);
    expect((await desk.rows(importId, `&${query}`, 'protection_officer')).length).toBe(1);
    expect((await seenBy(importId, 'a colleague', query)).rows).toEqual([]);
    expect((await seenBy(importId, 'a colleague')).text).not.toContain('NEED_NOT_UNDERSTOOD');
    expect((await desk.read(importId)).counts?.by_code).not.toHaveProperty('NEED_NOT_UNDERSTOOD');
    expect((await desk.read(importId, 'protection_officer')).counts?.by_code).toHaveProperty('NEED_NOT_UNDERSTOOD', 1);
  });
});

describe('the lists of an operation', () => {
  it('come last first, page by page, of this operation alone', async () => {
    const mine = await openOperation(system);
    const ids: string[] = [];
    for (const file_name of ['one.csv', 'two.csv', 'three.csv'])
      ids.unshift(await desk.take(mine, stringifyCells([person()]), { file_name }));
    await desk.take(operationId, stringifyCells([person()]));
    const first = await system.ask('auditor', 'GET', `/v1/operations/${mine}/imports?limit=2`);
    expect(first.body).toMatchObject({
      has_more: true,
      data: [
        { id: ids[0], status: 'checked', file_name: 'three.csv', counts: { rows: 1 }, progress: { done: 1, total: 1 } },
        { id: ids[1], file_name: 'two.csv' },
      ],
    });
    const next = String(first.body['next_cursor']);
    const second = await system.ask('auditor', 'GET', `/v1/operations/${mine}/imports?limit=2&cursor=${next}`);
    expect(second.body).toMatchObject({ has_more: false, data: [{ id: ids[2], file_name: 'one.csv' }] });
  });
});

describe('a birth date of which only the year is known', () => {
  it('is 1991 in the dry run, of the person, in the history and for the consulate, never a day of it', async () => {
    const importId = await desk.take(
      operationId,
      stringifyCells([
        person({ household_ref: 'Y', person_ref: 'Y-1', date_of_birth: '1991', dob_precision: 'year' }),
        person({
          household_ref: 'Y',
          person_ref: 'Y-2',
          relationship_to_head: 'SPOUSE',
          date_of_birth: '1991-01-01',
          dob_precision: 'year',
        }),
      ]),
    );
    expect((await desk.rows(importId)).map(({ cells }) => cells?.['date_of_birth'])).toEqual([
      { raw: '1991', meaning: '1991' },
      { raw: '1991-01-01', meaning: '1991' },
    ]);
    expect((await desk.commit(importId)).status).toBe(202);
    for (const { person_id: personId } of await desk.rows(importId)) {
      const shown = await system.ask('case_worker', 'GET', `/v1/people/${personId}`);
      expect(shown.body).toMatchObject({ birth_date: '1991' });
      const history = await system.ask('case_worker', 'GET', `/v1/people/${personId}/history`);
      expect(shown.text + history.text).not.toMatch(/1991-01-01|Invalid Date|NaN/);
      const { rows } = await system.db.pool.query('select id from journeys where person_id = $1', [personId]);
      const { keyring } = system;
      const store = requestsOn(databaseOn(system.db.pool), { keyring, secrets: secretBox(keyring), clock: Date.now });
      const fields = await store.personFields(await store.lockPerson(rows[0].id));
      expect(fields.birth_date).toBe('1991');
    }
  });
});
