import fc from 'fast-check';
import { parse } from 'mrz';
import { describe, expect, it } from 'vitest';
import { judgeRow } from '../../../domain/imports/judgeRow.ts';
import { checkDigit, wrongCheckDigits } from '../../../domain/imports/passport.ts';
import type { Cells } from '../../support/cells.ts';
import { person } from './scenario.ts';

type Line = {
  number?: string;
  nationality?: string;
  birth?: string;
  sex?: string;
  expiry?: string;
  personal?: string;
  personalDigit?: string;
};

function secondLine(line: Line = {}): string {
  const number = (line.number ?? 'P1234567').padEnd(9, '<');
  const personal = (line.personal ?? '').padEnd(14, '<');
  const birth = line.birth ?? '880321';
  const expiry = line.expiry ?? '300101';
  const left = number + checkDigit(number);
  const middle = birth + checkDigit(birth);
  const right = expiry + checkDigit(expiry) + personal + (line.personalDigit ?? checkDigit(personal));
  return `${left}${line.nationality ?? 'SDN'}${middle}${line.sex ?? 'F'}${right}${checkDigit(left + middle + right)}`;
}

const LINE1 = 'P<SDNOSMAN<<AMINA'.padEnd(44, '<');

function codesOf(different: Partial<Cells>, referenceDate = '2026-11-25'): string[] {
  const cells = person({
    document_type: 'PASSPORT',
    document_number: 'P1234567',
    mrz_line1: LINE1,
    mrz_line2: secondLine(),
    ...different,
  });
  return judgeRow(cells, { referenceDate }, 1).codes.map(
    ({ code, column, fields }) => `${code} ${column}${fields === undefined ? '' : ` ${fields.join('+')}`}`,
  );
}

