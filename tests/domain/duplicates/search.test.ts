import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankByName } from '../../../domain/duplicates/nameLikeness.ts';
import { nameTokens } from '../../../domain/duplicates/searchKeys.ts';
import { foldName, phoneticKey } from '../../../domain/duplicates/sound.ts';
import { plainRows, SCENARIOS, scenarioFile } from '../imports/scenario.ts';
import { type KnownRow, knownRows } from './known.ts';

const trial = (file: string): KnownRow[] =>
  knownRows(plainRows(new URL(`../../adapters/files/trials/${file}`, import.meta.url)), '2026-11-20');
const others = SCENARIOS.flatMap((scenario) =>
  knownRows(plainRows(scenarioFile(scenario, 'messy/registrations.csv')), '2026-11-20'),
);

const soundsOf = (name: string): string[] => nameTokens(name).map(({ sound }) => sound);

/** The first three whom a search finds: candidates by key, then in order. */
function firstThree(query: string, people: readonly KnownRow[]): KnownRow[] {
  const wanted = new Set(soundsOf(query));
  const candidates = people.filter((person) =>
    soundsOf(`${person.givenNames} ${person.familyName}`).some((sound) => wanted.has(sound)),
  );
  return rankByName(query, candidates)
    .slice(0, 3)
    .map(({ person }) => person);
}

describe('spelling habits of one script', () => {
  const people = trial('T020.csv');
  it.each([
    ['ابراهيم عبد الله', 1],
    ['إبراهيم عبدالله', 1],
    ['Ibrahim Abdallah', 1],
    ['Ebrahim Abdullah', 1],
    ['عبـد', 1],
    ['عبـد الله', 1],
    ['فاطمه الزهرا', 2],
    ['امنه محمد', 3],
    ['Amna Mohamed', 3],
    ['ليلي علي', 4],
    ['كريم ياري', 5],
    ['Karim Yari', 5],
  ])('%s', (query, row) => {
    expect(firstThree(query, people).map((person) => person.row)).toContain(row);
    // and among everybody of the scenarios, where the whole name was asked for
    const asked = people.find((person) => person.row === row);
    if (query.includes(' ')) expect(firstThree(query, [...others, ...people])).toContain(asked);
  });

  it('leaves the stored name as it is', () => {
    expect(people.map((person) => person.givenNames)).toEqual(['إبراهيم', 'فاطمة', 'آمنة', 'ليلى', 'کریم']);
  });
});

describe('every spelling finds', () => {
  const people = trial('T001.csv');
  it.each([
    ["Koffi N'Dahlo", 1],
    ['NDahlo', 1],
    ['N’Dahlo Koffi', 1],
    ['Nganga ondo Wanjiru', 2],
    ['Ngangondo', 2],
    ['Saida Mutasimi', 3],
    ['Sa`ida Al-Mu’tasimi', 3],
    ['Ma Luningning Reyeson', 4],
    ['Mary Jane O', 5],
  ])('%s', (query, row) => {
    expect(firstThree(query, [...others, ...people])).toContain(people.find((person) => person.row === row));
  });
});

describe('words of one sound', () => {
  it.each([
    ['Mohammed Ali', 'mt', 'mohamed'],
    ['Mohamed Ali', 'mt', 'mohamed'],
    ['Ahmed Ali', 'mt', 'ahmed'],
    ['Ahmed Mohammed', 'mt', null],
  ])('%s', (name, sound, seen) => {
    expect(nameTokens(name)).toContainEqual({ sound, seen });
  });
});

describe('short words in two scripts', () => {
  it.each([
    ['Yari', 'یاری'],
    ['Ali', 'علي'],
    ['Aly', 'Ali'],
    ['Huda', 'هدى'],
    ['Yahya', 'يحيى'],
    ['Hawa', 'حواء'],
    ['Raya', 'راية'],
  ])('%s and %s are found by one sound', (one, other) => {
    expect(soundsOf(one).filter((sound) => soundsOf(other).includes(sound))).not.toEqual([]);
  });

  it('answer as many words of a search as a name of the same script that only shares some', () => {
    const answered = (name: string): number => {
      const filed = soundsOf(name);
      return soundsOf('Karim Yari').filter((sound) => filed.includes(sound)).length;
    };
    expect(answered('کریم یاری نمونه')).toBeGreaterThan(answered('Karim Maria Bazango'));
  });
});

describe('names folded for keys', () => {
  it.each([
    ['Muḥammad', ['muhammad']],
    ['O’Neill-Ståhl', ['oneill', 'stahl']],
    ['عبـد', ['bd']],
    ['الشيخ', ['shykh']],
    ['王丽华', ['wang', 'li', 'hua']],
    ['', []],
  ])('%s', (name, words) => {
    if (name === '王丽华') expect(foldName(name).join('')).toBe(words.join(''));
    else expect(foldName(name)).toEqual(words);
  });

  it.each([
    ['Khadija', 'Kadidja'],
    ['Mohammed', 'Muhamad'],
    ['Nouhou', 'Nuhu'],
    ['Darwish', 'Darouich'],
    ['Josephine', 'Josefin'],
    ['Mulugheta', 'Mulugeta'],
    ['Gemal', 'Jemal'],
  ])('%s and %s share a sound', (one, other) => {
    expect(phoneticKey(foldName(one).join(''))).toBe(phoneticKey(foldName(other).join('')));
  });

  it('of any text are words of a to z, and every word has a sound', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (name) => {
        for (const word of foldName(name)) {
          expect(word).toMatch(/^[a-z]+$/);
          expect(phoneticKey(word)).toMatch(/^[a-z]+$/);
        }
      }),
    );
  });

  it('do not hang on accents, case or punctuation', () => {
    const words = fc.array(fc.constantFrom('Núñez', 'al-Ḥasan', 'Ma.', 'Ɗan', "N'Dahlo"), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(words, (parts) => {
        const name = parts.join(' ');
        expect(foldName(name.toUpperCase())).toEqual(foldName(name));
        expect(foldName(name.normalize('NFD'))).toEqual(foldName(name));
      }),
    );
  });
});
