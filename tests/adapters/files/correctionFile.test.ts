import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correctionFile, neutraliseFormula, plainCell } from '../../../adapters/files/correctionFile.ts';
import { encodeText } from '../../../adapters/files/encoding.ts';
import { openList } from '../../../adapters/files/openList.ts';
import { writeWorkbook } from '../../../adapters/files/xlsx/write.ts';
import type { ListRow } from '../../../application/imports/check.ts';
import { correctedRow } from '../../../application/imports/correct.ts';
import { COLUMNS } from '../../../domain/imports/columns.ts';
import type { Encoding } from '../../../domain/imports/file.ts';
import { person } from '../../domain/imports/scenario.ts';
import { rowsOf } from './read.ts';

const cells = (different: Parameters<typeof person>[0]): string[] => COLUMNS.map((column) => person(different)[column]);
const table = [
  [...COLUMNS],
  cells({ given_names: '=HYPERLINK("x","y")', phone: '+99900012345' }),
  cells({ given_names: '-Ali', family_name: '@home', site: 'a;b,"c"\r\nd' }),
  cells({ given_names: 'أمينة', family_name: ' Osman ', destination_admin1: 'North' }),
];

const delimited = (encoding: Encoding, delimiter: string, mark: boolean): Buffer =>
  encodeText(
    (mark ? '\uFEFF' : '') +
      table.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter)).join('\r\n'),
    encoding,
  );

describe('the file of rows to correct', () => {
  it.each<[string, Buffer]>([
    ['UTF-8 with mark and semicolons', delimited('utf-8', ';', true)],
    ['UTF-16 with tabs', delimited('utf-16le', '\t', true)],
    ['UTF-16 the other way', delimited('utf-16be', ',', true)],
    ['Windows-1256', delimited('windows-1256', ';', false)],
    ['a workbook', writeWorkbook('people', table)],
  ])('keeps the form of the original: %s', async (_what, bytes) => {
    const original = await openList(bytes);
    const rows = await rowsOf(bytes);
    const correct = correctionFile(
      original.found,
      'k3f9',
      rows.map((row) => ({ row: row.record, raw: row.raw, why: `why, ${row.record}` })),
    );
    const again = await openList(correct.bytes);
    const { headings, columns, by, ...shape } = again.found;
    const { headings: originalHeadings, columns: originalColumns, by: originalBy, ...originalShape } = original.found;
    expect(shape).toEqual(originalShape);
    expect(headings).toEqual([...originalHeadings, 'to_correct']);
    expect(columns).toEqual([...originalColumns, null]);
    expect(by).toEqual([...originalBy, null]);
    const corrected = await rowsOf(correct.bytes);
    expect(corrected.map((row) => row.cells)).toEqual(rows.map((row) => row.cells));
    const whyOf = (row: ListRow | undefined) => row?.raw[headings.indexOf('to_correct')];
    expect(corrected.map(whyOf)).toEqual(['1 k3f9: why, 1', '2 k3f9: why, 2', '3 k3f9: why, 3']);
    expect(corrected.map((row) => row.corrections)).toEqual([1, 2, 3].map((row) => ({ row, listTag: 'k3f9' })));
    const padded = (raw: string[]): string[] => COLUMNS.map((_, index) => raw[index] ?? '');
    expect(corrected.map((row) => padded(row.raw))).toEqual(rows.map((row) => padded(row.raw)));
    // corrected again, the column is used again
    const twice = correctionFile(again.found, 'k3f9', [{ row: 1, raw: corrected[0]?.raw ?? [], why: 'still' }]);
    expect((await openList(twice.bytes)).found.headings).toEqual(headings);
    expect(whyOf((await rowsOf(twice.bytes))[0])).toBe('1 k3f9: still');
  });

  it('leaves no cell that a spreadsheet would evaluate, telephones whole, and nothing changed on its way back', () => {
    const unit = fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '＝', "'", '1', 'a', ' ');
    fc.assert(
      fc.property(fc.string({ unit }), (cell) => {
        const written = neutraliseFormula(cell);
        expect(/^[=+\-@\t\r\n＝＋－＠]/.test(written) && !/^[-+(). ]*\+[-0-9(). ]+$/.test(written)).toBe(false);
        expect(plainCell(written)).toBe(cell);
      }),
    );
    expect(neutraliseFormula('+999 000 123 45')).toBe('+999 000 123 45');
    expect(neutraliseFormula('+1-1')).toBe("'+1-1");
    expect(neutraliseFormula("'=1+1")).toBe("''=1+1");
  });

  it('says which row of which list each row is, whatever somebody writes behind it', () => {
    expect(correctedRow(' 17 k3f9: sex: choose one')).toEqual({ row: 17, listTag: 'k3f9' });
    for (const other of ['', 'sex: choose one', '17: x', '0 k3f9: x', '17 K3F9: x', '17 k3f9 x', '-1 k3f9: x'])
      expect(correctedRow(other)).toBeNull();
  });
});
