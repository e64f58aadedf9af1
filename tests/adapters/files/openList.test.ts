import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { detectEncoding, encodeText } from '../../../adapters/files/encoding.ts';
import { DEFAULT_LIMITS, openList } from '../../../adapters/files/openList.ts';
import { COLUMNS, mapColumns } from '../../../domain/imports/columns.ts';
import { person } from '../../domain/imports/scenario.ts';
import { refusalOf, rowsOf } from './read.ts';

const HEAD = COLUMNS.join(',');
const row = (different: Parameters<typeof person>[0] = {}): string => {
  const cells = person(different);
  return COLUMNS.map((column) =>
    /[",\r\n]/.test(cells[column]) ? `"${cells[column].replaceAll('"', '""')}"` : cells[column],
  ).join(',');
};

describe('a list', () => {
  it('is read from a stream in small pieces, as from bytes', async () => {
    const bytes = Buffer.from(
      `${HEAD}\r\n${row({ given_names: 'Zoë', site: 'Hall\r\nB' })}\r\n${row({ person_ref: 'H1-2' })}\r\n`,
    );
    const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
    const list = await openList(Readable.from(pieces));
    const rows = [];
    for await (const one of list.rows) rows.push(one);
    expect(list.found).toMatchObject({ encoding: 'utf-8', delimiter: ',', newline: '\r\n', records: 2 });
    expect(rows.map(({ record, line, cells }) => [record, line, cells.given_names, cells.site])).toEqual([
      [1, 2, 'Zoë', 'Hall\r\nB'],
      [2, 4, 'Amina', 'Hall B'],
    ]);
    expect(rows).toEqual(await rowsOf(bytes));
  });

  it('numbers records and lines as the user sees them, empty lines and rows passed over', async () => {
    const text = `\n${HEAD}\n\n${row({ person_ref: 'A' })}\n${','.repeat(19)}\n${row({ person_ref: 'B', given_names: 'x\ny\nz' })}\n\n${row({ person_ref: 'C' })}`;
    const rows = await rowsOf(text);
    expect(rows.map(({ record, line, cells }) => [record, line, cells.person_ref])).toEqual([
      [1, 4, 'A'],
      [2, 6, 'B'],
      [3, 10, 'C'],
    ]);
  });

  it('can be read twice', async () => {
    const list = await openList(Buffer.from(`${HEAD}\n${row()}\n`));
    for (let time = 0; time < 2; time++) {
      const records: number[] = [];
      for await (const one of list.rows) records.push(one.record);
      expect(records).toEqual([1]);
    }
  });

  it('keeps quotation marks inside a name', async () => {
    const rows = await rowsOf(
      `${HEAD}\n${row().replace('Amina', 'Abu "Ali" Amina')}\n${row({ given_names: '"Umm" Ali' })}\n`,
    );
    expect(rows.map((one) => one.cells.given_names)).toEqual(['Abu "Ali" Amina', '"Umm" Ali']);
  });

  it('fills rows that end early, and says where a row has too many cells', async () => {
    const short = row().split(',').slice(0, 18).join(',');
    const rows = await rowsOf(`${HEAD}\n${short}\n${row()},surplus\n${row()},,,\n`);
    expect(rows.map((one) => [one.cells.consent, one.findings.map((finding) => finding.code)])).toEqual([
      ['', []],
      ['given', ['CELLS_TOO_MANY']],
      ['given', []],
    ]);
  });

  it('follows the line by which spreadsheets name the delimiter', async () => {
    const list = await openList(
      Buffer.from(`sep=;\r\n${HEAD.replaceAll(',', ';')}\r\n${row().replaceAll(',', ';')}\r\n`),
    );
    expect(list.found).toMatchObject({ delimiter: ';', records: 1, unknown: [] });
    for await (const one of list.rows) expect([one.record, one.line, one.cells.consent]).toEqual([1, 3, 'given']);
  });

  it('turns dates only where a person said in which order they are', async () => {
    const text = `${HEAD}\n${row({ date_of_birth: '03/04/1990' })}\n`;
    expect((await rowsOf(text))[0]?.cells.date_of_birth).toBe('03/04/1990');
    const turned = await rowsOf(text, { dateOrder: { date_of_birth: 'day_first' } });
    expect(turned[0]?.cells.date_of_birth).toBe('1990-04-03');
    expect(turned[0]?.written.date_of_birth).toBe('03/04/1990');
    expect(turned[0]?.raw).toContain('03/04/1990');
  });
});

describe('a list that is refused whole', () => {
  const cases: Array<[string, string | Uint8Array, string, RegExp]> = [
    ['empty', '', 'empty', /empty/],
    ['only line breaks', '\n\n', 'empty', /empty/],
    ['headings alone', `${HEAD}\n`, 'no_rows', /nobody/],
    ['a missing column', `${HEAD.replace('consent', 'agreed')}\n${row()}\n`, 'columns_missing', /Missing: consent/],
    ['a repeated column', `${HEAD},Consent\n${row()},x\n`, 'columns_repeated', /Repeated: consent/],
    ['a cut row', `${HEAD}\n${row()}\n${row().slice(0, 60)}`, 'cut_off', /Line 3/],
    ['a cut in quotes', `${HEAD}\n${row()}\n"H1,P`, 'cut_off', /line 3/],
    ['half a character of UTF-16', encodeText(`${HEAD}\n${row()}\n`, 'utf-16le').subarray(0, -1), 'cut_off', /half/],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'unknown_format', /old/],
    ['a web page', '<html><table></table></html>', 'unknown_format', /web page/],
    ['a PDF', '%PDF-1.7', 'unknown_format', /PDF/],
    ['no text', Buffer.from([1, 2, 3, 0, 0, 0, 9, 8]), 'unknown_format', /no text/],
    ['a cut workbook', Buffer.from('504b03041400', 'hex'), 'workbook_damaged', /end is missing/],
  ];
  it.each(cases)('%s', async (_what, source, code, words) => {
    const refused = await refusalOf(source);
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(words);
    expect(refused.hint.length).toBeGreaterThan(5);
    // nothing of anybody's cells in what is said
    expect(refused.message).not.toMatch(/Amina|Osman/);
  });

  it('above the limit of bytes, before anything is believed', async () => {
    const text = `${HEAD}\n${`${row()}\n`.repeat(50)}`;
    const limits = { ...DEFAULT_LIMITS, bytes: 2000 };
    expect((await refusalOf(text, { limits })).code).toBe('too_large');
    await expect(openList(Readable.from([Buffer.from(text)]), { limits })).rejects.toMatchObject({ code: 'too_large' });
  });

  it('above the limits of rows, columns and the size of a row', async () => {
    const text = `${HEAD}\n${`${row()}\n`.repeat(3)}`;
    expect((await refusalOf(text, { limits: { ...DEFAULT_LIMITS, rows: 2 } })).code).toBe('too_many_rows');
    expect((await refusalOf(text, { limits: { ...DEFAULT_LIMITS, columns: 19 } })).code).toBe('too_many_columns');
    const long = `${HEAD}\n${row({ site: 'x'.repeat(5000) })}\n`;
    expect((await refusalOf(long, { limits: { ...DEFAULT_LIMITS, recordCharacters: 4000 } })).code).toBe(
      'record_too_large',
    );
  });

  it('for an encoding that the bytes are not', async () => {
    const bytes = encodeText(`${HEAD}\n${row({ given_names: 'أمينة' })}\n`, 'windows-1256');
    expect((await refusalOf(bytes, { override: { encoding: 'utf-8' } })).code).toBe('unreadable_text');
  });

  it('with what was found, so that a person can say what the headings mean', async () => {
    const text = `${HEAD.replace('consent', 'Agreed?')}\n${row()}\n`;
    expect((await refusalOf(text)).found).toMatchObject({ unknown: ['Agreed?'], records: 1 });
    const list = await openList(Buffer.from(text), {
      override: { columns: [{ heading: 'agreed?', column: 'consent' }] },
    });
    for await (const one of list.rows) expect(one.cells.consent).toBe('given');
  });
});

