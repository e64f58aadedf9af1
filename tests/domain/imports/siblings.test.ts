import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODES, explain } from '../../../domain/imports/codes.ts';
import { COLUMNS, type Column } from '../../../domain/imports/columns.ts';
import { formatPartialDate } from '../../../domain/imports/dates.ts';
import { judgeList } from '../../../domain/imports/judgeList.ts';
import { judgeRow } from '../../../domain/imports/judgeRow.ts';
import { zoneName } from '../../../domain/imports/passport.ts';
import type { Cells } from '../../support/cells.ts';
import { person } from './scenario.ts';

/** The whole kind of each trial of registration, not only the case that it shows (tests/adapters/files/trials/README.md). */
const context = { referenceDate: '2026-11-20' };
const judge = (different: Partial<Cells>) => judgeRow(person(different), context, 1);
const codesOf = (different: Partial<Cells>): string[] =>
  judge(different).codes.map(({ code, column }) => `${code} ${column}`);
const rejecting = (different: Partial<Cells>): string[] =>
  judge(different)
    .codes.filter(({ code }) => CODES[code].rejects)
    .map(({ code, column }) => `${code} ${column}`);

/** A TD3 of somebody with these names, its check digits right (they are not what is looked at). */
const mrzOf = (zone: string): Partial<Cells> => ({
  document_type: 'PASSPORT',
  mrz_line1: `P<UTO${zone}`,
  mrz_line2: 'X<<<<<<<<<UTO8803218F3001019<<<<<<<<<<<<<<04',
});

describe('no character class turns a person away', () => {
  const names = [
    'O’Neill',
    "O'Neill",
    'OʼNeill',
    'O`Neill',
    'O‘Neill',
    'O′Neill',
    'O＇Neill',
    'O‛Neill',
    'OꞌNeill',
    'O׳Neill',
    'Oʻahu',
    'D´Angelo',
    'Nguyễn',
    'Ẹ̀kọ́',
    'Ængus Œ',
    'ﬁona',
    'Ŵ',
    'X',
    'Ma.',
    'de la O',
    'van ’t Hoff',
    'Jean-Luc',
    'Jean‑Luc',
    'Mary/Ann',
    'Anna (Maria)',
    'Ali & Co',
    'Ali 2',
    'Ng',
    'ʿAbd',
    'Đặng',
    'Sørensen',
    'Iñárritu',
    'Null',
    'None',
    'NaN',
    'TRUE',
    'March',
    'Test',
    '李',
    'アリ',
    'ግርማ',
    'অমিত',
    'می\u200Cخواهم',
    'عبـد',
    'דָּוִד',
    'Ольга',
    'ᱥᱟᱱ',
    '𞤀𞤣𞤤𞤢𞤥',
  ];
  it.each(names)('%s is accepted and kept as typed', (name) => {
    for (const column of ['given_names', 'family_name'] as const) {
      expect(rejecting({ [column]: name })).toEqual([]);
      const { meaning } = judge({ [column]: name });
      expect(column === 'given_names' ? meaning.givenNames : meaning.familyName).toBe(name);
    }
  });

  it.each(names.slice(0, 10))('%s is the passport’s ONEILL', (name) => {
    expect(zoneName(name)).toBe('ONEILL');
    expect(codesOf({ given_names: 'Ann', family_name: name, ...mrzOf('ONEILL<<ANN'.padEnd(39, '<')) })).not.toContain(
      'MRZ_NAME_DIFFERS mrz_line1',
    );
  });

  it('any letters of any script are no reason to reject', () => {
    const letter = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => /^\p{L}/u.test(text));
    fc.assert(
      fc.property(letter, (name) => {
        expect(rejecting({ given_names: name })).toEqual([]);
      }),
    );
  });
});

describe('numbers and values that a spreadsheet rewrote', () => {
  const rewritten = [
    '4.41E+11',
    '4,41E+11',
    '4.41e+11',
    '4.41E11',
    '4٫41E+11',
    '9.99E+10',
    '1E+05',
    '249912345678.0',
    '249912345678.00',
    '24991234,0',
  ];
  it.each(rewritten)('%s is warned of and not used', (cell) => {
    for (const column of ['phone', 'document_number'] as const) {
      expect(codesOf({ [column]: cell })).toContain(`NUMBER_RUINED ${column}`);
      expect(rejecting({ [column]: cell })).toEqual([]);
      const { meaning } = judge({ [column]: cell });
      expect([meaning.phone, meaning.document?.number ?? null]).not.toContain(cell);
    }
    expect(codesOf({ household_ref: cell })).toContain('NUMBER_RUINED household_ref');
  });

  it.each(['1E05', '100000', '0017', '17', 'E+11', '4.41', '1.5', 'HH-4E', '2E4', '12.0', 'A1E+05'])(
    '%s is a number of somebody and left alone',
    (cell) => {
      expect(codesOf({ household_ref: cell })).toEqual([]);
      expect(judge({ household_ref: cell }).meaning.householdRef).toBe(cell);
    },
  );

  const errors = ['#N/A', '#REF!', '#VALUE!', '#NAME?', '#DIV/0!', '#NUM!', '#¡VALOR!', '#NOM?', '#N/D', '####'];
  it.each(errors)('%s is an error of the spreadsheet and counts as empty', (cell) => {
    expect(codesOf({ phone: cell })).toEqual(['SPREADSHEET_ERROR phone']);
    expect(codesOf({ dob_precision: cell })).toEqual(['SPREADSHEET_ERROR dob_precision']);
    expect(codesOf({ given_names: cell })).toEqual(['SPREADSHEET_ERROR given_names', 'NAME_SINGLE given_names']);
    // strangers never become one household by it
    expect(rejecting({ household_ref: cell })).toEqual(['REQUIRED_MISSING household_ref']);
    const two = judgeList([person({ household_ref: cell }), person({ household_ref: cell, person_ref: 'x' })], context);
    expect(two.households).toEqual([]);
  });

  it.each(['#1', '#17', '# 4', '#', '##', '#N', '#a!', 'N/A'])('%s is none', (cell) => {
    expect(codesOf({ household_ref: cell })).toEqual([]);
  });

  it.each([
    ['32223', 'spreadsheet_day'],
    ['32223.5', 'spreadsheet_day'],
    ['32223,0', 'spreadsheet_day'],
    ['21/03/1988', 'day_first'],
    ['3-21-88', 'day_first'],
    ['21.03.1988', 'day_first'],
  ])('a birth date of %s is refused with what it may be', (cell, hint) => {
    expect(judge({ date_of_birth: cell }).codes).toEqual([{ code: 'DOB_FORMAT', column: 'date_of_birth', hint }]);
    expect(judge({ date_of_birth: cell }).meaning.birthDate).toBeNull();
  });
});

