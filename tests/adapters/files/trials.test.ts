import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openList } from '../../../adapters/files/openList.ts';
import { explain } from '../../../domain/imports/codes.ts';
import { formatPartialDate } from '../../../domain/imports/dates.ts';
import { essentials, judgeHouseholds, withFindings } from '../../../domain/imports/judgeList.ts';
import { type JudgedRow, judgeRow } from '../../../domain/imports/judgeRow.ts';

const context = { referenceDate: '2026-11-20' };

async function trial(file: string): Promise<{ rows: JudgedRow[]; codes: string[][] }> {
  const list = await openList(readFileSync(new URL(`trials/${file}`, import.meta.url)));
  const judgements: JudgedRow[] = [];
  for await (const row of list.rows) judgements.push(judgeRow(row.cells, context, row.record, row.findings));
  const { findings } = judgeHouseholds(judgements.map(essentials));
  const rows = judgements.map((judgement) => withFindings(judgement, findings.get(judgement.row) ?? []));
  return {
    rows,
    codes: rows.map((row) =>
      row.codes.map(
        ({ code, column, fields }) => `${code} ${column}${fields === undefined ? '' : ` ${fields.join('+')}`}`,
      ),
    ),
  };
}

describe('trials of intake', () => {
  it('T001: apostrophes, prefixes, one letter: all accepted, shown as typed', async () => {
    const { rows, codes } = await trial('T001.csv');
    expect(codes).toEqual([[], [], [], [], []]);
    expect(rows.map((row) => `${row.meaning.givenNames} ${row.meaning.familyName}`)).toEqual([
      'Koffi N’Dahlo',
      "Wanjiru Ng'ang'ondo",
      'Saʼida Al-Mu`tasimi',
      'Ma. Luningning de los Reyesón',
      'Mary-Jane O',
    ]);
  });

  it('T003: national habits of the zone: nothing is wrong', async () => {
    expect((await trial('T003.csv')).codes).toEqual([[], [], []]);
  });

  it('T005: names longer than the field: cut is no other name', async () => {
    const { rows, codes } = await trial('T005.csv');
    expect(codes).toEqual([[], ['MRZ_NAME_CUT mrz_line1'], ['NAME_SINGLE given_names']]);
    expect(rows[1]?.codes.map(explain)[0]).toContain('may be truncated');
    expect(rows[1]?.meaning.familyName).toBe('Nilavadhanananda Chayapa Dejthamrong Krasuang');
  });

  it('T007: O and 0 are what they are: warned of, never exchanged', async () => {
    const { rows, codes } = await trial('T007.csv');
    expect(codes[0]).toEqual([]);
    expect(codes[1]).toEqual(['MRZ_NUMBER_DIFFERS mrz_line2']);
    expect(codes[2]?.[0]).toBe('MRZ_NAME_DIFFERS mrz_line1');
    expect(codes[2]?.[1]).toMatch(/^MRZ_CHECK_DIGIT mrz_line2 .*birth_date/);
    expect(rows[2]?.meaning.mrz?.line1).toBe('P<UGA0SCAR0VIC<<OLC<<<<<<<<<<<<<<<<<<<<<<<<<');
    expect(rows[1]?.meaning.document?.number).toBe('BO1203456');
  });

  it('T011: numbers that a spreadsheet rewrote, as CSV', async () => {
    const { rows, codes } = await trial('T011.csv');
    expect(rows.map((row) => row.meaning.householdRef)).toEqual(['1E05', '100000', '0017', '17', 'MAR-1', 'MAR-1']);
    expect(codes).toEqual([
      ['NUMBER_RUINED phone'],
      [],
      ['PHONE_NATIONAL_FORMAT phone', 'HOUSEHOLD_REF_ALIKE household_ref'],
      ['NUMBER_RUINED phone', 'PHONE_NATIONAL_FORMAT phone', 'HOUSEHOLD_REF_ALIKE household_ref'],
      [],
      ['NUMBER_RUINED document_number'],
    ]);
    expect(rows.map((row) => row.meaning.phone)).toEqual([null, '+99900012345', null, null, null, null]);
    expect(rows.map((row) => row.meaning.document?.number ?? null)).toEqual([
      null,
      null,
      null,
      null,
      '0041234500000001',
      null,
    ]);
  });

  it('T011: numbers that a spreadsheet rewrote, as a workbook', async () => {
    const { rows, codes } = await trial('T011.xlsx');
    expect(rows.map((row) => row.meaning.householdRef)).toEqual(['0017', '17', '18']);
    expect(codes).toEqual([
      ['PHONE_NATIONAL_FORMAT phone', 'HOUSEHOLD_REF_ALIKE household_ref'],
      ['HOUSEHOLD_REF_ALIKE household_ref'],
      // 122 years old: the day itself is read right
      ['DOB_TOO_OLD date_of_birth'],
    ]);
    expect(rows[0]?.meaning.birthDate).toEqual({ year: 1988, month: 3, day: 21 });
    expect(rows[0]?.meaning.document?.number).toBe('00412345');
    expect(rows[1]?.meaning.birthDate).toEqual({ year: 1990, month: null, day: null });
  });

  it('T013: digits of other scripts are refused with column and example, or kept with a warning', async () => {
    const { rows, codes } = await trial('T013.csv');
    expect(codes).toEqual([
      ['FORMULA_CELL phone', 'NAME_NOT_LATIN given_names', 'NAME_NOT_LATIN family_name', 'DOB_FORMAT date_of_birth'],
      [
        'NAME_SINGLE family_name',
        'NAME_NOT_LATIN given_names',
        'DIGITS_OTHER_SCRIPT phone',
        'DOB_FORMAT date_of_birth',
      ],
      ['DIGITS_OTHER_SCRIPT household_ref'],
    ]);
    const said = rows[0]?.codes.map(explain).join('\n') ?? '';
    expect(said).toMatch(/date_of_birth: .*1988-03-21.*digits are of another script/);
    expect(said).toMatch(/phone: .*\+249123456789.*digits are of another script/);
    expect(rows.map((row) => row.meaning.birthDate && formatPartialDate(row.meaning.birthDate))).toEqual([
      null,
      null,
      '1988-03-21',
    ]);
    expect(rows.map((row) => row.meaning.phone)).toEqual([null, null, '+99900012347']);
    expect(rows[2]?.meaning.householdRef).toBe('٠٠٣');
  });
});