describe('the passport’s lines', () => {
  it('are nothing to warn of where all agrees', () => {
    expect(codesOf({})).toEqual([]);
  });

  it.each<[string, Partial<Cells>, string[]]>([
    ['line 2 lost', { mrz_line2: '' }, ['MRZ_FORMAT mrz_line2']],
    ['line 1 lost', { mrz_line1: '' }, ['MRZ_FORMAT mrz_line1']],
    ['line 1 lost and line 2 faulty', { mrz_line1: '', mrz_line2: 'X' }, ['MRZ_FORMAT mrz_line1']],
    ['line 1 faulty and line 2 lost', { mrz_line1: 'P<SDN', mrz_line2: '' }, ['MRZ_FORMAT mrz_line1']],
    ['both faulty', { mrz_line1: 'P<SDN', mrz_line2: 'X' }, ['MRZ_FORMAT mrz_line1']],
    ['a visa', { mrz_line1: `V${LINE1.slice(1)}` }, ['MRZ_FORMAT mrz_line1']],
    ['small letters', { mrz_line1: LINE1.toLowerCase() }, ['MRZ_FORMAT mrz_line1']],
    ['43 characters', { mrz_line2: secondLine().slice(0, 43) }, ['MRZ_FORMAT mrz_line2']],
    ['a passport of another kind', { mrz_line1: `PD${LINE1.slice(2)}` }, []],
    ['another issuer', { mrz_line1: LINE1.replace('SDN', 'TCD') }, []],
    ['names swapped', { given_names: 'Osman', family_name: 'Amina' }, ['MRZ_NAMES_SWAPPED mrz_line1']],
    ['another name', { given_names: 'Amna' }, ['MRZ_NAME_DIFFERS mrz_line1']],
    ['a name in other letters', { given_names: 'أمينة' }, ['NAME_NOT_LATIN given_names']],
    ['another number', { document_number: 'P1234568' }, ['MRZ_NUMBER_DIFFERS mrz_line2']],
    ['the number written with blanks and small letters', { document_number: 'p 1234-567' }, []],
    ['no number', { document_number: '' }, []],
    ['a number of which nothing is left', { document_number: '(?)' }, []],
    ['another day', { date_of_birth: '1988-03-22' }, ['MRZ_DOB_DIFFERS mrz_line2']],
    ['the century does not show', { date_of_birth: '1988-03', dob_precision: 'month' }, []],
    ['only the year is meant', { date_of_birth: '1988-01-01', dob_precision: 'year' }, []],
    ['another year', { date_of_birth: '1989', dob_precision: 'year' }, ['MRZ_DOB_DIFFERS mrz_line2']],
    ['no day in the line', { mrz_line2: secondLine({ birth: '8803<<' }) }, []],
    [
      'no year in the line, another month',
      { mrz_line2: secondLine({ birth: '<<0421' }) },
      ['MRZ_DOB_DIFFERS mrz_line2'],
    ],
    ['nothing known in the line', { mrz_line2: secondLine({ birth: '<<<<<<' }) }, []],
    ['an impossible birth date is not compared', { date_of_birth: '1977-02-30' }, ['DOB_IMPOSSIBLE date_of_birth']],
    ['another sex', { sex: 'M' }, ['MRZ_SEX_DIFFERS mrz_line2']],
    ['X is the filler', { sex: 'X', mrz_line2: secondLine({ sex: '<' }) }, []],
    ['X beside F', { sex: 'X' }, ['MRZ_SEX_DIFFERS mrz_line2']],
    ['another nationality', { nationality: 'TCD' }, ['MRZ_NATIONALITY_DIFFERS mrz_line2']],
    ['an unknown nationality is not compared', { nationality: 'SUD' }, ['NATIONALITY_UNKNOWN nationality']],
    ['Kosovo by its two codes', { nationality: 'XKX', mrz_line2: secondLine({ nationality: 'RKS' }) }, []],
    [
      'Kosovo by its two codes, the other way',
      { nationality: 'RKS', mrz_line2: secondLine({ nationality: 'XKX' }) },
      [],
    ],
    ['a German passport', { nationality: 'DEU', mrz_line2: secondLine({ nationality: 'D<<' }) }, []],
    ['expired the day before', { mrz_line2: secondLine({ expiry: '261124' }) }, ['DOCUMENT_EXPIRED mrz_line2']],
    ['good to the end of the day', { mrz_line2: secondLine({ expiry: '261125' }) }, []],
    ['no real expiry date', { mrz_line2: secondLine({ expiry: '250230' }) }, []],
    ['empty personal number with <', { mrz_line2: secondLine({ personalDigit: '<' }) }, []],
    ['a personal number', { mrz_line2: secondLine({ personal: 'AB12' }) }, []],
    [
      'a personal number with <',
      { mrz_line2: secondLine({ personal: 'AB12', personalDigit: '<' }) },
      ['MRZ_CHECK_DIGIT mrz_line2 personal_number'],
    ],
    [
      'a formula in line 1 leaves line 2 to compare',
      { mrz_line1: '=A1', sex: 'M' },
      ['FORMULA_CELL mrz_line1', 'MRZ_SEX_DIFFERS mrz_line2'],
    ],
    ['two names of which nothing is left', { given_names: '()', family_name: '2' }, []],
    ['a formula as name is not compared', { given_names: '=A1' }, ['FORMULA_CELL given_names']],
  ])('%s', (_what, different, expected) => {
    expect(codesOf(different)).toEqual(expected);
  });

  it('of a wrong digit still compares everything', () => {
    const line = secondLine({ sex: 'M' });
    const wrong = `${line.slice(0, 9)}${(Number(line.charAt(9)) + 1) % 10}${line.slice(10)}`;
    expect(codesOf({ mrz_line2: wrong })).toEqual([
      'MRZ_CHECK_DIGIT mrz_line2 document_number+composite',
      'MRZ_SEX_DIFFERS mrz_line2',
    ]);
  });

  it('keeps the lines as they came', () => {
    const line = secondLine().replace('0', 'O');
    const cells = person({ mrz_line1: LINE1, mrz_line2: line });
    expect(judgeRow(cells, { referenceDate: '2026-11-25' }, 1).meaning.mrz).toEqual({ line1: LINE1, line2: line });
  });
});

describe('check digits', () => {
  const characters = (count: number): fc.Arbitrary<string> =>
    fc.string({ unit: fc.constantFrom(...Array.from('ABCXYZ0123456789<')), minLength: count, maxLength: count });

  it('of a line made with them fit, and any other single digit in the birth date does not', () => {
    fc.assert(
      fc.property(characters(9), fc.integer({ min: 0, max: 9 }), (number, other) => {
        const line = secondLine({ number });
        expect(wrongCheckDigits(line)).toEqual([]);
        const changed = `${line.slice(0, 13)}${other}${line.slice(14)}`;
        expect(wrongCheckDigits(changed).includes('birth_date')).toBe(changed !== line);
      }),
    );
  });

  it('agree with the package mrz, digit by digit', () => {
    const names = {
      documentNumberCheckDigit: 'document_number',
      birthDateCheckDigit: 'birth_date',
      expirationDateCheckDigit: 'expiry_date',
      personalNumberCheckDigit: 'personal_number',
      compositeCheckDigit: 'composite',
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 43 }),
        fc.constantFrom(...Array.from('0123456789')),
        characters(14),
        (at, digit, personal) => {
          fc.pre(/[A-Z0-9]/.test(personal));
          const line = secondLine({ personal });
          const changed = `${line.slice(0, at)}${digit}${line.slice(at + 1)}`;
          const wrong = parse([LINE1, changed])
            .details.filter((detail) => detail.field !== null && detail.field in names && !detail.valid)
            .map((detail) => names[detail.field as keyof typeof names]);
          expect(new Set(wrongCheckDigits(changed))).toEqual(new Set(wrong));
        },
      ),
    );
  });
});
