import { describe, expect, it } from 'vitest';
import { detectEncoding, encodeText } from '../../../adapters/files/encoding.ts';
import { DEFAULT_LIMITS, openList } from '../../../adapters/files/openList.ts';
import { writeZip } from '../../../adapters/files/xlsx/write.ts';
import { COLUMNS } from '../../../domain/imports/columns.ts';
import type { Encoding } from '../../../domain/imports/file.ts';
import { judgeRow } from '../../../domain/imports/judgeRow.ts';
import { person } from '../../domain/imports/scenario.ts';
import { stringifyCells } from '../../support/cells.ts';
import { refusalOf, rowsOf } from './read.ts';

/** Files as other programs, other countries and bad lines leave them. */
const HEAD = COLUMNS.join(',');
const LIST = stringifyCells([person({ given_names: 'Zoë' }), person({ person_ref: 'H1-2', given_names: 'أمينة' })]);

describe('text files', () => {
  const arabicHeads = `رقم الأسرة,الاسم,اللقب\r\n١,أمينة,عثمان\r\n`;
  it.each<[Encoding, string]>([
    ['utf-16le', arabicHeads],
    ['utf-16be', arabicHeads],
    ['utf-16le', '姓名;日付\n李;1988\n'],
    ['utf-16be', 'نام\tتاریخ\nعلی\t۱۳۶۷\n'],
    ['utf-8', arabicHeads],
    ['utf-8', '姓名;日付\n李;1988\n'],
    ['windows-1256', arabicHeads],
  ])('in %s without a mark are found out, whatever script the headings have', (encoding, text) => {
    // digits of this script are not in Windows-1256
    const bytes = encodeText(encoding === 'windows-1256' ? text.replace('١', '1') : text, encoding);
    expect(detectEncoding(bytes).encoding).toBe(encoding);
  });

  it('with a few spoilt bytes are refused with the line, not read as the wrong letters', async () => {
    const bytes = Buffer.from(
      stringifyCells([person(), person({ given_names: 'أمينة' }), person({ given_names: 'عثمان محمد' })]),
    );
    const at = bytes.indexOf(Buffer.from('أ')) + 1;
    const spoilt = Buffer.concat([bytes.subarray(0, at), Buffer.from([0xff]), bytes.subarray(at + 1)]);
    const refused = await refusalOf(spoilt);
    expect(refused).toMatchObject({ code: 'unreadable_text', again: true });
    expect(refused.message).toContain('Line 3 has bytes');
    expect(refused.found).toMatchObject({ format: 'delimited', encoding: 'utf-8', encodingCertain: false });
    expect((await rowsOf(spoilt, { encoding: 'windows-1256' })).length).toBe(3);
  });

  it.each<[Encoding, string]>([
    ['windows-1251', 'Ольга Шевченко'],
    ['windows-1254', 'Işıl Çelik Ğ'],
    ['windows-1250', 'Łukasz Dvořák'],
    ['windows-1253', 'Ελένη'],
    ['windows-1255', 'דוד'],
    ['windows-1258', 'Đang'],
  ])('in %s are read as somebody says', async (encoding, name) => {
    const bytes = encodeText(stringifyCells([person({ given_names: name })]), encoding);
    expect((await rowsOf(bytes, { encoding }))[0]?.cells.given_names).toBe(name);
  });

  it('with line ends of every kind mixed, and none after the last row', async () => {
    const [head = '', one = '', two = ''] = LIST.split('\n');
    const rows = await rowsOf(
      `${head}\r\n${one}\r${two}\n${two.replace('H1-2', 'H1-3')}\r\n\r\n${two.replace('H1-2', 'H1-4')}`,
    );
    expect(rows.map(({ line, cells }) => [line, cells.person_ref])).toEqual([
      [2, 'H1-1'],
      [3, 'H1-2'],
      [4, 'H1-3'],
      [6, 'H1-4'],
    ]);
  });

  it('with headings quoted, padded and in capitals', async () => {
    const head = COLUMNS.map((column) => `" ${column.toUpperCase().replaceAll('_', ' ')}\u00a0"`).join(';');
    const rows = await rowsOf(`${head}\n${LIST.split('\n')[1]?.replaceAll('","', '";"')}\n`);
    expect(rows[0]?.cells.given_names).toBe('Zoë');
  });

  it.each([
    ['a title, a blank line and a date', `Registration list, Camp B\n\nof 2026-11-20;final\n${LIST}`, 4],
    ['a title under a delimiter of its own', `Camp B; final; v2\n${LIST}`, 2],
    ['a title of as many cells as the list', `Camp B${','.repeat(19)}\n${LIST}`, 2],
    ['nothing', LIST, 1],
  ])('with %s above the headings are read from the headings on', async (_what, text, headingLine) => {
    const list = await openList(Buffer.from(text));
    expect(list.found).toMatchObject({ headingLine, delimiter: ',', records: 2, unknown: [] });
    const rows = await rowsOf(text);
    expect(rows.map(({ record, line, cells }) => [record, line, cells.given_names])).toEqual([
      [1, headingLine + 1, 'Zoë'],
      [2, headingLine + 2, 'أمينة'],
    ]);
  });

  it('with headings that nobody knows under a title are read from the line that somebody says', async () => {
    const text = `Camp B\n${LIST.replace(/^.*/, COLUMNS.map((_, index) => `K${index}`).join(','))}`;
    expect((await refusalOf(text)).found).toMatchObject({ headingLine: 1, headings: ['Camp B'] });
    const refused = await refusalOf(text, { override: { headingLine: 2 } });
    expect(refused.found).toMatchObject({ headingLine: 2, unknown: expect.arrayContaining(['K0', 'K19']), records: 2 });
    const columns = COLUMNS.map((column, index) => ({ heading: `K${index}`, column }));
    expect((await rowsOf(text, { headingLine: 2, columns })).map(({ line }) => line)).toEqual([3, 4]);
    expect((await refusalOf(text, { override: { headingLine: 9 } })).code).toBe('empty');
  });

  it('with a huge cell are judged by row: the row is rejected, the next one is not', async () => {
    const list = stringifyCells([person({ site: 'x'.repeat(100_000) }), person({ person_ref: 'H1-2' })]);
    const [huge, next] = await rowsOf(list);
    const codes = (row = huge): string[] =>
      row === undefined ? [] : judgeRow(row.cells, { referenceDate: '2026-11-20' }, 1).codes.map(({ code }) => code);
    expect(codes(huge)).toEqual(['FIELD_TOO_LONG']);
    expect(codes(next)).toEqual([]);
  });

  it('of one endless line, or of more rows and columns than may be, are refused in bounded memory', async () => {
    const before = process.memoryUsage().rss;
    expect((await refusalOf(Buffer.alloc(48 * 1024 * 1024, 'x'))).code).toBe('record_too_large');
    expect((await refusalOf(Buffer.alloc(48 * 1024 * 1024, 'x,'))).code).toBe('record_too_large');
    const limits = { ...DEFAULT_LIMITS, rows: 10, columns: 30 };
    const many = stringifyCells(Array.from({ length: 11 }, (_, i) => person({ person_ref: `P${i}` })));
    expect((await refusalOf(many, { limits })).code).toBe('too_many_rows');
    expect((await refusalOf(`${HEAD}${',x'.repeat(11)}\n`, { limits })).code).toBe('too_many_columns');
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });
});

