import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeText } from '../../../adapters/files/encoding.ts';
import { COLUMNS } from '../../../domain/imports/columns.ts';
import { person } from '../../domain/imports/scenario.ts';
import { stringifyCells } from '../../support/cells.ts';
import { workbookOf } from '../../support/workbook.ts';
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

const list = (...different: Array<Parameters<typeof person>[0]>): string =>
  stringifyCells(different.map((one, index) => person({ person_ref: `P-${index}`, ...one })));

async function partner(): Promise<string> {
  const made = await system.ask('coordinator', 'POST', '/v1/partners', { kind: 'agency', name: 'Agency' });
  return String(made.body['id']);
}

describe('a dry run shows what was found out of the file, and is told otherwise', () => {
  it('encoding and delimiter, with the doubt', async () => {
    const text = list({ given_names: 'Peña' }).replaceAll('"', '').replaceAll(',', ';');
    const importId = await desk.take(operationId, encodeText(text, 'windows-1252'));
    const { found, status } = await desk.read(importId);
    expect(status).toBe('checked');
    expect(found).toMatchObject({
      format: 'delimited',
      encoding: 'windows-1252',
      encoding_certain: false,
      delimiter: 'semicolon',
      newline: 'LF',
      records: 1,
      sheets: [],
      date_orders: [],
    });
    expect((await desk.rows(importId))[0]?.cells?.['given_names']).toEqual({ raw: 'Peña', meaning: 'Peña' });

    expect((await desk.reprocess(importId, { encoding: 'windows-1251' })).status).toBe(202);
    expect((await desk.read(importId)).found).toMatchObject({ encoding: 'windows-1251', encoding_certain: true });
    expect((await desk.rows(importId))[0]?.cells?.['given_names']?.raw).toBe('Peсa');
  });

  it('what cannot be read as given is refused, kept, and read as given next', async () => {
    const importId = await desk.take(operationId, list({ given_names: 'Zoë' }));
    await desk.reprocess(importId, { encoding: 'utf-16le' });
    expect(await desk.read(importId)).toMatchObject({ status: 'refused', found: { encoding: 'utf-16le' } });
    expect((await desk.commit(importId)).body).toMatchObject({ code: 'conflict' });
    await desk.reprocess(importId, { encoding: 'utf-8', delimiter: 'semicolon' });
    expect(await desk.read(importId)).toMatchObject({ status: 'refused', refusal: { code: 'columns_missing' } });
    await desk.reprocess(importId, { delimiter: 'comma' });
    expect(await desk.read(importId)).toMatchObject({
      status: 'checked',
      refusal: null,
      found: { delimiter: 'comma' },
    });
    expect((await desk.rows(importId))[0]?.cells?.['given_names']?.meaning).toBe('Zoë');
  });

  it('said with the upload already', async () => {
    const text = list({ given_names: 'أمينة' });
    const importId = await desk.take(operationId, encodeText(text, 'windows-1256'), { encoding: 'windows-1256' });
    expect((await desk.read(importId)).found).toMatchObject({ encoding: 'windows-1256', encoding_certain: true });
  });

  it('the sheets of a workbook, hidden ones by name, and another one when somebody says so', async () => {
    const rows = (given_names: string): string[][] => {
      const cells = person({ given_names });
      return [[...COLUMNS], COLUMNS.map((column) => cells[column])];
    };
    const bytes = workbookOf([
      { name: 'old', hidden: true, rows: rows('Hidden') },
      { name: 'people', rows: rows('Shown') },
      { name: 'notes & "more"', rows: [['nothing']] },
    ]);
    const importId = await desk.take(operationId, bytes, { type: 'application/octet-stream' });
    const { found } = await desk.read(importId);
    expect(found).toMatchObject({ format: 'xlsx', encoding: null, delimiter: null, newline: null });
    expect(found?.sheets).toEqual([
      { name: 'old', hidden: true, read: false },
      { name: 'people', hidden: false, read: true },
      { name: 'notes & "more"', hidden: false, read: false },
    ]);
    const names = async () => (await desk.rows(importId)).map(({ cells }) => cells?.['given_names']?.raw);
    expect(await names()).toEqual(['Shown']);
    await desk.reprocess(importId, { sheet: 'old' });
    expect(await names()).toEqual(['Hidden']);
    await desk.reprocess(importId, { sheet: 'notes & "more"' });
    expect(await desk.read(importId)).toMatchObject({ status: 'refused', refusal: { code: 'columns_missing' } });
    await desk.reprocess(importId, { sheet: 'people' });
    expect(await names()).toEqual(['Shown']);
  });

  it('is refused by place where it says what the file does not have, and once people are registered', async () => {
    const importId = await desk.take(operationId, list({ household_ref: 'once', person_ref: 'once' }));
    const wrong = await desk.reprocess(importId, {
      sheet: 'x',
      columns: [{ heading: 'Nom', column: 'family_name' }],
    });
    expect(wrong.body).toMatchObject({ status: 400, errors: [{ pointer: '/args/sheet', code: 'unknown' }] });
    const heading = await desk.reprocess(importId, { columns: [{ heading: 'Canaria', column: 'family_name' }] });
    expect(heading.body).toMatchObject({ errors: [{ pointer: '/args/columns/0/heading', code: 'unknown' }] });
    expect(heading.text).not.toContain('Canaria');
    expect((await desk.reprocess(importId, { encoding: 'klingon' })).body).toMatchObject({
      errors: [{ pointer: '/args/encoding' }],
    });
    expect((await desk.commit(importId)).status).toBe(202);
    expect((await desk.reprocess(importId, { delimiter: 'tab' })).body).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('registered'),
    });
  });
});

