import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePeople, explainComparison, type KnownPerson } from '../../../domain/duplicates/comparePeople.ts';
import { findPairs, PAIRS_AT_MOST } from '../../../domain/duplicates/findPairs.ts';
import { candidateKeys, pairKeys } from '../../../domain/duplicates/searchKeys.ts';
import { formatPartialDate, parsePartialDate } from '../../../domain/imports/dates.ts';
import { plainRows } from '../imports/scenario.ts';
import { knownRows } from './known.ts';

type Short = Partial<Omit<KnownPerson, 'birthDate' | 'document'>> & { born?: string; passport?: string | undefined };

function someone({ born = '1988-03-21', passport, ...different }: Short = {}): KnownPerson {
  return {
    givenNames: 'Amina Hassan',
    familyName: 'Osman',
    sex: 'F',
    birthDate: parsePartialDate(born),
    nationality: 'SDN',
    document: passport === undefined ? null : { type: 'PASSPORT', number: passport },
    phone: null,
    relationship: 'SPOUSE',
    household: { id: 'H1', size: 3 },
    isChild: false,
    ...different,
  };
}

const elsewhere = { household: { id: 'H2', size: 1 } };

/** Whether they are a pair, and whether the one would be looked up for the other at all. */
function pairOf(one: Short, other: Short): boolean {
  const [a, b] = [someone(one), someone({ ...elsewhere, ...other })];
  const stored = new Set(pairKeys(a));
  const isFound = candidateKeys(b).some((key) => stored.has(key));
  return isFound && comparePeople(a, b).pair;
}

