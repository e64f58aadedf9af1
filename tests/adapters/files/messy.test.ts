import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeText } from '../../../adapters/files/encoding.ts';
import { type OpenedList, openList } from '../../../adapters/files/openList.ts';
import { writeWorkbook } from '../../../adapters/files/xlsx/write.ts';
import type { Encoding } from '../../../domain/imports/file.ts';
import { essentials, judgeHouseholds, withFindings } from '../../../domain/imports/judgeList.ts';
import { type JudgedRow, judgeRow } from '../../../domain/imports/judgeRow.ts';
import { SCENARIOS, scenarioFile, type Truth, truthOf } from '../../domain/imports/scenario.ts';

async function judge(list: OpenedList, referenceDate: string): Promise<JudgedRow[]> {
  const judgements: JudgedRow[] = [];
  for await (const row of list.rows) judgements.push(judgeRow(row.cells, { referenceDate }, row.record, row.findings));
  const { findings } = judgeHouseholds(judgements.map(essentials));
  return judgements.map((judgement) => withFindings(judgement, findings.get(judgement.row) ?? []));
}

const short = (
  rows: ReadonlyArray<{ verdict: string; codes: ReadonlyArray<{ code: string; column: string }> }>,
): string[] =>
  rows.map(
    ({ verdict, codes }) =>
      `${verdict} ${codes
        .map(({ code, column }) => `${code}.${column}`)
        .sort()
        .join(' ')}`,
  );

const pick = (truth: Truth, wanted: readonly number[]): Truth['rows'] =>
  truth.rows.filter((row) => wanted.includes(row.row));

/** The truth's names of encodings and delimiters in ours. */
const NAMES: Record<string, string> = { 'utf-16-le': 'utf-16le', cp1256: 'windows-1256', TAB: '\t' };
const ours = (name: string): string => NAMES[name] ?? name;

const cases = SCENARIOS.flatMap((scenario) => {
  const truth = truthOf(scenario);
  return truth.files.map((file) => {
    const rows = file.rows === 'all' ? truth.rows : pick(truth, file.rows);
    return { scenario, truth, file, rows, count: rows.length };
  });
});

describe('each messy file as it arrives', () => {
  it.each(cases)(
    '$scenario $file.file: found out, and verdict and codes of $count rows',
    async ({ scenario, truth, file, rows }) => {
      const list = await openList(readFileSync(scenarioFile(scenario, file.file)));
      expect(list.found).toMatchObject({
        format: 'delimited',
        encoding: ours(file.encoding),
        delimiter: ours(file.delimiter),
        unknown: [],
        records: rows.length,
      });
      expect(short(await judge(list, truth.reference_date))).toEqual(short(rows));
    },
  );

  it.each(SCENARIOS)('%s says the same as UTF-16, tab-separated, and as a workbook', async (scenario) => {
    const truth = truthOf(scenario);
    const original = await openList(readFileSync(scenarioFile(scenario, 'messy/registrations.csv')));
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