describe('the encoding', () => {
  it.each([
    ['utf-8', 'Amina Osmán, أمينة', true],
    ['utf-16le', 'Amina Osmán, أمينة', true],
    ['utf-16be', 'Amina Osmán, أمينة', true],
    ['windows-1256', 'Amina, أمينة عثمان', false],
    ['windows-1252', 'Jörg Müller, Muñoz, Peña', false],
  ] as const)('%s is found without a mark', (encoding, names, certain) => {
    expect(detectEncoding(encodeText(`household_ref,${names}`, encoding))).toEqual({
      encoding,
      byteOrderMark: false,
      certain,
    });
  });

  it('can be overridden', async () => {
    const bytes = encodeText(`${HEAD}\n${row({ given_names: 'Peña' })}\n`, 'windows-1252');
    const [asFound, overridden] = [
      await openList(bytes),
      await openList(bytes, { override: { encoding: 'windows-1256' } }),
    ];
    expect([asFound.found.encoding, asFound.found.encodingCertain]).toEqual(['windows-1252', false]);
    expect([overridden.found.encoding, overridden.found.encodingCertain]).toEqual(['windows-1256', true]);
    for await (const one of asFound.rows) expect(one.cells.given_names).toBe('Peña');
  });
});

describe('headings', () => {
  it('are known whatever their case and blanks, and mapped as a partner once said', () => {
    const mapped = mapColumns(
      [' Household Ref ', 'PERSON-REF', 'Nom', 'Notes', '', 'to_correct'],
      [{ heading: 'nom', column: 'family_name' }],
    );
    expect(mapped.columns).toEqual(['household_ref', 'person_ref', 'family_name', null, null, null]);
    expect(mapped.unknown).toEqual(['Notes']);
    expect(mapped.missing).toEqual(['relationship_to_head', 'sex', 'nationality', 'registered_at', 'consent']);
  });

  it('may be left out on purpose, and need one of the two names', () => {
    const mapped = mapColumns(
      COLUMNS.filter((column) => column !== 'family_name'),
      [{ heading: 'Given names', column: null }],
    );
    expect(mapped.missing).toEqual(['given_names']);
    expect(mapped.columns).not.toContain('given_names');
  });
});
