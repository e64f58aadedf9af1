import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODES, explain } from '../../../domain/imports/codes.ts';
import { COLUMN_RULES, COLUMNS, tidyCell } from '../../../domain/imports/columns.ts';
import { judgeList } from '../../../domain/imports/judgeList.ts';
import { judgeRow, verdictOf } from '../../../domain/imports/judgeRow.ts';
import type { Cells } from '../../support/cells.ts';
import { person } from './scenario.ts';

const context = { referenceDate: '2026-11-25' };
const codesOf = (different: Partial<Cells>): string[] =>
  judgeRow(person(different), context, 1).codes.map(({ code, column }) => `${code} ${column}`);

describe('tidying', () => {
  it.each([
    ['  Amina ', 'Amina'],
    ['Amina\u00A0 \t\r\nOsman', 'Amina Osman'],
    ['\u200EAmina\u200F\u200B\u2060\uFEFF', 'Amina'],
    ['\u200E \u200F', ''],
    ['A\u2003B\u3000C\u2028D\u0085E', 'A B C D E'],
    ['می\u200Cخواهم', 'می\u200Cخواهم'],
    // marks go first: the blanks around them are one run
    ['a \u200B b', 'a b'],
  ])('%j is %j', (raw, tidy) => {
    expect(tidyCell(raw)).toBe(tidy);
  });

  it('twice is once, and leaves neither white space at the ends nor two blanks', () => {
    const soup = fc.string({
      unit: fc.constantFrom('a', ' ', '\t', '\n', '\u00A0', '\u200B', '\u200C', '\uFEFF', '\u2003', 'ع'),
    });
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ unit: 'binary' })), (raw) => {
        const tidy = tidyCell(raw);
        expect(tidyCell(tidy)).toBe(tidy);
        expect(tidy).not.toMatch(/^\p{White_Space}|\p{White_Space}$| {2}/u);
      }),
    );
  });

  it('has a warning, and every other rule reads the tidied cell', () => {
    expect(codesOf({ household_ref: ' H1', relationship_to_head: 'HEAD\u00A0' })).toEqual([
      'WHITESPACE household_ref',
      'WHITESPACE relationship_to_head',
    ]);
    expect(codesOf({ consent: ' \n ' })).toEqual(['WHITESPACE consent', 'REQUIRED_MISSING consent']);
  });
});