describe('two registrations', () => {
  it.each<[string, Short, Short]>([
    ['the same', {}, {}],
    ['another spelling', { givenNames: 'Yousif Muhammad' }, { givenNames: 'Yusuf Mohamed' }],
    ['names swapped', {}, { givenNames: 'Osman', familyName: 'Amina Hassan' }],
    ['names parted otherwise', {}, { givenNames: 'Amina', familyName: 'Hassan Osman' }],
    ['a name left out', {}, { givenNames: 'Amina' }],
    ['in Arabic letters', {}, { givenNames: 'أمينة حسن', familyName: 'عثمان' }],
    [
      'in Arabic letters, Hausa names',
      { givenNames: 'Hadiza Aishatu', familyName: 'Adamu' },
      { givenNames: 'خديجة عائشة', familyName: 'آدم' },
    ],
    ['in Ethiopic letters', { givenNames: 'Rahel', familyName: 'Hussen' }, { givenNames: 'ራሔል', familyName: 'ሁሴን' }],
    [
      'in Bangla letters',
      { givenNames: 'Md Jahangir', familyName: 'Mollah' },
      { givenNames: 'মোঃ জাহাঙ্গীর', familyName: 'মোল্লা' },
    ],
    ['in Han characters', { givenNames: 'Li Hua', familyName: 'Yang' }, { givenNames: '丽华', familyName: '杨' }],
    [
      'in Cyrillic letters',
      { givenNames: 'Sergei', familyName: 'Petrov' },
      { givenNames: 'Сергей', familyName: 'Петров' },
    ],
    ['one single name', { givenNames: '', familyName: 'Sumartinah' }, { givenNames: 'Sumartina', familyName: '' }],
    ['day and month swapped', { born: '1988-03-04' }, { born: '1988-04-03' }],
    ['a year off', {}, { born: '1987-03-21' }],
    ['two years off', {}, { born: '1990-03-21' }],
    ['only the year known', {}, { born: '1988' }],
    ['only the month known', {}, { born: '1988-03' }],
    [
      'a slipped digit of the day and the same telephone',
      { phone: '+249912345678' },
      { born: '1988-03-12', phone: '+249912345678' },
    ],
    [
      'the same passport, names and birth date written otherwise',
      { passport: 'P1234567' },
      { passport: 'p 1234567', givenNames: 'Amna', born: '1988' },
    ],
    [
      'the same passport and another birth date',
      { passport: 'P1234567' },
      { passport: 'P1234567', born: '1978-10-11' },
    ],
    ['another telephone, the very birth date', { phone: '+249912345678' }, { phone: '+249900000000' }],
    ['a passport and none', { passport: 'P1234567' }, {}],
    ['head at home and alone elsewhere', { relationship: 'HEAD' }, { relationship: 'HEAD' }],
  ])('are a pair: %s', (_what, one, other) => {
    expect(pairOf(one, other)).toBe(true);
    expect(pairOf(other, one)).toBe(true);
  });

  it.each<[string, Short, Short]>([
    ['a name alone', { born: '' }, { born: '' }],
    ['a name and another birth date', {}, { born: '1961-07-02' }],
    [
      'a telephone alone',
      { phone: '+249912345678', born: '' },
      { phone: '+249912345678', born: '', givenNames: 'Salma', familyName: 'Idris' },
    ],
    [
      'a telephone and the birth year',
      { phone: '+249912345678', born: '1988' },
      { phone: '+249912345678', born: '1988', givenNames: 'Salma', familyName: 'Idris' },
    ],
    ['twins', {}, { givenNames: 'Zeinab', household: { id: 'H1', size: 3 } }],
    ['another number of the same kind of document', { passport: 'P1234567' }, { passport: 'P7654321' }],
    [
      'another telephone and only the birth year',
      { born: '1988', phone: '+249912345678' },
      { born: '1988', phone: '+249900000000' },
    ],
    [
      'each head of a family',
      { relationship: 'HEAD', household: { id: 'H1', size: 3 } },
      { relationship: 'HEAD', household: { id: 'H2', size: 4 } },
    ],
    ['another sex', {}, { sex: 'M', born: '1988' }],
    ['another nationality', {}, { nationality: 'TCD', born: '1988' }],
  ])('are none: %s', (_what, one, other) => {
    expect(pairOf(one, other)).toBe(false);
    expect(pairOf(other, one)).toBe(false);
  });

  it('say why in words, the most telling first', () => {
    const comparison = comparePeople(
      someone({ passport: 'P1' }),
      someone({ ...elsewhere, passport: 'P1', born: '1988' }),
    );
    expect(comparison.score).toBe(100);
    expect(explainComparison(comparison)).toEqual([
      'They show the same document.',
      'The names are the same.',
      'The year of birth is the same; more is not known for both.',
    ]);
  });

  it('compare the same in either order', () => {
    const words = fc.constantFrom('Amina', 'Amna', 'Hassan', 'Osman', 'عثمان', 'حسن', 'Li', 'Hua', '');
    const name = fc.tuple(words, words).map((parts) => parts.join(' '));
    const people = fc
      .record({
        givenNames: name,
        familyName: words,
        born: fc.constantFrom('1988-03-21', '1988', '1987-03-21', ''),
        passport: fc.constantFrom(undefined, 'P1', 'P2'),
        phone: fc.constantFrom(null, '+249912345678', '+249900000000'),
        relationship: fc.constantFrom('HEAD' as const, 'CHILD' as const),
        household: fc.constantFrom({ id: 'H1', size: 2 }, { id: 'H2', size: 2 }),
      })
      .map(someone);
    fc.assert(
      fc.property(people, people, (one, other) => {
        expect(comparePeople(one, other).score).toBe(comparePeople(other, one).score);
      }),
    );
  });
});

