import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  childOn,
  compositionOf,
  type HouseholdMember,
  holdsFound,
  judgeHousehold,
} from '../../../domain/households/judgeHousehold.ts';
import { RELATIONSHIPS } from '../../../domain/imports/columns.ts';
import { childState, type PartialDate } from '../../../domain/imports/dates.ts';

const DAY = 20261201;
const born = (year: number): PartialDate => ({ year, month: 6, day: 1 });

const member = (
  key: string,
  relationship: HouseholdMember['relationship'],
  birthDate: PartialDate | null,
): HouseholdMember => ({ key, relationship, birthDate, child: childState(birthDate, DAY) });

const mother = member('mother', 'HEAD', born(1990));
const father = member('father', 'SPOUSE', born(1988));
const daughter = member('daughter', 'CHILD', born(2019));
const son = member('son', 'CHILD', born(2015));
const lodger = member('lodger', 'NON_RELATIVE', born(1980));
const fosterChild = member('foster child', 'NON_RELATIVE', born(2016));
const ageless = member('ageless', 'SPOUSE', null);

const holdsOf = (members: HouseholdMember[], notRegistered = 0): Record<string, string[]> => {
  const judged = judgeHousehold(members, notRegistered);
  return Object.fromEntries(
    members.flatMap(({ key }) => {
      const holds = holdsFound(judged, key);
      return holds.length === 0 ? [] : [[key, holds]];
    }),
  );
};

describe('the holds of a household', () => {
  it.each<[string, HouseholdMember[], number, Record<string, string[]>]>([
    ['a whole family has none', [mother, father, daughter, son], 0, {}],
    ['an adult alone has none', [mother], 0, {}],
    [
      'the mother is gone and her children of 7 and 11 are left',
      [daughter, son],
      0,
      { daughter: ['UASC'], son: ['UASC'] },
    ],
    ['the mother is gone and the father goes on with the child', [father, daughter], 0, {}],
    [
      'the mother is gone and the child is left with a lodger',
      [daughter, lodger],
      0,
      { daughter: ['UASC', 'CUSTODY'] },
    ],
    ['a child who is no relative of the head', [mother, fosterChild], 0, { 'foster child': ['UASC', 'CUSTODY'] }],
    ['a birth date that nobody knows is no adult’s', [ageless, daughter], 0, { ageless: ['UASC'], daughter: ['UASC'] }],
    [
      'a head of unknown age counts as a child who leads a household',
      [member('head', 'HEAD', null), daughter],
      0,
      { head: ['UASC', 'BEST_INTERESTS'], daughter: ['UASC'] },
    ],
    [
      'a head of 16 with a brother',
      [member('head', 'HEAD', born(2010)), member('brother', 'SIBLING', born(2014))],
      0,
      { head: ['UASC', 'BEST_INTERESTS'], brother: ['UASC'] },
    ],
    ['a mother of 20 and a child of 11', [member('mother', 'HEAD', born(2006)), son], 0, { son: ['CUSTODY'] }],
    ['a row was rejected', [mother], 1, { mother: ['DATA_DISPUTE'] }],
    [
      'the row of the mother was rejected: she is no adult of the household',
      [daughter],
      1,
      { daughter: ['UASC', 'DATA_DISPUTE'] },
    ],
  ])('%s', (_name, members, notRegistered, holds) => {
    expect(holdsOf(members, notRegistered)).toEqual(holds);
  });
});

const anyMember = fc.record({
  relationship: fc.constantFrom(...RELATIONSHIPS),
  birthDate: fc.option(
    fc.record({
      year: fc.integer({ min: 1930, max: 2026 }),
      month: fc.constantFrom(null, 1, 6),
      day: fc.constant(null),
    }),
  ),
});
const anyHousehold = fc
  .array(anyMember, { minLength: 1, maxLength: 6 })
  .map((members) => members.map(({ relationship, birthDate }, index) => member(`${index}`, relationship, birthDate)));

describe('whoever may be a child', () => {
  it('goes without a hold only beside somebody surely adult who is related to the head, as the child is', () => {
    fc.assert(
      fc.property(anyHousehold, (members) => {
        const judged = judgeHousehold(members);
        const carer = members.some(({ child, relationship }) => child === 'no' && relationship !== 'NON_RELATIVE');
        for (const { key, child, relationship } of members) {
          if (child === 'no') continue;
          const held = holdsFound(judged, key).includes('UASC');
          expect(held).toBe(!(carer && relationship !== 'NON_RELATIVE'));
        }
      }),
    );
  });

  it('is never safer when a member leaves, but for the doubt about that member', () => {
    fc.assert(
      fc.property(anyHousehold, fc.nat(), (members, which) => {
        const gone = members[which % members.length];
        const rest = members.filter((one) => one !== gone);
        for (const { key } of rest) {
          if (holdsFound(judgeHousehold(members), key).includes('UASC'))
            expect(holdsFound(judgeHousehold(rest), key)).toContain('UASC');
        }
      }),
    );
  });

  it('is judged the same in whatever order the members stand', () => {
    fc.assert(
      fc.property(anyHousehold, (members) => {
        const backwards = members.toReversed();
        expect(compositionOf(backwards)).toBe(compositionOf(members));
        if (members.filter(({ relationship }) => relationship === 'HEAD').length > 1) return;
        expect(holdsOf(backwards)).toEqual(holdsOf(members));
      }),
    );
  });
});

describe('the age of a person', () => {
  it.each([
    ['by the birth date', born(2019), null, 'yes'],
    ['unknown without one', null, null, 'unknown'],
    ['as a person judged it, without a birth date', null, 'adult', 'no'],
    ['as a person judged it, whatever the birth date says', born(1990), 'child', 'yes'],
    ['one day before the birthday', { year: 2008, month: 12, day: 2 }, null, 'yes'],
    ['on the birthday', { year: 2008, month: 12, day: 1 }, null, 'no'],
  ] as const)('is %s', (_name, birthDate, ageJudged, child) => {
    expect(childOn({ birthDate, ageJudged }, DAY)).toBe(child);
  });
});
