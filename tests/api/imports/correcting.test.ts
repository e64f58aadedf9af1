import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeText } from '../../../adapters/files/encoding.ts';
import { openList } from '../../../adapters/files/openList.ts';
import { writeWorkbook } from '../../../adapters/files/xlsx/write.ts';
import { COLUMNS } from '../../../domain/imports/columns.ts';
import type { Encoding } from '../../../domain/imports/file.ts';
import { person } from '../../domain/imports/scenario.ts';
import { type Cells, stringifyCells } from '../../support/cells.ts';
import { storeOf } from '../../support/imports.ts';
import { openOperation, type TestSystem, testSystem } from '../system.ts';
import { type ListDesk, listDesk } from './listClient.ts';

let system: TestSystem;
let desk: ListDesk;

beforeAll(async () => {
  system = await testSystem();
  desk = listDesk(system);
});
afterAll(() => system?.close());

type Different = Partial<Cells>;

const cellsOf = (people: readonly Different[]): Cells[] =>
  people.map((one, index) => person({ household_ref: 'H1', person_ref: `P-${index}`, ...one }));

/** The corrected file: each row as `correct` gives it back; null leaves it out. Written anew in the form in which it came. */
async function corrected(
  bytes: Buffer,
  correct: (cells: Record<string, string>, row: number) => Record<string, string> | null,
): Promise<Buffer> {
  const { found, rows } = await openList(bytes);
  const table = [found.headings];
  let number = 0;
  for await (const { raw } of rows) {
    const cells = Object.fromEntries(found.headings.map((heading, index) => [heading, raw[index] ?? '']));
    const after = correct(cells, ++number);
    if (after !== null) table.push(found.headings.map((heading) => after[heading] ?? ''));
  }
  if (found.format === 'xlsx') return writeWorkbook('list', table);
  const delimiter = found.delimiter ?? ',';
  const text = table
    .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter))
    .join(found.newline);
  return encodeText(text, found.encoding ?? 'utf-8');
}

async function count(table: string, operationId: string): Promise<number> {
  const { rows } = await system.db.pool.query(`select count(*)::int as n from ${table} where operation_id = $1`, [
    operationId,
  ]);
  return Number(rows[0].n);
}

/** Households of the operation: reference, and who is in it by row and relationship, the head with a star. */
async function households(operationId: string): Promise<Record<string, string[]>> {
  const { rows } = await system.db.pool.query<{ reference: string; members: string[] }>(
    `select h.reference, array_agg(j.import_row || ' ' || j.relationship || case when j.is_head then '*' else '' end order by j.import_row) as members
       from households h join journeys j on j.household_id = h.id where h.operation_id = $1 group by h.id, 1 order by 1`,
    [operationId],
  );
  expect(new Set(rows.map(({ reference }) => reference)).size).toBe(rows.length);
  return Object.fromEntries(rows.map(({ reference, members }) => [reference, members]));
}

const FAMILY: Different[] = [
  { sex: 'female' },
  { relationship_to_head: 'SPOUSE' },
  { relationship_to_head: 'CHILD', date_of_birth: '2015-02-30' },
  { household_ref: 'H2', relationship_to_head: 'HEAD' },
  { household_ref: 'H3', nationality: 'ZZZ' },
];

const CORRECTIONS: Record<string, Record<string, string>> = {
  'P-0': { sex: 'F' },
  'P-2': { date_of_birth: '2015-02-28' },
  'P-4': { nationality: 'SDN' },
};
const correctAll = (cells: Record<string, string>): Record<string, string> => ({
  ...cells,
  ...CORRECTIONS[cells['person_ref'] ?? ''],
});