describe('columns under other headings', () => {
  const FRENCH: Record<string, string> = {
    household_ref: 'Ménage',
    family_name: 'Nom de famille',
    date_of_birth: 'Date de naissance',
    consent: 'Accord ?',
    site: 'Notes du bureau',
  };
  const french = (text: string): string =>
    text.replace(/^.*\n/, `${COLUMNS.map((column) => FRENCH[column] ?? column).join(',')}\n`);
  const SAID = [
    { heading: 'menage', column: 'household_ref' },
    { heading: 'Nom de famille', column: 'family_name' },
    { heading: 'Date de naissance', column: 'date_of_birth' },
    { heading: 'Accord ?', column: 'consent' },
    { heading: 'Notes du bureau', column: null },
  ].map((rule) => (rule.heading === 'menage' ? { ...rule, heading: 'Ménage' } : rule));

  it('are shown with suggestions, given once, and remembered for the partner alone', async () => {
    const [agency, other] = [await partner(), await partner()];
    const first = await desk.take(operationId, french(list({})), { partner: agency });
    const asked = await desk.read(first);
    expect(asked).toMatchObject({ status: 'refused', refusal: { code: 'columns_missing' } });
    const unknown = asked.found?.headings.filter(({ by }) => by === null);
    expect(unknown?.map(({ heading, suggestions }) => [heading, suggestions[0] ?? null])).toEqual([
      ['Ménage', 'household_ref'],
      ['Nom de famille', 'family_name'],
      ['Date de naissance', 'date_of_birth'],
      ['Notes du bureau', null],
      ['Accord ?', 'consent'],
    ]);
    expect(asked.found?.headings[0]?.position).toBe(1);

    expect((await desk.reprocess(first, { columns: SAID }, 'coordinator')).status).toBe(202);
    const mapped = await desk.read(first);
    expect(mapped.status).toBe('checked');
    expect(mapped.found?.headings.filter(({ by }) => by === 'said').length).toBe(5);
    expect(mapped.readings.map(({ overridden_by }) => overridden_by)).toEqual(['case_worker', 'coordinator']);

    const second = await desk.take(operationId, french(list({ given_names: 'Awa' })), { partner: agency });
    const unasked = await desk.read(second);
    expect(unasked.status).toBe('checked');
    expect(unasked.found?.headings.filter(({ by }) => by === 'remembered').map(({ column }) => column)).toEqual([
      'household_ref',
      'family_name',
      'date_of_birth',
      null,
      'consent',
    ]);
    expect((await desk.rows(second))[0]?.cells?.['given_names']?.meaning).toBe('Awa');

    expect((await desk.read(await desk.take(operationId, french(list({})), { partner: other }))).status).toBe(
      'refused',
    );
    expect((await desk.read(await desk.take(operationId, french(list({}))))).status).toBe('refused');
    expect((await desk.send(operationId, list({}), { partner: 'par_00000000000000000000000000' })).body).toMatchObject({
      errors: [{ parameter: 'partner', code: 'unknown' }],
    });
  });

  it('without a partner are remembered for the operation, and for no other', async () => {
    const renamed = (text: string): string => text.replace('"consent"', '"Agreed"');
    const first = await desk.take(operationId, renamed(list({})));
    await desk.reprocess(first, { columns: [{ heading: 'agreed', column: 'consent' }] });
    expect((await desk.read(await desk.take(operationId, renamed(list({}))))).status).toBe('checked');
    const elsewhere = await openOperation(system);
    expect((await desk.read(await desk.take(elsewhere, renamed(list({}))))).status).toBe('refused');
  });

  it('two with one heading are told apart by their position, and nothing of them is remembered', async () => {
    const twice = list({}).replace('"site"', '"consent"');
    const importId = await desk.take(operationId, twice);
    expect(await desk.read(importId)).toMatchObject({ status: 'refused', refusal: { code: 'columns_repeated' } });
    await desk.reprocess(importId, { columns: [{ heading: 'consent', position: 12, column: null }] });
    expect((await desk.read(importId)).status).toBe('checked');
    expect((await desk.read(await desk.take(operationId, twice))).refusal?.code).toBe('columns_repeated');
  });

  it('a file without headings names nobody: not in the answer’s words, the log, or any table in plain', async () => {
    const { db, logs } = system;
    const importId = await desk.take(operationId, 'H1,P1,HEAD,Canaria,Zzyzx,F,1990-04-12\n');
    const { refusal, found } = await desk.read(importId);
    expect(refusal?.code).toBe('columns_missing');
    expect(found?.headings.map(({ heading }) => heading)).toContain('Canaria');
    const toAuditor = await system.ask('auditor', 'GET', `/v1/imports/${importId}`);
    expect(toAuditor.status).toBe(200);
    expect(toAuditor.text).not.toMatch(/Canaria|Zzyzx/);
    await desk.reprocess(importId, { columns: [{ heading: 'Canaria', column: 'given_names' }] });
    const tables = await db.pool.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'
          and (table_name like 'import%' or table_name like 'list%' or table_name in ('pending_starts', 'idempotency_keys'))`,
    );
    expect(tables.rows.length).toBeGreaterThan(6);
    const outputs = [JSON.stringify(refusal), logs.join('\n')];
    for (const { name } of tables.rows) {
      const { rows } = await db.pool.query<Record<string, unknown>>(`select * from ${name}`);
      outputs.push(JSON.stringify(rows, (_, v: unknown) => (Buffer.isBuffer(v) ? v.toString('latin1') : v)));
    }
    for (const text of outputs) expect(text).not.toMatch(/Canaria|Zzyzx/);
  });
});

describe('dates with the year last', () => {
  it('are offered in both readings, never turned unasked, and who chose is written down', async () => {
    const text = list(
      { date_of_birth: '03/04/1990' },
      { date_of_birth: '25/12/1988', relationship_to_head: 'SPOUSE' },
      { date_of_birth: '', relationship_to_head: 'CHILD' },
    );
    const importId = await desk.take(operationId, text);
    const { found } = await desk.read(importId);
    expect(found?.date_orders).toEqual([
      {
        column: 'date_of_birth',
        possible: ['day_first'],
        chosen: null,
        examples: [
          { cell: '03/04/1990', day_first: '1990-04-03', month_first: '1990-03-04' },
          { cell: '25/12/1988', day_first: '1988-12-25', month_first: '1988-25-12' },
        ],
      },
    ]);
    expect((await desk.rows(importId)).map(({ verdict }) => verdict)).toEqual([
      'reject',
      'reject',
      'accept_with_warning',
    ]);

    await desk.reprocess(importId, { date_order: { date_of_birth: 'day_first' } }, 'coordinator');
    const chosen = await desk.read(importId);
    expect(chosen.found?.date_orders[0]).toMatchObject({ chosen: 'day_first', possible: ['day_first'] });
    expect(chosen.readings.at(-1)).toMatchObject({
      overridden_by: 'coordinator',
      date_order: { date_of_birth: 'day_first' },
    });
    expect((await desk.rows(importId)).map(({ cells }) => cells?.['date_of_birth'])).toEqual([
      { raw: '03/04/1990', meaning: '1990-04-03' },
      { raw: '25/12/1988', meaning: '1988-12-25' },
      { raw: '', meaning: null },
    ]);
  });

  it('are not offered where both kinds stand in one column, and a choice is not remembered', async () => {
    const mixed = await desk.take(operationId, list({ date_of_birth: '03/04/1990' }, { date_of_birth: '1990-04-03' }));
    expect((await desk.read(mixed)).found?.date_orders).toEqual([]);
    const another = await desk.take(operationId, list({ date_of_birth: '03/04/1990' }));
    expect((await desk.read(another)).found?.date_orders[0]).toMatchObject({
      possible: ['day_first', 'month_first'],
      chosen: null,
    });
  });

  it('of other calendars are given, and not converted', async () => {
    const importId = await desk.take(
      operationId,
      list({ date_of_birth: '1367-01-01' }, { date_of_birth: '2531-03-21' }, { date_of_birth: '1980-13-05' }),
    );
    const rows = await desk.rows(importId);
    expect(rows.map(({ codes }) => codes.find(({ column }) => column === 'date_of_birth')?.hint)).toEqual([
      expect.stringContaining('Solar Hijri'),
      expect.stringContaining('Buddhist'),
      expect.stringContaining('Ethiopic'),
    ]);
    expect(rows.map(({ cells }) => cells?.['date_of_birth']?.meaning)).toEqual([null, null, null]);
    expect(rows.every(({ verdict }) => verdict === 'reject')).toBe(true);
  });
});
