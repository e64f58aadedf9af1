import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasLetterNotLatin, isNameField, mayBeCut, zoneName } from '../../../domain/imports/passport.ts';

const field = (text: string): string => text.slice(0, 39).padEnd(39, '<');

describe('names as in the zone', () => {
  it.each([
    // given, family, a field that is theirs
    ['Koffi', 'N’Dahlo', 'NDAHLO<<KOFFI'],
    ['Wanjiru', "Ng'ang'ondo", 'NGANGONDO<<WANJIRU'],
    ['Saʼida', 'Al-Mu`tasimi', 'AL<MUTASIMI<<SAIDA'],
    ['Ma. Luningning', 'de los Reyesón', 'DE<LOS<REYESON<<MA<LUNINGNING'],
    ['J.R.', 'Smith', 'SMITH<<JR'],
    ['Jörg', 'Groß', 'GROSS<<JOERG'],
    ['Jörg', 'Groß', 'GROSS<<JORG'],
    ['Müller', 'Ö', 'O<<MUXXLLER'],
    ['Müller', 'Ö', 'OE<<MUELLER'],
    ['Peña', 'Ñandú', 'NXXANDU<<PENA'],
    ['Åse', 'Søren', 'SOREN<<AASE'],
    ['Þór', 'Æsir', 'AESIR<<THOR'],
    ['Œuvre', 'Ĳssel', 'IJSSEL<<OEUVRE'],
    ['Đorđe', 'Łukasz', 'LUKASZ<<DORDE'],
    ['ɗan Ƙasa', 'Ɓala', 'BALA<<DAN<KASA'],
    ['ƴar Ŋala', 'Ŧera', 'TERA<<YAR<NALA'],
    ['Ħal Ɖela', 'Əli', 'ELI<<HAL<DELA'],
    ['ışıl', 'Çelik', 'CELIK<<ISIL'],
    ['Nguyễn', 'Ước', 'UOC<<NGUYEN'],
    ['Ọlá', 'Ẹ̀kọ́', 'EKO<<OLA'],
    // accents as characters of their own are the same name
    ['Jo\u0308rg', 'Mu\u0308ller', 'MUELLER<<JOERG'],
    // what is no letter of the zone parts names, runs are one, none at the ends
    ['-Anna--Maria-', '(Berg)', 'BERG<<ANNA<MARIA'],
    ['Anna2', 'Berg', 'BERG<<ANNA'],
    // one name stands in the first place
    ['', 'Sumartinah', 'SUMARTINAH'],
    ['Sumartinah', '', 'SUMARTINAH'],
    ['Sumartinah', "'", 'SUMARTINAH'],
    // cut at 39, also in the middle of a letter's way
    ['Venkatasubramaniyam', 'Rajasekarapandiyanarayanan', 'RAJASEKARAPANDIYANARAYANAN<<VENKATASUBRAMANIYAM'],
    ['Bo', `${'A'.repeat(38)}ä`, 'A'.repeat(39)],
    ['Bo', 'A'.repeat(37), `${'A'.repeat(37)}<<`],
    ['Bo', 'A'.repeat(38), `${'A'.repeat(38)}<`],
  ])('%j %j can be %s', (given, family, text) => {
    expect(isNameField(field(text), given, family)).toBe(true);
  });

  it.each([
    ['Jörg', 'Groß', 'GROSZ<<JOERG'],
    ['Jörg', 'Groß', 'GROSS<<JUERG'],
    ['Anna', 'Berg', 'ANNA<<BERG'],
    ['Anna', 'Berg', 'BERG<ANNA'],
    ['Anna', 'Berg', 'BERG<<ANNAX'],
    ['Anna Maria', 'Berg', 'BERG<<ANNA'],
    ['Sumartinah', '', '<<SUMARTINAH'],
    ['Ñ', 'Ä', 'AA<<N'],
  ])('%j %j cannot be %s', (given, family, text) => {
    expect(isNameField(field(text), given, family)).toBe(false);
  });

  it('costs no more than its length for a name whose every letter has three ways', () => {
    const many = 'ü'.repeat(200);
    expect(isNameField(field('UXX'.repeat(13)), many, many)).toBe(true);
    expect(isNameField(field(`${'UXX'.repeat(12)}Z`), many, many)).toBe(false);
  });

  // the ways of the table written out again, and all combinations one after the other
  const ways: Record<string, string[]> = {
    a: ['A'],
    n: ['N'],
    ü: ['U', 'UE', 'UXX'],
    ñ: ['N', 'NXX'],
    å: ['A', 'AA'],
    ø: ['O', 'OE'],
    ß: ['SS'],
    é: ['E'],
  };
  const letters = fc.array(fc.constantFrom(...Object.keys(ways)), { minLength: 1, maxLength: 4 });
  const spellings = (name: string[]): string[] =>
    name.reduce<string[]>(
      (done, letter) => done.flatMap((text) => (ways[letter] ?? []).map((way) => text + way)),
      [''],
    );

  it('agrees with trying all combinations', () => {
    fc.assert(
      fc.property(letters, letters, letters, letters, (given, family, otherGiven, otherFamily) => {
        const all = new Set(spellings(family).flatMap((f) => spellings(given).map((g) => field(`${f}<<${g}`))));
        for (const text of all) expect(isNameField(text, given.join(''), family.join(''))).toBe(true);
        const other = field(`${spellings(otherFamily).at(-1)}<<${spellings(otherGiven).at(-1)}`);
        expect(isNameField(other, given.join(''), family.join(''))).toBe(all.has(other));
      }),
      { numRuns: 200 },
    );
  });

  it('writes any name with A to Z and single fillers inside', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (name) => {
        expect(zoneName(name)).toMatch(/^(?:[A-Z]+(?:<[A-Z]+)*)?$/);
      }),
    );
  });
});

