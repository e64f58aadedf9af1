import { describe, expect, it } from 'vitest';
import { judgeList } from '../../../domain/imports/judgeList.ts';
import type { Cells } from '../../support/cells.ts';
import { person } from './scenario.ts';

const context = { referenceDate: '2026-11-25' };

function judge(...members: Array<Partial<Cells>>): Array<{ codes: string[]; protection: string[] }> {
  const { rows } = judgeList(
    members.map((member, index) => person({ person_ref: `P${index + 1}`, ...member })),
    context,
  );
  return rows.map((row) => ({ codes: row.codes.map((code) => code.code), protection: row.protection }));
}

const ADULT = '1980-01-01';
const CHILD = '2015-06-01';

describe('households', () => {
  it('without a head warn each of their rows', () => {
    expect(
      judge({ relationship_to_head: 'SPOUSE' }, { relationship_to_head: 'SIBLING' }).map((row) => row.codes),
    ).toEqual([['HOUSEHOLD_NO_HEAD'], ['HOUSEHOLD_NO_HEAD']]);
  });

  it('take no word that is not in the list for a head', () => {
    expect(judge({ relationship_to_head: 'head' })[0]?.codes).toEqual(['VALUE_NOT_IN_LIST', 'HOUSEHOLD_NO_HEAD']);
  });

  it('with two heads warn the heads alone', () => {
    expect(judge({}, { relationship_to_head: 'SPOUSE' }, {}).map((row) => row.codes)).toEqual([
      ['HOUSEHOLD_TWO_HEADS'],
      [],
      ['HOUSEHOLD_TWO_HEADS'],
    ]);
  });

  it('of children alone mark each of them, and a child at the head', () => {
    expect(
      judge(
        { date_of_birth: '2010-01-01' },
        { date_of_birth: '2009', dob_precision: 'year', relationship_to_head: 'SIBLING' },
      ),
    ).toEqual([
      { codes: ['CHILD_WITHOUT_ADULT'], protection: ['UASC', 'CHILD_HEAD'] },
      { codes: ['CHILD_WITHOUT_ADULT'], protection: ['UASC'] },
    ]);
  });

  it('treat who is possibly a child as one', () => {
    expect(judge({ date_of_birth: '2008', dob_precision: 'year' })[0]).toEqual({
      codes: ['CHILD_WITHOUT_ADULT'],
      protection: ['UASC', 'CHILD_HEAD'],
    });
  });

  it('with somebody of unknown age are not without an adult, nor with a sure one', () => {
    expect(
      judge({ date_of_birth: '' }, { date_of_birth: CHILD, relationship_to_head: 'NON_RELATIVE' }).map(
        (row) => row.codes,
      ),
    ).toEqual([['DOB_MISSING'], []]);
  });

  it('mark a child among adults who are no relatives', () => {
    expect(judge({ date_of_birth: ADULT }, { date_of_birth: CHILD, relationship_to_head: 'NON_RELATIVE' })[1]).toEqual({
      codes: ['CHILD_WITH_UNRELATED_ADULT'],
      protection: ['UASC', 'UNVERIFIED_CARER'],
    });
  });

  it.each<[string, string, string, string, boolean]>([
    // head's birth, precision, child's birth, precision, gap
    ['2000-06-15', 'day', '2012-06-14', 'day', true],
    ['2000-06-15', 'day', '2012-06-15', 'day', false],
    ['2000', 'year', '2012', 'year', false],
    ['2000', 'year', '2011', 'year', true],
    ['2000', 'year', '2012-01-01', 'day', false],
    ['2000-02-29', 'day', '2012-02-28', 'day', true],
    ['2000-01-01', 'year', '2011-12-31', 'day', true],
    ['2000-02-29', 'day', '2012-02-29', 'day', false],
    ['2010-01-01', 'day', '2000-01-01', 'day', true],
  ])('head %s (%s), child %s (%s): hardly older %s', (head, headPrecision, child, childPrecision, expected) => {
    const rows = judge(
      { date_of_birth: head, dob_precision: headPrecision },
      { date_of_birth: child, dob_precision: childPrecision, relationship_to_head: 'CHILD' },
      { date_of_birth: ADULT, relationship_to_head: 'SPOUSE' },
    );
    expect(rows[1]?.codes.includes('PARENT_AGE_GAP')).toBe(expected);
    expect(rows[1]?.protection.includes('UNVERIFIED_CARER')).toBe(expected);
  });

  it('reckon the gap from the first head only', () => {
    const rows = judge(
      { date_of_birth: ADULT },
      { date_of_birth: '2010-01-01' },
      { date_of_birth: CHILD, relationship_to_head: 'CHILD' },
    );
    expect(rows[2]?.codes).toEqual([]);
  });

  it('look at rejected rows too', () => {
    const rows = judge(
      { date_of_birth: ADULT, consent: 'yes' },
      { date_of_birth: CHILD, relationship_to_head: 'CHILD' },
    );
    expect(rows.map((row) => row.codes)).toEqual([['VALUE_NOT_IN_LIST'], []]);
  });

  it('leave a row with a repeated reference out of the rules and of who makes them incomplete', () => {
    const { rows, households } = judgeList(
      [
        person({ person_ref: 'A', date_of_birth: CHILD }),
        person({ person_ref: 'A', date_of_birth: ADULT }),
        person({ person_ref: 'B', date_of_birth: CHILD, relationship_to_head: 'SIBLING' }),
      ],
      context,
    );
    expect(rows.map((row) => row.codes.map((code) => code.code))).toEqual([
      ['CHILD_WITHOUT_ADULT'],
      ['PERSON_REF_REPEATED'],
      ['CHILD_WITHOUT_ADULT'],
    ]);
    expect(households).toEqual([
      { householdRef: 'H1', rows: [1, 2, 3], headRow: 1, rejectedRows: [2], complete: true },
    ]);
  });

  it('know a reference again after tidying, in whatever household, and not the empty one', () => {
    const { rows } = judgeList(
      [
        person({ person_ref: 'A', household_ref: 'H1' }),
        person({ person_ref: ' A\u200B', household_ref: 'H2' }),
        person({ person_ref: '', household_ref: 'H3' }),
        person({ person_ref: '', household_ref: 'H4' }),
      ],
      context,
    );
    expect(rows.map((row) => row.codes.map((code) => code.code))).toEqual([
      [],
      ['WHITESPACE', 'PERSON_REF_REPEATED'],
      ['REQUIRED_MISSING'],
      ['REQUIRED_MISSING'],
    ]);
  });

  it('are one by the tidied reference, and none without one', () => {
    const { households } = judgeList(
      [
        person({ person_ref: 'A', household_ref: 'H 1' }),
        person({ person_ref: 'B', household_ref: ' H\u00A01 ', relationship_to_head: 'SPOUSE' }),
        person({ person_ref: 'C', household_ref: '' }),
      ],
      context,
    );
    expect(households.map(({ householdRef, rows }) => ({ householdRef, rows }))).toEqual([
      { householdRef: 'H 1', rows: [1, 2] },
    ]);
  });

  it('may be very large', () => {
    const members = Array.from({ length: 20_000 }, (_, index) =>
      person({
        person_ref: `P${index}`,
        relationship_to_head: index === 19_999 ? 'HEAD' : 'CHILD',
        date_of_birth: index === 19_999 ? '2010-01-01' : CHILD,
      }),
    );
    const { rows, households } = judgeList(members, context);
    expect(households[0]).toMatchObject({ headRow: 20_000, complete: true });
    expect(rows[0]?.codes.map((code) => code.code)).toEqual(['CHILD_WITHOUT_ADULT', 'PARENT_AGE_GAP']);
  });
});

describe('protection flags', () => {
  it.each<[Partial<Cells>, string[]]>([
    [{ special_needs: ' MEDICAL ;UASC;; XYZ; medical;MEDICAL' }, ['UASC', 'MEDICAL', 'PROTECTION_CONCERN']],
    [{ special_needs: 'ASYLUM', consent: 'yes' }, ['ASYLUM']],
    [{ special_needs: '=A1;PREGNANT' }, ['PREGNANT', 'PROTECTION_CONCERN']],
    [{ date_of_birth: '1966-11-25' }, ['ELDERLY']],
    [{ date_of_birth: '1966-11-26' }, []],
    [{ date_of_birth: '1966', dob_precision: 'year' }, []],
    [{ date_of_birth: '1965', dob_precision: 'year' }, ['ELDERLY']],
    [{ nationality: 'XXA' }, ['STATELESS']],
    [{ nationality: 'XXX' }, ['NATIONALITY_UNKNOWN']],
    [{ nationality: 'XXB' }, []],
  ])('%j: %j', (different, expected) => {
    expect(judge(different)[0]?.protection).toEqual(expected);
  });
});