describe('cells', () => {
  it.each(COLUMNS.filter((column) => COLUMN_RULES[column].required))('%s must not be empty', (column) => {
    expect(codesOf({ [column]: '' })).toEqual([`REQUIRED_MISSING ${column}`]);
  });

  it.each(COLUMNS)('%s holds 200 characters and no more, and no formula', (column) => {
    const full = '𐌀'.repeat(200);
    expect(codesOf({ [column]: full })).not.toContain(`FIELD_TOO_LONG ${column}`);
    expect(codesOf({ [column]: `${full}𐌀` })).toContain(`FIELD_TOO_LONG ${column}`);
    for (const formula of ['=1', '+1', '-', '@SUM(A1)'])
      expect(codesOf({ [column]: formula })).toContain(`FORMULA_CELL ${column}`);
    expect(
      codesOf({ [column]: `=${full}` }).filter((code) => code.endsWith(column) && !code.startsWith('NAME')),
    ).toEqual([`FIELD_TOO_LONG ${column}`]);
  });

  it.each([
    ['relationship_to_head', 'head'],
    ['sex', 'female'],
    ['dob_precision', 'exact'],
    ['document_type', 'passport'],
    ['consent', 'yes'],
  ] as const)('%s cannot be %s', (column, value) => {
    expect(codesOf({ [column]: value })).toEqual([`VALUE_NOT_IN_LIST ${column}`]);
  });

  it.each([
    ['+249 91 234-56.78', []],
    ['+(249) 912345678', []],
    ['+24991234', []],
    ['+2499123', ['FORMULA_CELL phone']],
    ['+0912345678', ['FORMULA_CELL phone']],
    ['+1234567890123456', ['FORMULA_CELL phone']],
    ['+٩٩٩٠٠٠١٢٣٤٥', ['FORMULA_CELL phone']],
    ['0912 345-678', ['PHONE_NATIONAL_FORMAT phone']],
    ['(0)912.345', ['PHONE_NATIONAL_FORMAT phone']],
    ['00249912345678', ['PHONE_NATIONAL_FORMAT phone']],
    ['۰۹۱۲۳۴۵۶', ['DIGITS_OTHER_SCRIPT phone']],
    ['9.99E+10', ['NUMBER_RUINED phone']],
    ['9,99E+10', ['NUMBER_RUINED phone']],
    ['99900012347.0', ['NUMBER_RUINED phone', 'PHONE_NATIONAL_FORMAT phone']],
    ['', []],
  ])('telephone %s: %j', (phone, expected) => {
    expect(codesOf({ phone })).toEqual(expected);
  });

  it('a telephone is stored bare, and only where it is whole', () => {
    const phoneOf = (phone: string): string | null => judgeRow(person({ phone }), context, 1).meaning.phone;
    expect(phoneOf('+249 (91) 234-56.78')).toBe('+249912345678');
    for (const phone of ['0912345678', '9.99E+10', '۰۹۱۲۳۴۵۶', '']) expect(phoneOf(phone)).toBeNull();
  });

  it.each([
    ['2026-11-20T09:00:00+02:00', [], 1_795_158_000_000],
    ['2026-11-20 09:00Z', [], 1_795_165_200_000],
    ['2026-11-20T09:00-03:30', [], 1_795_177_800_000],
    ['2026-11-20T09:00:00+00:00', [], 1_795_165_200_000],
    ['2026-11-20T09:00', ['REGISTERED_AT_NO_OFFSET registered_at'], null],
    ['2026-11-20 09:00:59', ['REGISTERED_AT_NO_OFFSET registered_at'], null],
    ...[
      '2026-11-20',
      '2026-11-20T24:00:00Z',
      '2026-11-20T23:60:00Z',
      '2026-11-20T23:59:60Z',
      '2026-11-20T09:00:00+24:00',
      '2026-11-20T09:00:00+02:60',
      '2026-11-20T09:00:00+0200',
      '2026-11-20T09:00:00+02',
      '2026-11-20T09:00:00.000Z',
      '2026-11-20t09:00:00z',
      '2026-02-29T09:00:00Z',
      '2026-13-01T09:00:00Z',
      '0000-01-01T09:00:00Z',
      '20/11/2026 09:00',
      '2026-11-20 9:00 AM',
      'yesterday',
    ].map((text): [string, string[], null] => [text, ['REGISTERED_AT_FORMAT registered_at'], null]),
  ] as Array<[string, string[], number | null]>)('registered at %s: %j', (registered_at, expected, instant) => {
    expect(codesOf({ registered_at })).toEqual(expected);
    expect(judgeRow(person({ registered_at }), context, 1).meaning.registeredAt?.instant ?? null).toBe(instant);
  });

  it.each(['SDN', 'XXA', 'XXB', 'XXC', 'XXX', 'RKS', 'XKX', 'SSD', 'PSE', 'TWN', 'ATA'])(
    'nationality %s is one',
    (nationality) => {
      expect(codesOf({ nationality })).toEqual([]);
    },
  );

  it.each(['SUD', 'sdn', 'SD', 'XKK', 'D', 'YUG', 'Sudan', 'UNO', 'EUE', 'XXD'])(
    'nationality %s is none',
    (nationality) => {
      expect(codesOf({ nationality })).toEqual(['NATIONALITY_UNKNOWN nationality']);
    },
  );

  it('references are text', () => {
    const { rows, households } = judgeList(
      ['1E05', '100000', '0017', '17', '٠٠٣', '003'].map((household_ref, index) =>
        person({ household_ref, person_ref: `P${index}` }),
      ),
      context,
    );
    expect(households.map((household) => household.householdRef)).toEqual([
      '1E05',
      '100000',
      '0017',
      '17',
      '٠٠٣',
      '003',
    ]);
    expect(rows.map((row) => row.codes.map((code) => code.code))).toEqual([
      [],
      [],
      ['HOUSEHOLD_REF_ALIKE'],
      ['HOUSEHOLD_REF_ALIKE'],
      ['DIGITS_OTHER_SCRIPT', 'HOUSEHOLD_REF_ALIKE'],
      ['HOUSEHOLD_REF_ALIKE'],
    ]);
  });

  it('a number with lost precision is not used', () => {
    const { meaning, codes } = judgeRow(
      person({ document_type: 'NATIONAL_ID', document_number: '4.1234500000001E+14' }),
      context,
      1,
    );
    expect(codes.map(({ code }) => code)).toEqual(['NUMBER_RUINED']);
    expect(meaning.document).toEqual({ type: 'NATIONAL_ID', number: null });
  });

  it('one name is enough', () => {
    expect(codesOf({ family_name: '' })).toEqual(['NAME_SINGLE family_name']);
    expect(codesOf({ given_names: '' })).toEqual(['NAME_SINGLE given_names']);
    expect(codesOf({ given_names: '', family_name: '' })).toEqual(['NAME_MISSING given_names']);
  });

  it('of any content give a verdict that follows from the codes, and each code is explained without the cell', () => {
    const anyCell = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        '',
        'HEAD',
        'CHILD',
        '2019-02-30',
        '2026-11-20',
        '=A1',
        '4.4E+11',
        'XXA',
        'P<',
        'ع',
        'x'.repeat(250),
      ),
    );
    const anyRow = fc.record(
      Object.fromEntries(COLUMNS.map((column) => [column, anyCell])) as Record<keyof Cells, typeof anyCell>,
    );
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 6 }), (cells) => {
        const { rows, households } = judgeList(cells, context);
        expect(rows.map((row) => row.row)).toEqual(cells.map((_, index) => index + 1));
        for (const row of rows) {
          const rejected = row.codes.some((code) => CODES[code.code].rejects);
          expect(row.verdict).toBe(rejected ? 'reject' : row.codes.length > 0 ? 'accept_with_warning' : 'accept');
          expect(verdictOf([...row.codes].reverse())).toBe(row.verdict);
          for (const code of row.codes) expect(explain(code).length).toBeGreaterThan(code.column.length + 10);
          // one at most of the faults of a cell, and one rejecting code for a birth date
          for (const column of COLUMNS) {
            const faults = row.codes.filter(
              (code) =>
                code.column === column &&
                CODES[code.code].rejects &&
                !['NAME_MISSING', 'PERSON_REF_REPEATED'].includes(code.code),
            );
            expect(faults.length).toBeLessThanOrEqual(1);
          }
        }
        expect(households.flatMap((household) => household.rows).length).toBe(
          cells.filter((row) => tidyCell(row.household_ref) !== '').length,
        );
      }),
    );
  });

  it('of a row are judged the same wherever it stands', () => {
    expect(judgeRow(person(), context, 7)).toEqual({ ...judgeRow(person(), context, 1), row: 7 });
  });

  it('refuse a reference date that is none', () => {
    expect(() => judgeRow(person(), { referenceDate: '2026-02-30' }, 1)).toThrow(RangeError);
  });
});