const XML = '<?xml version="1.0" encoding="UTF-8"?>';
const inline = (text: string): string => `<is><t>${text}</t></is>`;
const columnName = (index: number): string => String.fromCharCode(65 + index);
const rowOf = (number: number, cells: Partial<Record<string, string>>): string =>
  `<row r="${number}">${COLUMNS.map((column, index) => {
    const cell = cells[column];
    return cell === undefined ? '' : cell.replace('<c', `<c r="${columnName(index)}${number}"`);
  }).join('')}</row>`;
const plain = (different: Parameters<typeof person>[0] = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(person(different)).map(([c, text]) => [c, `<c t="inlineStr">${inline(text)}</c>`]));
const heads = rowOf(1, Object.fromEntries(COLUMNS.map((c) => [c, `<c t="inlineStr">${inline(c)}</c>`])));

function workbook(sheetData: string, { shared = '', workbookPr = '', after = '' } = {}): Buffer {
  return writeZip([
    [
      'xl/workbook.xml',
      `${XML}<workbook xmlns:r="r">${workbookPr}<sheets><sheet name="people" sheetId="1" r:id="a"/></sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `${XML}<Relationships><Relationship Id="a" Target="worksheets/a.xml"/></Relationships>`,
    ],
    ['xl/styles.xml', `${XML}<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`],
    ['xl/sharedStrings.xml', `${XML}<sst>${shared}</sst>`],
    ['xl/worksheets/a.xml', `${XML}<worksheet><sheetData>${sheetData}</sheetData>${after}</worksheet>`],
  ]);
}

describe('workbooks', () => {
  it.each([
    ['content.xml', /OpenDocument/],
    ['xl/workbook.bin', /\.xlsb/],
    ['word/document.xml', /no workbook/],
  ])('that are something else say so: %s', async (part, words) => {
    const refused = await refusalOf(writeZip([[part, 'x']]));
    expect(refused).toMatchObject({ code: 'unknown_format', hint: expect.stringContaining('.xlsx') });
    expect(refused.message).toMatch(words);
  });

  it('with days as ISO 8601 have the day alone', async () => {
    const row = rowOf(2, {
      ...plain(),
      date_of_birth: '<c t="d"><v>1988-03-21T00:00:00</v></c>',
      phone: '<c t="d"><v>1988-03-21</v></c>',
    });
    const [one] = await rowsOf(workbook(heads + row));
    expect(one?.cells.date_of_birth).toBe('1988-03-21');
    expect(one?.findings).toEqual([{ code: 'NUMBER_RUINED', column: 'phone' }]);
  });

  it('that count from 1904 have the right day', async () => {
    const row = rowOf(2, { ...plain(), date_of_birth: '<c s="1"><v>30761</v></c>' });
    const bytes = workbook(heads + row, { workbookPr: '<workbookPr date1904="1"/>' });
    expect((await rowsOf(bytes))[0]?.cells.date_of_birth).toBe('1988-03-21');
  });

  it('with formulas have what these came to, and an error counts as empty', async () => {
    const row = rowOf(2, {
      ...plain(),
      site: '<c t="str"><f>A1&amp;"x"</f><v>Hall C</v></c>',
      person_ref: '<c><f>ROW()</f><v>17</v></c>',
      phone: '<c t="e"><f>VLOOKUP(1,2,3)</f><v>#N/A</v></c>',
      consent: '<c><f>NOW()</f></c>',
    });
    const [one] = await rowsOf(workbook(heads + row));
    expect(one?.cells).toMatchObject({ site: 'Hall C', person_ref: '17', phone: '#N/A', consent: '' });
    const { codes, meaning } = judgeRow(one?.cells ?? person(), { referenceDate: '2026-11-20' }, 1);
    expect(codes.map(({ code, column }) => `${code} ${column}`)).toEqual([
      'SPREADSHEET_ERROR phone',
      'REQUIRED_MISSING consent',
    ]);
    expect(meaning.phone).toBeNull();
  });

  it('with merged cells have the value in the first row alone: the others say that it is missing', async () => {
    const { household_ref: _, ...rest } = plain({ person_ref: 'H1-2' });
    const bytes = workbook(heads + rowOf(2, plain()) + rowOf(3, rest), {
      after: '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>',
    });
    const rows = await rowsOf(bytes);
    expect(rows.map(({ cells }) => cells.household_ref)).toEqual(['H1', '']);
    expect(judgeRow(rows[1]?.cells ?? person(), { referenceDate: '2026-11-20' }, 2).codes[0]).toMatchObject({
      code: 'REQUIRED_MISSING',
      column: 'household_ref',
    });
  });

  it('with control characters that XML escapes lose them with a warning, and no database stumbles', async () => {
    const row = rowOf(2, { ...plain(), household_ref: `<c t="inlineStr">${inline('H_x0000_1')}</c>` });
    const [one] = await rowsOf(workbook(heads + row));
    const { codes, meaning } = judgeRow(one?.cells ?? person(), { referenceDate: '2026-11-20' }, 1);
    expect(codes).toEqual([{ code: 'WHITESPACE', column: 'household_ref' }]);
    expect(meaning.householdRef).toBe('H1');
  });

  it('that unpack to a hundred times their size are refused before they fill the memory', async () => {
    const before = process.memoryUsage().rss;
    const bomb = `<si><t>${'A'.repeat(40 * 1024 * 1024)}</t></si>`;
    expect(await refusalOf(workbook(heads, { shared: bomb }))).toMatchObject({ code: 'too_large', again: false });
    const wide = rowOf(2, { ...plain(), site: `<c t="inlineStr">${inline('B'.repeat(300_000))}</c>` });
    expect((await refusalOf(workbook(heads + wide))).code).toBe('record_too_large');
    const far = `<row r="2"><c r="XFD2" t="inlineStr">${inline('x')}</c></row>`;
    expect((await refusalOf(workbook(heads + far))).code).toBe('too_many_columns');
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });

  it('whose XML names entities of its own, or ends early, are damaged', async () => {
    const bytes = writeZip([
      [
        'xl/workbook.xml',
        `${XML}<!DOCTYPE x [<!ENTITY e "eeee">]><workbook><sheets><sheet name="&e;" sheetId="1" id="a"/></sheets></workbook>`,
      ],
    ]);
    expect((await refusalOf(bytes)).code).toBe('workbook_damaged');
    const cut = workbook(heads + rowOf(2, plain()));
    expect((await refusalOf(cut.subarray(0, cut.length - 30))).code).toBe('workbook_damaged');
  });

  it('with rows far below the last are read to the end, and numbered as the sheet numbers them', async () => {
    const bytes = workbook(heads + rowOf(2, plain()) + rowOf(1_048_576, plain({ person_ref: 'last' })));
    const list = await openList(bytes);
    expect(list.found.records).toBe(2);
    expect((await rowsOf(bytes)).map(({ line }) => line)).toEqual([2, 1_048_576]);
  });
});
