import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Encoding, encodeText } from '../../../adapters/lists/encoding.ts';
import { mendFile, neutraliseFormula } from '../../../adapters/lists/mendFile.ts';
import { openList } from '../../../adapters/lists/openList.ts';
import { writeWorkbook } from '../../../adapters/lists/xlsx/write.ts';
import { COLUMNS } from '../../../domain/intake/columns.ts';
import { person } from '../../domain/intake/caseload.ts';
import { rowsOf } from './read.ts';

const cells = (different: Parameters<typeof person>[0]): string[] => COLUMNS.map((column) => person(different)[column]);
const table = [
  [...COLUMNS],
  cells({ given_names: '=HYPERLINK("x","y")', phone: '+99900012345' }),
  cells({ given_names: '-Ali', family_name: '@home', site: 'a;b,"c"\r\nd' }),
  cells({ given_names: 'أمينة', family_name: ' Osman ' }),
];

const delimited = (encoding: Encoding, delimiter: string, mark: boolean): Buffer =>
  encodeText(
    (mark ? '\uFEFF' : '') +
      table.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter)).join('\r\n'),
    encoding,
  );

describe('the file of rows to mend', () => {
  it.each<[string, Buffer]>([
    ['UTF-8 with mark and semicolons', delimited('utf-8', ';', true)],
    ['UTF-16 with tabs', delimited('utf-16le', '\t', true)],
    ['UTF-16 the other way', delimited('utf-16be', ',', true)],
    ['Windows-1256', delimited('windows-1256', ';', false)],
    ['a workbook', writeWorkbook('people', table)],
  ])('keeps the form of the original: %s', async (_what, bytes) => {
    const original = await openList(bytes);
    const rows = await rowsOf(bytes);
    const mend = mendFile(
      original.found,
      rows.map((row) => ({ raw: row.raw, why: `why, ${row.record}` })),
    );
    const again = await openList(mend.bytes);
    const { headings, columns, ...shape } = again.found;
    const { headings: originalHeadings, columns: originalColumns, ...originalShape } = original.found;
    expect(shape).toEqual(originalShape);
    expect(headings).toEqual([...originalHeadings, 'to_mend']);
    expect(columns).toEqual([...originalColumns, null]);
    const mended = await rowsOf(mend.bytes);
    expect(mended.map((row) => row.cells)).toEqual(rows.map((row) => row.cells));
    expect(mended.map((row) => row.raw[20])).toEqual(['why, 1', 'why, 2', 'why, 3']);
    // mended again, the column is used again
    const twice = mendFile(again.found, [{ raw: mended[0]?.raw ?? [], why: 'still' }]);
    expect((await openList(twice.bytes)).found.headings).toEqual(headings);
    expect((await rowsOf(twice.bytes))[0]?.raw[20]).toBe('still');
  });

  it('leaves no cell that a spreadsheet would evaluate, and telephones whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '\t', '\r', '1', 'a', ' ') }), (cell) => {
        const written = neutraliseFormula(cell);
        expect(/^[=+\-@\t\r]/.test(written) && !/^[-+(). ]*\+[-0-9(). ]+$/.test(written)).toBe(false);
        expect(written.replace(/^'/, '')).toBe(cell);
      }),
    );
    expect(neutraliseFormula('+999 000 123 45')).toBe('+999 000 123 45');
    expect(neutraliseFormula('+1-1')).toBe("'+1-1");
  });
});
