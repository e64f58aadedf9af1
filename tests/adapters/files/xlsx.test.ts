import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { filesOfZip } from '../../../adapters/archives/zip.ts';
import { DEFAULT_LIMITS, openList } from '../../../adapters/files/openList.ts';
import { builtInFormat, numberText } from '../../../adapters/files/xlsx/numberText.ts';
import { openParts } from '../../../adapters/files/xlsx/parts.ts';
import { writeWorkbook, writeZip } from '../../../adapters/files/xlsx/write.ts';
import { COLUMNS } from '../../../domain/imports/columns.ts';
import { person } from '../../domain/imports/scenario.ts';
import { type Packed, zipOf } from '../../support/archive.ts';
import { refusalOf, rowsOf } from './read.ts';

describe('what a number cell says', () => {
  it.each<[number, string, string]>([
    [99900012345, 'General', '99900012345'],
    [412345, '00000000', '00412345'],
    [412345, '000\\-000', '412-345'],
    [249912345678, '"+"0', '+249912345678'],
    [249912345678, '+0', '+249912345678'],
    [17, '"HH-"0000', 'HH-0017'],
    [1234567, '#,##0', '1234567'],
    [17, '0', '17'],
    [17, '@', '17'],
    [17.5, 'General', '17.5'],
    [-3, '0000', '-0003'],
    // more digits than a spreadsheet keeps: the last ones are made up
    [4123450000000010, 'General', '4.12345000000001E+15'],
    [4123450000000010, '0000000000000000', '4.12345000000001E+15'],
    [999999999999999, 'General', '999999999999999'],
    [32223, 'yyyy\\-mm\\-dd', '1988-03-21'],
    [32223, builtInFormat(14), '1988-03-21'],
    [32223, '[$-409]d\\-mmm\\-yyyy;@', '1988-03-21'],
    [32223, 'dd"de"mmmm"de"yyyy', '1988-03-21'],
    [32223.5, 'yyyy-mm-dd hh:mm', '1988-03-21T12:00:00'],
    [32223, 'yyyy-mm-dd hh:mm:ss', '1988-03-21'],
    [32223.999999999, 'yyyy-mm-dd', '1988-03-22'],
    // no more than the format shows: "Mar 1988" typed into a spreadsheet becomes the first of the month
    [32203, builtInFormat(17), '1988-03'],
    [32203, 'yyyy', '1988'],
    [32203, builtInFormat(16), '--03-01'],
    [0.5, builtInFormat(20), '12:00:00'],
    [1, 'yyyy-mm-dd', '1900-01-01'],
    [59, 'yyyy-mm-dd', '1900-02-28'],
    [60, 'yyyy-mm-dd', '1900-02-29'],
    [61, 'yyyy-mm-dd', '1900-03-01'],
    [17, '[Red]0000', '0017'],
    [17, '0 "days"', '17 days'],
  ])('%s in %s is %s', (value, format, text) => {
    expect(numberText(value, format, false).text).toBe(text);
  });

  it('counts from 1904 where the workbook says so', () => {
    expect(numberText(30761, 'yyyy-mm-dd', true).text).toBe('1988-03-21');
    expect(numberText(0, 'yyyy-mm-dd', true).text).toBe('1904-01-01');
  });
});

const xml = '<?xml version="1.0" encoding="UTF-8"?>';

/** A workbook as other programs write them: shared texts, own styles, several sheets. */
function workbook(parts: {
  workbookPr?: string;
  sheets?: string;
  sheet: string;
  other?: string;
  shared?: string;
}): Buffer {
  return writeZip([
    [
      'xl/workbook.xml',
      `${xml}<workbook xmlns:r="r">${parts.workbookPr ?? ''}<sheets>${parts.sheets ?? '<sheet name="list" sheetId="1" r:id="rId1"/>'}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `${xml}<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>`,
    ],
    [
      'xl/styles.xml',
      `${xml}<styleSheet><numFmts><numFmt numFmtId="164" formatCode="00000000"/></numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
    ],
    ['xl/sharedStrings.xml', `${xml}<sst>${parts.shared ?? ''}</sst>`],
    ['xl/worksheets/sheet1.xml', `${xml}<worksheet><sheetData>${parts.sheet}</sheetData></worksheet>`],
    ['xl/worksheets/sheet2.xml', `${xml}<worksheet><sheetData>${parts.other ?? ''}</sheetData></worksheet>`],
  ]);
}