describe('a name field that may be cut', () => {
  const [given, family] = ['Papandropoulous Jonathan', 'Nilavadhanananda Chayapa Dejthamrong Krasuang'];
  it.each([
    ['NILAVADHANANANDA<CHAYAPA<DEJTHAM<KR<<PA', true],
    ['N<C<DEJTHAMRONG<KRASUANG<<PAPANDROP<JON', true],
    ['NILAVADHANANANDA<CHAYAPA<DEJTHAM<XR<<PA', false],
    ['NILAVADHANANANDA<CHAYAPA<DEJTHAMKR<<PAP', false],
    // not full: nothing had to be cut
    ['NILAVADHANANANDA<CHAYAPA<DEJTHAM<KR<<P<', false],
    // nothing left of the given names
    ['NILAVADHANANANDA<CHAYAPA<DEJTHAMRON<KRA', false],
  ])('%s: %s', (text, expected) => {
    expect(text.length).toBe(39);
    expect(mayBeCut(text, given, family)).toBe(expected);
  });
});

describe('a name field that is full, and a family name that had room', () => {
  it.each([
    // three letters and more were left out: cut
    ['Venkatasubramaniyam Srinivasaraghavan', 'Rajasekarapandiyan', 'RAJASEKARAPANDIYAN<<VENKATASUB<SRINIVAS', true],
    // one letter less in the middle is another spelling
    ['Venkatasubramaniyam Srinivasaraghavan', 'Rajasekarah', 'RAJASEKARA<<VENKATASUBRAMANIYAM<SRINIVA', false],
  ])('%s %s, %s: %s', (given, family, text, expected) => {
    expect(text.length).toBe(39);
    expect(mayBeCut(text, given, family)).toBe(expected);
  });
});

describe('letters that are not Latin', () => {
  it.each([
    ['Ɗan Ƙasa', false],
    ['Saʼida', false],
    ['Nguyễn', false],
    ['O’Neill-Ståhl 3', false],
    ['هدى', true],
    ['Huda هدى', true],
    ['王', true],
    ['አበበ', true],
    ['রহিম', true],
    ['Иван', true],
    ['Ωmega', true],
    // a Cyrillic а that looks Latin
    ['Ivаn', true],
  ])('%s: %s', (name, expected) => {
    expect(hasLetterNotLatin(name)).toBe(expected);
  });
});