describe('the rows to correct', () => {
  const forms: Array<[string, string, (cells: Cells[]) => Buffer]> = [
    ['CSV', 'text/csv; charset=utf-8', (cells) => Buffer.from(stringifyCells(cells))],
    ...(
      [
        ['semicolons in Windows-1256', 'windows-1256', ';'],
        ['UTF-16 with tabs', 'utf-16le', '\t'],
      ] as Array<[string, Encoding, string]>
    ).map(([name, encoding, delimiter]): [string, string, (cells: Cells[]) => Buffer] => [
      name,
      `${delimiter === '\t' ? 'text/tab-separated-values' : 'text/csv'}; charset=${encoding}`,
      (cells) =>
        encodeText(
          [COLUMNS.join(delimiter), ...cells.map((one) => COLUMNS.map((c) => one[c]).join(delimiter))].join('\r\n'),
          encoding,
        ),
    ]),
    [
      'a workbook',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      (cells) => writeWorkbook('people', [[...COLUMNS], ...cells.map((one) => COLUMNS.map((c) => one[c]))]),
    ],
  ];

  it.each(forms)(
    'come in the form of the list, and corrected they take their places: %s',
    async (_what, type, form) => {
      const operationId = await openOperation(system);
      const cells = cellsOf(FAMILY.map((one) => ({ family_name: 'عثمان', ...one })));
      const importId = await desk.take(operationId, form(cells), { type: 'application/octet-stream' });
      expect((await desk.read(importId)).counts).toMatchObject({ rows: 5, reject: 3, incomplete_households: 2 });
      const file = await desk.toCorrect(importId);
      expect(file.headers['content-type']).toBe(type);
      expect(file.headers['cache-control']).toBe('no-store');
      const { found, rows } = await openList(file.bytes);
      expect(found.headings).toEqual([...COLUMNS, 'to_correct']);
      const why: string[] = [];
      for await (const { raw } of rows) why.push(raw[found.headings.indexOf('to_correct')] ?? '');
      expect(why).toEqual([
        expect.stringMatching(/^1 \w{4}: sex: The value is not an allowed one/),
        expect.stringMatching(/^3 \w{4}: date_of_birth: This day does not exist/),
        expect.stringMatching(/^5 \w{4}: nationality: /),
      ]);

      const part = await desk.take(operationId, await corrected(file.bytes, correctAll), {
        continues: importId,
        type: 'application/octet-stream',
      });
      expect(await desk.read(part)).toMatchObject({
        status: 'done',
        correcting: { rows: 3, corrected: 3, added: 0, already: 0, unmatched: 0 },
      });
      expect((await desk.read(importId)).counts).toMatchObject({ rows: 5, reject: 0, incomplete_households: 0 });
      expect((await desk.rows(importId)).map(({ line }) => line)).toEqual([2, 3, 4, 5, 6]);
      expect((await desk.toCorrect(importId)).status).toBe(409);
      expect((await desk.commit(part)).body).toMatchObject({
        code: 'conflict',
        detail: expect.stringContaining('part'),
      });
      expect((await desk.commit(importId)).status).toBe(202);
      expect(await households(operationId)).toEqual({
        H1: ['1 HEAD*', '2 SPOUSE', '3 CHILD'],
        H2: ['4 HEAD*'],
        H3: ['5 HEAD*'],
      });
    },
  );

  it('are told of in the log of looks, and of nobody in the system’s own log', async () => {
    const operationId = await openOperation(system);
    const importId = await desk.take(operationId, stringifyCells(cellsOf([{ given_names: 'Canaria', sex: '' }])));
    await desk.toCorrect(importId);
    const { rows } = await system.db.pool.query(
      'select principal, purpose as kind, row_count, fields from access_log where import_id = $1',
      [importId],
    );
    expect(rows).toEqual([{ principal: 'case_worker', kind: 'correction_file', row_count: 1, fields: [...COLUMNS] }]);
    expect(system.logs.join('\n')).not.toContain('Canaria');
  });
});

