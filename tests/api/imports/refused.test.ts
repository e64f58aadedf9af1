import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UPLOAD_LIMIT } from '../../../application/imports/upload.ts';
import { person } from '../../domain/imports/scenario.ts';
import { stringifyCells } from '../../support/cells.ts';
import { CANARIES, member, openOperation, type TestSystem, testSystem } from '../system.ts';
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

const LIST = stringifyCells([person()]);

describe('a file that is refused on upload', () => {
  const refusals: Array<[string, () => Promise<Awaited<ReturnType<ListDesk['send']>>>, object]> = [
    [
      'empty',
      () => desk.send(operationId, ''),
      { status: 422, code: 'list_refused', errors: [{ pointer: '', code: 'empty', detail: 'The file is empty.' }] },
    ],
    [
      'announced above the limit',
      () => desk.send(operationId, LIST, { headers: { 'content-length': String(UPLOAD_LIMIT + 1) } }),
      { status: 413, code: 'body_too_large', errors: [{ pointer: '', code: 'too_large' }] },
    ],
    [
      'cut on its way',
      () => desk.send(operationId, LIST, { headers: { 'content-length': String(LIST.length + 1) } }),
      { status: 400, code: 'body_cut_off', errors: [{ pointer: '', code: 'cut_off' }] },
    ],
    ['of a kind that is no list', () => desk.send(operationId, '{}', { type: 'application/json' }), { status: 415 }],
    [
      'named after somebody, or with an unknown word in its address',
      () => desk.send(operationId, LIST, { file_name: 'a/b' }),
      { status: 400, errors: [{ parameter: 'file_name' }] },
    ],
    [
      'in an encoding that nobody knows',
      () => desk.send(operationId, LIST, { encoding: 'ebcdic' }),
      { status: 400, errors: [{ parameter: 'encoding' }] },
    ],
  ];
  it.each(refusals)('%s', async (_what, send, problem) => {
    const answer = await send();
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject(problem);
    expect(String(answer.body['detail']).length).toBeGreaterThan(20);
  });

  it('above the limit though nobody announced it: 413 whole, and nothing of it is kept', async () => {
    const big = Buffer.alloc(UPLOAD_LIMIT + 1, LIST);
    const answer = await system.inject({
      method: 'POST',
      url: `/v1/operations/${operationId}/imports`,
      headers: {
        authorization: `Bearer ${await system.token('case_worker')}`,
        'idempotency-key': 'too-large',
        'content-type': 'text/csv',
        'transfer-encoding': 'chunked',
      },
      payload: big,
    });
    expect(answer.body).toMatchObject({ status: 413, code: 'body_too_large' });
    const importId = String(answer.body['import_id']);
    expect(await desk.read(importId)).toMatchObject({ status: 'refused', refusal: { code: 'too_large' }, found: null });
    const { rows } = await system.db.pool.query('select count(*)::int as n from import_chunks where import_id = $1', [
      importId,
    ]);
    expect(rows[0].n).toBe(0);
    expect((await desk.reprocess(importId, { delimiter: 'tab' })).body).toMatchObject({ code: 'conflict' });
  });
});

describe('a file that the dry run refuses', () => {
  const header = LIST.split('\n')[0] ?? '';
  const line = LIST.split('\n')[1] ?? '';
  const files: Array<[string, string | Uint8Array, string, RegExp]> = [
    ['headings alone', `${header}\n`, 'no_rows', /nobody under them/],
    ['a byte-order mark alone', '\uFEFF', 'empty', /empty/],
    ['line breaks alone', '\r\n\r\n', 'empty', /empty/],
    ['a cut row', `${header}\n${line}\n${line.slice(0, 50)}`, 'cut_off', /line 3/i],
    ['a quotation mark never closed', `${header}\n"H1,${line.replaceAll('"', '')}`, 'cut_off', /line 2/],
    ['no headings', `${line}\n${line}\n`, 'columns_missing', /Missing: household_ref/],
    ['a heading twice', `${header},"sex"\n${line},F\n`, 'columns_repeated', /Repeated: sex/],
    ['an archive that is no workbook', Buffer.from('PK\u0003\u0004 broken'), 'workbook_damaged', /workbook/],
    ['a zero byte', `${header}\n${line.replace('Hall B', 'Hall\u0000B')}\n`, 'unknown_format', /line 2/],
    ['one line of two megabytes', `${header}\n"${'x'.repeat(2_000_000)}"\n`, 'record_too_large', /line 2/],
  ];
  it.each(files)('%s: which line, why, and what to do', async (_what, bytes, code, words) => {
    const importId = await desk.take(operationId, bytes);
    const { status, refusal } = await desk.read(importId);
    expect({ status, code: refusal?.code }).toEqual({ status: 'refused', code });
    expect(refusal?.detail).toMatch(words);
    expect(refusal?.hint.length).toBeGreaterThan(10);
    expect(refusal?.detail).not.toMatch(/Amina|Osman/);
    expect((await desk.commit(importId)).body).toMatchObject({ status: 409, code: 'conflict' });
  });
});

describe('errors name nobody', () => {
  it('broken JSON, unknown fields, wrong types, oversize and faulty cells, a broken list: no log, no problem, no address', async () => {
    const canary = member({ sex: 'Canaria', special_needs: 'x'.repeat(300), date_of_birth: '1990-04-12x' });
    const url = `/v1/operations/${operationId}/households`;
    const headers = async () => ({
      authorization: `Bearer ${await system.token('case_worker')}`,
      'content-type': 'application/json',
    });
    const broken = await system.inject({
      method: 'POST',
      url,
      headers: { ...(await headers()), 'idempotency-key': 'broken' },
      payload: '{"household_ref":"Canaria", "members": [{"given_names": "Zzyzx',
    });
    const answers = [
      broken,
      await system.ask('case_worker', 'POST', url, { household_ref: 'H', members: [{ Canaria: 'Zzyzx' }] }),
      await system.ask('case_worker', 'POST', url, { household_ref: 'H', members: 'Canaria Zzyzx' }),
      await system.ask('case_worker', 'POST', url, { household_ref: 'H', members: [{ given_names: ['Canaria'] }] }),
      await system.ask('case_worker', 'POST', url, {
        household_ref: 'H',
        members: [{ given_names: 'Zzyzx'.repeat(9_000) }],
      }),
      await system.ask('case_worker', 'POST', url, { household_ref: 'H', members: [canary] }),
      await desk.send(operationId, LIST, { file_name: 'Canaria/Zzyzx' }),
    ];
    for (const { status, text } of answers) {
      expect(status).toBeGreaterThanOrEqual(400);
      for (const word of CANARIES) expect(text).not.toContain(word);
    }
    const importId = await desk.take(
      operationId,
      stringifyCells([
        person({ given_names: 'Canaria', family_name: `Zzyzx${'z'.repeat(300)}`, sex: 'Canaria' }),
        person({ person_ref: 'Zzyzx', date_of_birth: '=1990-04-12' }),
      ]),
    );
    const shown = JSON.stringify((await desk.read(importId)).first_faults);
    expect(shown).toContain('FIELD_TOO_LONG');
    for (const word of CANARIES) expect(shown + system.logs.join('\n')).not.toContain(word);
    await desk.take(operationId, `${LIST.split('\n')[0]}\n"Canaria\nZzyzx,"x"y,"`);
    for (const word of CANARIES) expect(system.logs.join('\n')).not.toContain(word);
  });
});
