import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ageRange,
  childState,
  coarsen,
  daysInMonth,
  formatPartialDate,
  isRealDay,
  parseCalendarDay,
  parsePartialDate,
  wholeYears,
} from '../../../domain/imports/dates.ts';
import { judgeRow } from '../../../domain/imports/judgeRow.ts';
import type { Cells } from '../../support/cells.ts';
import { person } from './scenario.ts';

const codesOf = (different: Partial<Cells>): string[] =>
  judgeRow(person(different), { referenceDate: '2026-11-25' }, 1).codes.map(
    ({ code, hint }) => `${code}${hint === undefined ? '' : ` ${hint}`}`,
  );

const on = (text: string): number => {
  const day = parseCalendarDay(text);
  if (day === null) throw new Error(text);
  return day;
};

describe('a birth date', () => {
  it.each<[string, string, string[]]>([
    ['1990-04-12', 'day', []],
    ['1990-04-12', 'month', []],
    ['1990-04-12', '', []],
    ['1990-04', 'month', []],
    ['1990', 'year', []],
    ['1990', '', []],
    ['1990-00-00', 'year', []],
    ['1990-04-00', 'month', []],
    ['1990-00', 'year', []],
    ['', 'day', ['DOB_MISSING']],
    ['1990-04', 'day', ['DOB_LESS_PRECISE']],
    ['1990-04-00', 'day', ['DOB_LESS_PRECISE']],
    ['1990', 'day', ['DOB_LESS_PRECISE']],
    ['1990-00-00', 'day', ['DOB_LESS_PRECISE']],
    ['1990', 'month', ['DOB_LESS_PRECISE']],
    ['1990', 'exact', ['VALUE_NOT_IN_LIST']],
    ['12/04/1990', 'day', ['DOB_FORMAT day_first']],
    ['4.12.1990', 'day', ['DOB_FORMAT day_first']],
    ['32975', 'day', ['DOB_FORMAT spreadsheet_day']],
    ['١٩٨٨-٠٣-٢١', 'day', ['DOB_FORMAT other_digits']],
    ['۱۹۹۰', 'year', ['DOB_FORMAT other_digits']],
    ['about 1990', 'year', ['DOB_FORMAT']],
    ['1990-4-2', 'day', ['DOB_FORMAT']],
    ['1990-04-12T00:00:00', 'day', ['DOB_FORMAT']],
    ['0000', 'year', ['DOB_IMPOSSIBLE']],
    ['0000-01-01', 'day', ['DOB_IMPOSSIBLE']],
    ['1990-02-30', 'day', ['DOB_IMPOSSIBLE']],
    ['1990-02-29', 'day', ['DOB_IMPOSSIBLE']],
    ['2000-02-29', 'day', []],
    ['1900-02-29', 'day', ['DOB_IMPOSSIBLE']],
    ['1990-00-12', 'day', ['DOB_IMPOSSIBLE']],
    ['1990-14-01', 'day', ['DOB_IMPOSSIBLE']],
    ['1983-13-05', 'day', ['DOB_IMPOSSIBLE ethiopic']],
    ['2026-11-20', 'day', []],
    ['2026-11-21', 'day', ['DOB_IN_FUTURE']],
    // all of 2026 may be meant, and some of it is past
    ['2026-12-31', 'year', []],
    ['2027', 'year', ['DOB_IN_FUTURE']],
    ['2531-04-12', 'day', ['DOB_IN_FUTURE buddhist']],
    ['1367-01-01', 'day', ['DOB_TOO_OLD solar_hijri']],
    ['1367-06-31', 'day', ['DOB_IMPOSSIBLE solar_hijri']],
    ['1915-11-25', 'day', ['DOB_TOO_OLD']],
    ['1915-11-26', 'day', []],
    ['1915', 'year', []],
    ['1914', 'year', ['DOB_TOO_OLD']],
    ['0001-01-01', 'day', ['DOB_TOO_OLD']],
  ])('%j known to the %j: %j', (date_of_birth, dob_precision, expected) => {
    expect(codesOf({ date_of_birth, dob_precision })).toEqual(expected);
  });

  it('in the future needs a real date of registration beside it', () => {
    expect(codesOf({ date_of_birth: '2027-01-01', registered_at: '2026-02-30T09:00:00Z' })).toEqual([
      'REGISTERED_AT_FORMAT',
    ]);
    expect(codesOf({ date_of_birth: '2027-01-01', registered_at: '' })).toEqual(['REQUIRED_MISSING']);
  });

  it.each<[string, string, string]>([
    ['2008-11-25', '2026-11-25', 'no'],
    ['2008-11-26', '2026-11-25', 'yes'],
    ['2008', '2026-11-25', 'possibly'],
    ['2008-11', '2026-11-25', 'possibly'],
    ['2008-10', '2026-11-25', 'no'],
    ['2008-12', '2026-11-25', 'yes'],
    ['2007', '2026-11-25', 'no'],
    ['2008', '2026-12-31', 'no'],
    ['2009', '2026-12-31', 'yes'],
    ['2008-02-29', '2026-02-28', 'yes'],
    ['2008-02-29', '2026-03-01', 'no'],
    ['2010-02-28', '2028-02-28', 'no'],
    ['2010-03-01', '2028-02-29', 'yes'],
  ])('%s makes a child on %s: %s', (date, day, expected) => {
    const parsed = parsePartialDate(date);
    expect(childState(parsed, on(day))).toBe(expected);
  });

  it('is never more than is known', () => {
    const date = { year: 1991, month: 1, day: 1 };
    expect(formatPartialDate(coarsen(date, 'year'))).toBe('1991');
    expect(formatPartialDate(coarsen(date, 'month'))).toBe('1991-01');
    expect(formatPartialDate(coarsen(date, null))).toBe('1991-01-01');
    expect(formatPartialDate(coarsen({ year: 1991, month: null, day: null }, 'day'))).toBe('1991');
  });

  const days = fc
    .tuple(fc.integer({ min: 1900, max: 2030 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 }))
    .filter(([year, month, day]) => day <= daysInMonth(year, month))
    .map(([year, month, day]) => ({ year, month, day }));

  it('written and read again is the same', () => {
    fc.assert(
      fc.property(days, fc.constantFrom('day', 'month', 'year'), (day, precision) => {
        const date = coarsen(day, precision);
        expect(parsePartialDate(formatPartialDate(date))).toEqual(date);
      }),
    );
  });

  it('known less exactly makes the range of ages wider, never another', () => {
    fc.assert(
      fc.property(days, days, (born, today) => {
        const then = today.year * 10_000 + today.month * 100 + today.day;
        const exact = ageRange(born, then);
        const vague = ageRange(coarsen(born, 'year'), then);
        expect(exact.least).toBe(exact.most);
        expect(vague.least).toBeLessThanOrEqual(exact.least);
        expect(vague.most).toBeGreaterThanOrEqual(exact.most);
        expect(vague.most - vague.least).toBeLessThanOrEqual(1);
        const [vaguely, exactly] = [childState(coarsen(born, 'year'), then), childState(born, then)];
        if (vaguely !== 'possibly') expect(vaguely).toBe(exactly);
      }),
    );
  });

  it('makes ages that agree with the calendar of the platform', () => {
    fc.assert(
      fc.property(days, fc.integer({ min: 0, max: 110 }), (born, years) => {
        const birthday = new Date(Date.UTC(born.year + years, born.month - 1, born.day));
        const asDay = (date: Date): number =>
          date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
        const bornOn = born.year * 10_000 + born.month * 100 + born.day;
        expect(wholeYears(bornOn, asDay(birthday))).toBe(years);
        expect(wholeYears(bornOn, asDay(new Date(birthday.getTime() - 86_400_000)))).toBe(years - 1);
      }),
    );
  });

  it('knows the days of the platform’s calendar', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 3000 }),
        fc.integer({ min: 0, max: 14 }),
        fc.integer({ min: 0, max: 33 }),
        (y, m, d) => {
          const date = new Date(Date.UTC(y, m - 1, d));
          const same = date.getUTCFullYear() === y && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
          expect(isRealDay(y, m, d)).toBe(same);
        },
      ),
    );
  });
});