describe('a cell that the reader of a file to correct may not see', () => {
  /** makes the list one of which somebody is registered */
  const GOOD = { household_ref: 'H9' };
  const NEEDS = { special_needs: 'ASYLUM', document_type: 'PASSPORT', document_number: 'QX1122334' };
  const sheet = async (importId: string, role: string) => {
    const { bytes } = await desk.toCorrect(importId, role);
    const { rows } = await openList(bytes);
    const written: Array<Record<string, string>> = [];
    for await (const row of rows) written.push({ ...row.written });
    return { bytes, text: bytes.toString('utf8'), first: written[0] ?? {} };
  };

  it('stands as [kept] and comes back unchanged', async () => {
    const operationId = await openOperation(system);
    const importId = await desk.take(operationId, stringifyCells(cellsOf([{ ...NEEDS, sex: 'female' }, GOOD])));
    await desk.commit(importId);
    const { bytes, text, first } = await sheet(importId, 'coordinator');
    expect(text).not.toMatch(/ASYLUM|QX1122334/);
    expect(first).toMatchObject({ special_needs: '[kept]', document_number: '[kept]', document_type: '[kept]' });
    const file = await corrected(bytes, (cells) => ({ ...cells, sex: 'F' }));
    await desk.take(operationId, file, { continues: importId, role: 'coordinator' });
    const [row] = await desk.rows(importId, '', 'protection_officer');
    expect(row).toMatchObject({
      verdict: 'accept',
      protection: ['ASYLUM'],
      cells: { special_needs: { raw: 'ASYLUM' }, document_number: { raw: 'QX1122334', meaning: 'QX1122334' } },
    });
  });

  it('is kept through two corrections, and a cell that was corrected between them is the one that is kept', async () => {
    const operationId = await openOperation(system);
    const importId = await desk.take(
      operationId,
      stringifyCells(cellsOf([{ ...NEEDS, sex: 'x', consent: '?' }, GOOD])),
    );
    await desk.commit(importId);
    const byProtection = await sheet(importId, 'protection_officer');
    expect(byProtection.first).toMatchObject({ special_needs: 'ASYLUM' });
    const changed = await corrected(byProtection.bytes, (cells) => ({ ...cells, special_needs: 'UASC', sex: 'F' }));
    await desk.take(operationId, changed, { continues: importId, role: 'protection_officer' });
    const byWorker = await sheet(importId, 'case_worker');
    expect(byWorker.first).toMatchObject({ special_needs: '[kept]', document_number: 'QX1122334' });
    const file = await corrected(byWorker.bytes, (cells) => ({ ...cells, consent: 'given' }));
    await desk.take(operationId, file, { continues: importId });
    const [row] = await desk.rows(importId, '', 'protection_officer');
    expect(row).toMatchObject({ verdict: 'accept', cells: { special_needs: { raw: 'UASC' } } });
  });

  it('is not any cell: [kept] where the sender may read is an error with words', async () => {
    const operationId = await openOperation(system);
    const importId = await desk.take(
      operationId,
      stringifyCells(cellsOf([{ given_names: 'Canaria', sex: 'x' }, GOOD])),
    );
    await desk.commit(importId);
    const { bytes } = await sheet(importId, 'case_worker');
    const file = await corrected(bytes, (cells) => ({ ...cells, sex: 'F', given_names: '[kept]' }));
    await desk.take(operationId, file, { continues: importId });
    const [row] = await desk.rows(importId);
    expect(row).toMatchObject({ verdict: 'reject' });
    expect(row?.codes).toContainEqual(expect.objectContaining({ code: 'KEPT_CELL', column: 'given_names' }));
  });

  it('and that is at fault is corrected by protection; others are not told what is in it', async () => {
    const operationId = await openOperation(system);
    const long = { special_needs: 'afraid '.repeat(40) };
    const importId = await desk.take(operationId, stringifyCells(cellsOf([long, GOOD])));
    await desk.commit(importId);
    const { text } = await sheet(importId, 'case_worker');
    expect(text).toContain('is to be corrected by protection');
    expect(text).not.toMatch(/afraid|200 characters/);
    const { bytes, first } = await sheet(importId, 'protection_officer');
    expect(first['special_needs']).toContain('afraid');
    const file = await corrected(bytes, (cells) => ({ ...cells, special_needs: 'UASC' }));
    await desk.take(operationId, file, { continues: importId, role: 'protection_officer' });
    expect((await desk.read(importId)).counts).toMatchObject({ reject: 0 });
  });
});