const text = (value: string): string => `<c t="inlineStr"><is><t>${value}</t></is></c>`;
const heads = `<row r="1">${COLUMNS.map(text).join('')}</row>`;
const cellsOf = (different: Record<string, string>): string =>
  COLUMNS.map((column) => different[column] ?? text(person()[column])).join('');

/** The files of an archive, to be packed again beside hostile ones. */
async function partsOf(archive: Buffer): Promise<Packed[]> {
  const parts: Packed[] = [];
  for await (const { name, unpack } of filesOfZip(archive)) {
    const pieces: Buffer[] = [];
    for await (const piece of unpack()) pieces.push(piece);
    parts.push({ name, content: Buffer.concat(pieces) });
  }
  return parts;
}

describe('a workbook', () => {
  it('keeps formats, dates, shared and rich texts, and the row numbers of the sheet', async () => {
    const bytes = workbook({
      workbookPr: '<workbookPr date1904="1"/>',
      shared: '<si><t>Amina</t><rPh><t>phonetic</t></rPh></si><si><r><t>Os</t></r><r><t>man_x000D_</t></r></si>',
      sheet: `${heads}<row r="2"/><row r="5">${cellsOf({
        given_names: '<c t="s"><v>0</v></c>',
        family_name: '<c t="s"><v>1</v></c>',
        date_of_birth: '<c s="2"><v>30761</v></c>',
        document_number: '<c s="1"><v>412345</v></c>',
        phone: '<c><v>9.9900012345E10</v></c>',
        site: '<c t="str"><f>1+1</f><v>Hall &amp; B</v></c>',
      })}</row><row r="6"><c t="inlineStr"><is><t> </t></is></c></row><row r="7">${cellsOf({})}</row>`,
    });
    const rows = await rowsOf(bytes);
    expect(rows.map((row) => [row.record, row.line])).toEqual([
      [1, 5],
      [2, 7],
    ]);
    expect(rows[0]?.cells).toMatchObject({
      given_names: 'Amina',
      family_name: 'Osman\r',
      date_of_birth: '1988-03-21',
      document_number: '00412345',
      phone: '99900012345',
      site: 'Hall & B',
    });
    expect(rows[0]?.findings).toEqual([]);
  });

  it('says where a number cell stands for what should be text', async () => {
    const bytes = workbook({
      sheet: `${heads}<row r="2">${cellsOf({ household_ref: '<c s="2"><v>46082</v></c>', document_number: '<c><v>412345</v></c>' })}</row>`,
    });
    expect((await rowsOf(bytes))[0]?.findings).toEqual([
      { code: 'NUMBER_RUINED', column: 'household_ref' },
      { code: 'NUMBER_CELL', column: 'document_number' },
    ]);
  });

  it('has its hidden sheets named and not taken unasked', async () => {
    const bytes = workbook({
      sheets:
        '<sheet name="old" sheetId="1" state="hidden" r:id="rId1"/><sheet name="people" sheetId="2" r:id="rId2"/><sheet name="very" sheetId="3" state="veryHidden" r:id="rId1"/>',
      sheet: `${heads}<row r="2">${cellsOf({ given_names: text('Hidden') })}</row>`,
      other: `${heads}<row r="2">${cellsOf({ given_names: text('Shown') })}</row>`,
    });
    const list = await openList(bytes);
    expect(list.found.sheets).toEqual([
      { name: 'old', hidden: true },
      { name: 'people', hidden: false },
      { name: 'very', hidden: true },
    ]);
    expect(list.found.sheet).toBe('people');
    expect((await rowsOf(bytes)).map((row) => row.cells.given_names)).toEqual(['Shown']);
    expect((await rowsOf(bytes, { sheet: 'old' })).map((row) => row.cells.given_names)).toEqual(['Hidden']);
    const refused = await refusalOf(bytes, { override: { sheet: 'none' } });
    // the names of sheets may be people's: they stand in what was found, not in the words
    expect(refused.message).toContain('3 sheets, 2 of them hidden');
    expect(refused.found).toMatchObject({ sheets: [{ name: 'old' }, { name: 'people' }, { name: 'very' }] });
  });

  it('places cells by their address where some are left out', async () => {
    const bytes = workbook({
      sheet: `${heads}<row r="2"><c r="B2" t="inlineStr"><is><t>P1</t></is></c><c r="S2" t="inlineStr"><is><t>given</t></is></c></row>`,
    });
    const row = (await rowsOf(bytes))[0];
    expect([row?.cells.household_ref, row?.cells.person_ref, row?.cells.consent]).toEqual(['', 'P1', 'given']);
  });

  it('that is cut, broken or far too large unpacked is refused', async () => {
    const whole = writeWorkbook('list', [[...COLUMNS], COLUMNS.map((column) => person()[column])]);
    expect((await refusalOf(whole.subarray(0, whole.byteLength - 40))).code).toBe('workbook_damaged');
    const broken = Buffer.from(whole);
    const sheetAt = broken.indexOf('xl/worksheets/sheet1.xml');
    broken.fill(0xff, sheetAt + 60, sheetAt + 70);
    expect((await refusalOf(broken)).code).toBe('workbook_damaged');
    expect((await refusalOf(workbook({ sheet: '<row><c>' }))).code).toBe('workbook_damaged');
    const limits = { ...DEFAULT_LIMITS, unpackedBytes: 50_000 };
    const bomb = workbook({ sheet: `${heads}${`<row>${cellsOf({})}</row>`.repeat(200)}` });
    expect((await refusalOf(bomb, { limits })).code).toBe('too_large');
  });

  it('that is a bomb is refused before it fills the memory', async () => {
    const honest = writeWorkbook('list', [[...COLUMNS], COLUMNS.map((column) => person()[column])]);
    const before = process.memoryUsage().rss;
    const shared = { name: 'xl/sharedStrings.xml', content: Buffer.alloc(256 * 1024 * 1024, 'a') };
    const bombs: Array<[string, Packed[]]> = [
      ['too_large', [shared]],
      ['too_large', [{ ...shared, zip64: true, says: { size: 2 ** 40 } }]],
      ['workbook_damaged', [{ ...shared, says: { size: 100 } }]],
      ['workbook_damaged', [{ ...shared, content: Buffer.from('<sst/>'), says: { checksum: 1 } }]],
    ];
    for (const [code, files] of bombs) {
      expect((await refusalOf(zipOf([...(await partsOf(honest)), ...files]))).code).toBe(code);
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });

  it('has one limit for all its parts together, and each part counts once however often it is read', async () => {
    const rows = [[...COLUMNS], ...Array.from({ length: 50 }, () => COLUMNS.map((column) => person()[column]))];
    const parts = await partsOf(writeWorkbook('list', rows));
    const read = parts.filter(({ name }) => !['[Content_Types].xml', '_rels/.rels'].includes(name));
    const size = read.reduce((sum, { content }) => sum + content.length, 0);
    const large = Math.max(...read.map(({ content }) => content.length));
    expect(large).toBeLessThan(size);
    const within = (unpackedBytes: number) => ({ limits: { ...DEFAULT_LIMITS, unpackedBytes } });
    expect((await refusalOf(zipOf(parts), within(size - 1))).code).toBe('too_large');
    await expect(openList(zipOf(parts), within(size))).resolves.toMatchObject({ found: { records: 50 } });
  });

  it('that has thousands of names for one body is given up when they are too large together', async () => {
    const MB = 1024 * 1024;
    const body = { name: 'part 0', content: randomBytes(MB), stored: true };
    const others = Array.from({ length: 1_999 }, (_, index) => ({
      ...body,
      name: `part ${index + 1}`,
      onBodyBefore: true,
    }));
    const parts = await openParts(zipOf([body, ...others]), 16 * MB);
    const readAll = async (): Promise<number> => {
      for (let index = 0; index < 2_000; index += 1) {
        try {
          for await (const piece of parts.open(`part ${index}`) ?? []) if (piece.length === 0) break;
        } catch (error) {
          expect(error).toMatchObject({ code: 'too_large' });
          return index;
        }
      }
      return 2_000;
    };
    expect(await readAll()).toBe(16);
  });

  it('that we write is read again to the letter', async () => {
    const odd = ['=1+1', '0017', ' a ', 'x\ny', '<&>"', '_x0041_', '\u0007', 'أمينة', '𐌀'];
    const cells = COLUMNS.map((column, index) => odd[index] ?? person()[column]);
    const rows = await rowsOf(writeWorkbook('list & more', [[...COLUMNS], cells]));
    expect(rows[0]?.raw).toEqual(cells.slice(0, cells.findLastIndex((cell) => cell !== '') + 1));
  });
});