describe('digits of every script', () => {
  const zeros = ['٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '໐', '༠', '၀', '០', '᠐', '０', '𞥐'];
  const inScript = (text: string, zero: string): string =>
    text.replace(/[0-9]/g, (digit) => String.fromCodePoint((zero.codePointAt(0) ?? 0) + Number(digit)));

  it.each(zeros)('%s: one behaviour, never half converted', (zero) => {
    const other = (text: string): string => inScript(text, zero);
    const dated = judge({ date_of_birth: other('1988-03-21') });
    expect(dated.codes).toEqual([{ code: 'DOB_FORMAT', column: 'date_of_birth', hint: 'other_digits' }]);
    expect(dated.meaning.birthDate).toBeNull();
    expect(dated.codes.map(explain)[0]).toContain('1988-03-21');
    expect(codesOf({ date_of_birth: `19${other('88')}` })).toEqual(['DOB_FORMAT date_of_birth']);
    expect(codesOf({ phone: other('0912345678') })).toEqual(['DIGITS_OTHER_SCRIPT phone']);
    expect(judge({ phone: other('0912345678') }).meaning.phone).toBeNull();
    expect(rejecting({ phone: other('+249912345678') })).toEqual(['FORMULA_CELL phone']);
    expect(codesOf({ registered_at: other('2026-11-20T09:00:00+02:00') })).toEqual([
      'REGISTERED_AT_FORMAT registered_at',
    ]);
    expect(codesOf({ household_ref: other('003') })).toEqual(['DIGITS_OTHER_SCRIPT household_ref']);
    const { rows, households } = judgeList(
      [person({ household_ref: other('003') }), person({ household_ref: '003', person_ref: 'x' })],
      context,
    );
    expect(households.length).toBe(2);
    for (const { codes } of rows) expect(codes.map(({ code }) => code)).toContain('HOUSEHOLD_REF_ALIKE');
    expect(JSON.stringify(rows)).not.toMatch(/NaN|Invalid/);
  });
});

describe('as much of a birth date as is known', () => {
  it.each([
    ['1991', '', '1991'],
    ['1991', 'year', '1991'],
    ['1991-04', 'month', '1991-04'],
    ['1991-00-00', '', '1991'],
    ['1991-04-00', '', '1991-04'],
    ['1991-01-01', 'year', '1991'],
    ['1991-01-01', 'month', '1991-01'],
    ['1991-01-01', 'day', '1991-01-01'],
  ])('%s with precision %j is %s', (date_of_birth, dob_precision, shown) => {
    const { birthDate } = judge({ date_of_birth, dob_precision }).meaning;
    expect(birthDate && formatPartialDate(birthDate)).toBe(shown);
  });
});

describe('whatever a cell holds', () => {
  it('is judged without an error, each column at most once by each code, and never shown as NaN', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '\u0000',
        'A\u0000B',
        '\uD800',
        '\u202E',
        '=',
        '+',
        '0000-00-00',
        '1988-13-45',
        '٠',
        '9'.repeat(300),
        '#N/A',
        '-1',
      ),
    );
    fc.assert(
      fc.property(
        fc.record(Object.fromEntries(COLUMNS.map((column) => [column, cell])) as Record<Column, typeof cell>),
        (cells) => {
          const { codes, meaning } = judgeRow(cells, context, 1);
          const lines = codes.map(({ code, column }) => `${code} ${column}`);
          expect(new Set(lines).size).toBe(lines.length);
          expect(JSON.stringify(meaning)).not.toMatch(/NaN|Invalid|\\u0000/);
          // what goes into columns of text must be text to the database
          for (const text of [meaning.householdRef, meaning.personRef, meaning.site ?? ''])
            expect(Array.from(text).some((character) => character < ' ')).toBe(false);
        },
      ),
    );
  });

  it('a household of two hundred is one household, judged in time that grows with it', () => {
    const members = Array.from({ length: 200 }, (_, i) =>
      person({ person_ref: `M${i}`, relationship_to_head: i === 0 ? 'HEAD' : 'OTHER_RELATIVE' }),
    );
    const { rows, households } = judgeList(members, context);
    expect(households).toHaveLength(1);
    expect(households[0]).toMatchObject({ headRow: 1, complete: true });
    expect(rows.every(({ verdict }) => verdict === 'accept')).toBe(true);
  });
});