describe('a list that was committed before it was corrected', () => {
  async function committedFamily() {
    const operationId = await openOperation(system);
    const importId = await desk.take(operationId, stringifyCells(cellsOf(FAMILY)));
    await desk.commit(importId);
    return { operationId, importId, file: (await desk.toCorrect(importId)).bytes };
  }

  it('takes the corrected people into their households, once, whatever is sent again', async () => {
    const { operationId, importId, file } = await committedFamily();
    expect(await households(operationId)).toEqual({ H1: ['2 SPOUSE*'], H2: ['4 HEAD*'] });
    const before = await system.db.pool.query('select id, person_id from journeys where operation_id = $1', [
      operationId,
    ]);
    const send = () =>
      corrected(file, correctAll).then((bytes) => desk.take(operationId, bytes, { continues: importId }));
    await send();
    expect((await desk.read(importId)).status).toBe('checked');
    expect((await desk.read(importId)).counts).toMatchObject({ reject: 0, already_known: 0 });
    expect((await desk.commit(importId)).status).toBe(202);
    const whole = { H1: ['1 HEAD*', '2 SPOUSE', '3 CHILD'], H2: ['4 HEAD*'], H3: ['5 HEAD*'] };
    expect(await households(operationId)).toEqual(whole);
    expect((await desk.read(importId)).status).toBe('done');

    const again = await send();
    expect((await desk.read(again)).correcting).toEqual({ rows: 3, corrected: 0, added: 0, already: 3, unmatched: 0 });
    expect((await desk.read(importId)).status).toBe('done');
    expect((await desk.commit(importId)).status).toBe(202);
    expect(await households(operationId)).toEqual(whole);
    const after = await system.db.pool.query('select id, person_id from journeys where operation_id = $1', [
      operationId,
    ]);
    expect(after.rows).toEqual(expect.arrayContaining(before.rows));
    expect(after.rows.length).toBe(5);
    expect(await count('journeys', operationId)).toBe(5);
  });

  it('closes the question for rows to correct, and leaves the holds for a person to release', async () => {
    const { operationId, importId, file } = await committedFamily();
    const tasks = async () =>
      (
        await system.db.pool.query(
          `select kind, status, data -> 'rejectedRows' as rows from tasks where operation_id = $1 order by kind`,
          [operationId],
        )
      ).rows;
    expect(await tasks()).toEqual([
      { kind: 'completeHousehold', status: 'open', rows: [1, 3] },
      { kind: 'correctRows', status: 'open', rows: null },
    ]);
    // at first only the child
    await desk.take(operationId, await corrected(file, (cells, row) => (row === 2 ? correctAll(cells) : cells)), {
      continues: importId,
    });
    await desk.commit(importId);
    expect(await tasks()).toEqual([
      { kind: 'completeHousehold', status: 'open', rows: [1] },
      { kind: 'correctRows', status: 'open', rows: null },
    ]);
    await desk.take(operationId, await corrected((await desk.toCorrect(importId)).bytes, correctAll), {
      continues: importId,
    });
    await desk.commit(importId);
    expect(await tasks()).toEqual([
      { kind: 'completeHousehold', status: 'open', rows: [] },
      { kind: 'correctRows', status: 'done', rows: null },
    ]);
    const { rows: held } = await system.db.pool.query(
      `select j.import_row from journeys j join holds h on h.journey_id = j.id and h.type = 'DATA_DISPUTE' and h.status in ('raising', 'active')
        where j.operation_id = $1 order by 1`,
      [operationId],
    );
    expect(held.map((row) => row.import_row)).toEqual([2, 3]);
  });

  it('takes nothing more from an attempt of the earlier check that was thought dead', async () => {
    const { operationId, importId, file } = await committedFamily();
    const store = storeOf(system.db.pool, system.keyring);
    await desk.take(operationId, await corrected(file, correctAll), { continues: importId });
    await expect(store.amendRows(importId, 1, [1], (row) => row)).rejects.toThrow('checked anew');
    expect(await store.beginRows(importId, 1, 5)).toBe(5);
    await desk.commit(importId);
    expect(await count('journeys', operationId)).toBe(5);
  });
});

describe('a list that came again with somebody new', () => {
  it('takes whoever was corrected into the family that the first list brought', async () => {
    const operationId = await openOperation(system);
    const family = cellsOf([{}, { relationship_to_head: 'SPOUSE' }]);
    await desk.commit(await desk.take(operationId, stringifyCells(family)));
    const child = person({ household_ref: 'H1', person_ref: 'P-child', relationship_to_head: 'CHILD', sex: '' });
    const again = await desk.take(operationId, stringifyCells([...family, child]));
    await desk.commit(again);
    expect(await count('journeys', operationId)).toBe(2);
    await desk.take(operationId, stringifyCells([{ ...child, sex: 'F' }]), { continues: again });
    await desk.commit(again);
    const { rows } = await system.db.pool.query(
      'select array_agg(relationship order by relationship) as members from journeys where operation_id = $1 group by household_id',
      [operationId],
    );
    expect(rows).toEqual([{ members: ['CHILD', 'HEAD', 'SPOUSE'] }]);
  });
});

