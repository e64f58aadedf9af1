import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openList, type OpenedList } from '../../../adapters/lists/openList.ts';
import { encodeText, type Encoding } from '../../../adapters/lists/encoding.ts';
import { writeWorkbook } from '../../../adapters/lists/xlsx/write.ts';
import { completeRow, type JudgedRow } from '../../../domain/intake/judgeList.ts';
import { judgeRow, type RowJudgement } from '../../../domain/intake/judgeRow.ts';
import { judgeHouseholds } from '../../../domain/intake/household.ts';
import { CASELOADS, caseloadFile, truthOf } from '../../domain/intake/caseload.ts';

async function judge(list: OpenedList, referenceDate: string): Promise<JudgedRow[]> {
  const judgements: RowJudgement[] = [];
  for await (const row of list.rows) judgements.push(judgeRow(row.cells, { referenceDate }, row.record, row.findings));
  const { findings } = judgeHouseholds(judgements.map((judgement) => judgement.facts));
  return judgements.map((judgement) => completeRow(judgement, findings.get(judgement.facts.row)));
}

const short = (rows: ReadonlyArray<{ verdict: string; codes: ReadonlyArray<{ code: string; column: string }> }>): string[] =>
  rows.map(({ verdict, codes }) => `${verdict} ${codes.map(({ code, column }) => `${code}.${column}`).sort().join(' ')}`);

const cases = CASELOADS.flatMap((caseload) => {
  const truth = truthOf(caseload);
  return truth.files.map((file) => {
    const rows = file.rows === 'all' ? truth.rows : truth.rows.filter((row) => file.rows.includes(row.row));
    return { caseload, truth, file, rows, count: rows.length };
  });
});

describe('each messy file as it arrives', () => {
  it.each(cases)('$caseload $file.file: found out, and verdict and codes of $count rows', async ({ caseload, truth, file, rows }) => {
    const list = await openList(readFileSync(caseloadFile(caseload, file.file)));
    expect(list.found).toMatchObject({
      format: 'delimited',
      encoding: file.encoding === 'utf-16' ? 'utf-16le' : file.encoding,
      delimiter: file.delimiter,
      unknown: [],
      records: rows.length,
    });
    expect(short(await judge(list, truth.reference_date))).toEqual(short(rows));
  });

  it.each(CASELOADS)('%s says the same as UTF-16, tab-separated, and as a workbook', async (caseload) => {
    const truth = truthOf(caseload);
    const original = await openList(readFileSync(caseloadFile(caseload, 'messy/registrations.csv')));
    const table = [original.found.headings];
    for await (const row of original.rows) table.push(row.raw);
    const text = (delimiter: string, newline: string): string =>
      table.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter)).join(newline);
    const forms: Array<[Encoding, string, string]> = [
      ['utf-8', ';', '\n'],
      ['utf-16be', '\t', '\r\n'],
      ['utf-16le', ',', '\r'],
    ];
    const expected = short(truth.rows);
    for (const [encoding, delimiter, newline] of forms) {
      const list = await openList(encodeText(text(delimiter, newline), encoding));
      expect(list.found).toMatchObject({ encoding, delimiter, newline, records: truth.rows.length });
      expect(short(await judge(list, truth.reference_date))).toEqual(expected);
    }
    const workbook = await openList(writeWorkbook('list', table));
    expect(workbook.found).toMatchObject({ format: 'xlsx', sheet: 'list', records: truth.rows.length });
    expect(short(await judge(workbook, truth.reference_date))).toEqual(expected);
  });
});