describe('candidates by key', () => {
  const dates = fc
    .record({
      year: fc.integer({ min: 1986, max: 1990 }),
      month: fc.option(fc.integer({ min: 1, max: 12 })),
      day: fc.option(fc.integer({ min: 1, max: 28 })),
    })
    .map(({ year, month, day }) => formatPartialDate({ year, month, day: month === null ? null : day }));
  const people = fc
    .record({
      givenNames: fc.constantFrom('Amina Hassan', 'Hassan Amina', 'Aamina Hasan', 'أمينة حسن'),
      familyName: fc.constantFrom('Osman', 'Othman', 'Usman', 'عثمان'),
      born: fc.oneof(dates, fc.constantFrom('1988-03-04', '1988-04-03', '1988-03', '1988', '1990-03-04', '')),
      passport: fc.constantFrom(undefined, 'P1', 'P2'),
      phone: fc.constantFrom(null, '+249912345678'),
    })
    .map(someone);

  it('leave out nobody who would be a pair, whoever comes second', () => {
    let pairs = 0;
    fc.assert(
      fc.property(people, people, (one, other) => {
        const [a, b] = [one, { ...other, ...elsewhere }];
        if (!comparePeople(a, b).pair) return;
        pairs += 1;
        for (const [filed, looking] of [
          [a, b],
          [b, a],
        ] as const) {
          const keys = new Set(pairKeys(filed));
          expect(candidateKeys(looking).some((key) => keys.has(key))).toBe(true);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(pairs).toBeGreaterThan(100);
  });
});

describe('one person a thousand times', () => {
  const people = Array.from({ length: 1_000 }, (_, n) => someone({ household: { id: `H${n}`, size: 1 } }));
  const search = findPairs(people);

  it('is compared no more than a bounded number of times for each, and put before a person for each', () => {
    expect(search.compared).toBeLessThanOrEqual(1_000 * 201);
    const pairsOf = Map.groupBy(search.pairs, ({ other }) => other);
    expect(pairsOf.size).toBe(999);
    expect(Math.max(...[...pairsOf.values()].map((pairs) => pairs.length))).toBe(PAIRS_AT_MOST);
  });

  it('keeps the pairs with the highest scores', () => {
    const namesakes = Array.from({ length: 40 }, (_, n) =>
      someone({ born: '1988', household: { id: `H${n}`, size: 1 } }),
    );
    const self = someone({ household: { id: 'self', size: 1 } });
    const { pairs } = findPairs([...namesakes, self, someone({ household: { id: 'again', size: 1 } })]);
    const last = pairs.filter(({ other }) => other.household.id === 'again');
    expect(last.length).toBe(PAIRS_AT_MOST);
    expect(last.map(({ one }) => one)).toContain(self);
  });
});

describe('a family that registered twice', () => {
  const family = (id: string, childrenBorn: string[]): KnownPerson[] => [
    someone({ relationship: 'HEAD', household: { id, size: childrenBorn.length + 1 } }),
    ...childrenBorn.map((born, index) =>
      someone({
        born,
        givenNames: ['Ali', 'Huda'][index] ?? 'Ali',
        isChild: true,
        relationship: 'CHILD',
        household: { id, size: childrenBorn.length + 1 },
      }),
    ),
  ];

  it('is seen whole, its head too', () => {
    const { pairs } = findPairs([
      ...family('H1', ['2015-01-02', '2017-03-04']),
      ...family('H2', ['2015-01-02', '2017-03-04']),
    ]);
    expect(pairs.length).toBe(3);
    expect(pairs.flatMap((pair) => explainComparison(pair.comparison))).toContain(
      'Each is the head of a family, and other members of the two families are candidates too.',
    );
  });

  it('is not seen where the members are others', () => {
    expect(findPairs([...family('H1', ['2015-01-02']), ...family('H2', ['2009-10-11'])]).pairs).toEqual([]);
  });
});

describe('T016', () => {
  const people = knownRows(plainRows(new URL('../../adapters/files/trials/T016.csv', import.meta.url)), '2026-11-20');
  const { pairs } = findPairs(people);
  const words = new Map(
    pairs.map(({ one, other, comparison }) => [`${one.row}-${other.row}`, explainComparison(comparison)]),
  );

  it('the two Issas are a pair and raise the question who cares for him', () => {
    expect(words.get('5-7')).toContain('Two households list this child: find out who cares for the child.');
    expect(words.get('5-7')).toContain('Day and month of birth are the same; the years differ by two.');
  });

  it('the twins are at most a pair for a person, and nobody else is one', () => {
    expect([...words.keys()].filter((pair) => pair !== '2-3')).toEqual(['5-7']);
  });
});