describe('what a corrected file may hold', () => {
  it('rows without their number are known by person_ref, new ones follow at the end, others are counted', async () => {
    const operationId = await openOperation(system);
    const importId = await desk.take(operationId, stringifyCells(cellsOf(FAMILY)));
    const { bytes } = await desk.toCorrect(importId);
    const plain = await corrected(bytes, (cells) => ({ ...correctAll(cells), to_correct: '' }));
    const text = `${plain.toString('utf8')}\n${stringifyCells([
      person({ household_ref: 'H1', person_ref: 'P-new', relationship_to_head: 'CHILD' }),
      person({ household_ref: 'H1', person_ref: '' }),
      person({ household_ref: 'H2', person_ref: 'P-3' }),
    ])
      .split('\n')
      .slice(1)
      .join('\n')}`;
    const part = await desk.take(operationId, text, { continues: importId });
    expect((await desk.read(part)).correcting).toEqual({ rows: 6, corrected: 3, added: 1, already: 1, unmatched: 1 });
    expect((await desk.read(importId)).counts).toMatchObject({ rows: 6, reject: 0 });
    // the file sent twice adds nobody twice
    const again = await desk.take(operationId, text, { continues: importId });
    expect((await desk.read(again)).correcting).toEqual({ rows: 6, corrected: 0, added: 0, already: 5, unmatched: 1 });
    await desk.commit(importId);
    expect(await households(operationId)).toEqual({
      H1: ['1 HEAD*', '2 SPOUSE', '3 CHILD', '6 CHILD'],
      H2: ['4 HEAD*'],
      H3: ['5 HEAD*'],
    });
  });

  it('what is still wrong is to be corrected again, in the form of the first list', async () => {
    const operationId = await openOperation(system);
    const importId = await desk.take(operationId, stringifyCells(cellsOf(FAMILY)));
    const { bytes } = await desk.toCorrect(importId);
    const worse = await corrected(bytes, (cells, row) => ({
      ...cells,
      sex: row === 1 ? 'still wrong' : (cells['sex'] ?? ''),
    }));
    const part = await desk.take(operationId, worse, { continues: importId });
    expect((await desk.read(part)).correcting).toMatchObject({ corrected: 3 });
    const next = await openList((await desk.toCorrect(importId)).bytes);
    expect(next.found.headings).toEqual([...COLUMNS, 'to_correct']);
    const sexes: string[] = [];
    for await (const { written, corrections } of next.rows) sexes.push(`${corrections?.row} ${written.sex}`);
    expect(sexes).toEqual(['1 still wrong', '3 F', '5 F']);
    await desk.take(operationId, await corrected((await desk.toCorrect(importId)).bytes, correctAll), {
      continues: importId,
    });
    expect((await desk.read(importId)).counts).toMatchObject({ rows: 5, reject: 0 });
  });

  it('one that was made of another list is refused, and so is one for a list that is not there', async () => {
    const operationId = await openOperation(system);
    const [one, other] = [
      await desk.take(operationId, stringifyCells(cellsOf(FAMILY))),
      await desk.take(operationId, stringifyCells(cellsOf(FAMILY))),
    ];
    const part = await desk.take(operationId, await corrected((await desk.toCorrect(one)).bytes, correctAll), {
      continues: other,
    });
    expect(await desk.read(part)).toMatchObject({ status: 'refused', refusal: { code: 'other_list' } });
    expect((await desk.read(other)).counts).toMatchObject({ reject: 3 });
    const elsewhere = await openOperation(system);
    const missing = await desk.send(elsewhere, stringifyCells(cellsOf(FAMILY)), { continues: one });
    expect(missing.body).toMatchObject({ status: 400, errors: [{ parameter: 'continues', code: 'unknown' }] });
    expect((await desk.send(operationId, 'x', { continues: part })).body).toMatchObject({
      errors: [{ parameter: 'continues', code: 'corrects_another' }],
    });
  });

  it('its own fault refuses it alone, and told how to be read it goes on', async () => {
    const operationId = await openOperation(system);
    const importId = await desk.take(operationId, stringifyCells(cellsOf(FAMILY)));
    const text = (await corrected((await desk.toCorrect(importId)).bytes, correctAll)).toString('utf8');
    const part = await desk.take(operationId, text.replace('"consent"', '"Agreed"'), { continues: importId });
    expect(await desk.read(part)).toMatchObject({ status: 'refused', refusal: { code: 'columns_missing' } });
    expect((await desk.read(importId)).counts).toMatchObject({ reject: 3 });
    await desk.reprocess(part, { columns: [{ heading: 'Agreed', column: 'consent' }] });
    expect((await desk.rows(importId)).map(({ cells }) => cells?.['consent']?.raw)).toEqual(Array(5).fill('given'));
    expect((await desk.read(part)).correcting).toMatchObject({ corrected: 3 });
    expect((await desk.read(importId)).counts).toMatchObject({ reject: 0 });
    expect((await desk.reprocess(part, { delimiter: 'comma' })).body).toMatchObject({ code: 'conflict' });
  });

  it('dates in the order that was chosen for the list are corrected or left in it', async () => {
    const operationId = await openOperation(system);
    const importId = await desk.take(
      operationId,
      stringifyCells(cellsOf([{ date_of_birth: '31/12/1990' }, { date_of_birth: '05/06/1991', sex: 'x' }])),
    );
    await desk.reprocess(importId, { date_order: { date_of_birth: 'day_first' } });
    const file = (await desk.toCorrect(importId)).bytes;
    expect(file.toString('utf8')).toContain('05/06/1991');
    await desk.take(operationId, await corrected(file, (cells) => ({ ...cells, sex: 'X' })), { continues: importId });
    expect((await desk.rows(importId)).map(({ cells }) => cells?.['date_of_birth'])).toEqual([
      { raw: '31/12/1990', meaning: '1990-12-31' },
      { raw: '05/06/1991', meaning: '1991-06-05' },
    ]);
  });
});

describe('a file that goes out and comes back', () => {
  const HOSTILE: Different[] = [
    { given_names: '=HYPERLINK("http://127.0.0.1/x","y")', phone: '+99900012345' },
    { given_names: '-Ali', phone: '+999 000 123 46', relationship_to_head: 'SPOUSE' },
    { family_name: '@home', phone: '+1-1', relationship_to_head: 'SIBLING' },
    { given_names: '\t=1+1', family_name: '\r\n+cmd', relationship_to_head: 'SIBLING' },
    { given_names: "'=quoted", sex: 'no', relationship_to_head: 'SIBLING' },
  ];

  it.each(['csv', 'xlsx'])(
    'has dead formulas and whole telephones, and sent back unmended changes nobody: %s',
    async (form) => {
      const operationId = await openOperation(system);
      const cells = cellsOf(HOSTILE);
      const list =
        form === 'csv'
          ? stringifyCells(cells)
          : writeWorkbook('people', [[...COLUMNS], ...cells.map((one) => COLUMNS.map((c) => one[c]))]);
      const importId = await desk.take(operationId, list);
      const before = await desk.rows(importId);
      expect(before.map(({ verdict }) => verdict)).toEqual(['reject', 'reject', 'reject', 'reject', 'reject']);
      const { bytes } = await desk.toCorrect(importId);
      const { rows, found } = await openList(bytes, { override: {} });
      const phones: string[] = [];
      for await (const { raw } of rows) phones.push(raw[found.columns.indexOf('phone')] ?? '');
      expect(phones).toEqual(['+99900012345', '+999 000 123 46', '+1-1', '+249912345678', '+249912345678']);
      if (found.format === 'delimited') {
        const cellsInFile = bytes.toString('utf8').match(/"(?:[^"]|"")*"|[^,\r\n]+/g) ?? [];
        const formulas = cellsInFile.filter((cell) => /^"?[=+\-@\t\r]/.test(cell) && !/^"?\+[0-9 ]{10,}"?$/.test(cell));
        expect(formulas).toEqual([]);
      }
      await desk.take(operationId, bytes, { continues: importId });
      const after = await desk.rows(importId);
      expect(after).toEqual(before);
      await desk.take(operationId, bytes);
      expect(await count('journeys', operationId)).toBe(0);
    },
  );
});
