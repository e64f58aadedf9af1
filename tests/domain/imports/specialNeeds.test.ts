import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SPECIAL_NEEDS } from '../../../domain/imports/person.ts';
import { readSpecialNeeds } from '../../../domain/imports/specialNeeds.ts';
import { holdsAtRegistration } from '../../../domain/registration.ts';

const CONCERN = 'PROTECTION_CONCERN';

describe('special needs as teams write them', () => {
  it.each<[string, string[]]>([
    ['UASC;MEDICAL', ['UASC', 'MEDICAL']],
    ['asylum', ['ASYLUM']],
    ['ASYLUM SEEKER, TRAFFICKING', ['TRAFFICKING_RISK', 'ASYLUM']],
    ['Demandeur d’asile', ['ASYLUM']],
    ['SC-UC', ['UASC']],
    ['sc', ['UASC']],
    ['SM-DP / DS-BD', ['PREGNANT', 'DISABILITY']],
    ['SV-VA', [CONCERN]],
    ['TR', [CONCERN]],
    ['trafficked_smuggled', ['TRAFFICKING_RISK']],
    ['caafag', [CONCERN]],
    ['worst forms of child labor', [CONCERN]],
    ['handicapé', ['DISABILITY']],
    ['حَامِل', ['PREGNANT']],
    ['embarazada|enferma', ['PREGNANT', 'MEDICAL']],
    ['WIDOW', []],
    ['N/A', []],
    ['-', []],
    ['', []],
    ['  ;  ', []],
  ])('%j means %j', (cell, expected) => {
    const { needs, concern, understood } = readSpecialNeeds(cell);
    expect([...needs, ...(concern ? [CONCERN] : [])]).toEqual(expected);
    expect(understood).toBe(true);
  });

  it.each(['hides from his uncle', 'UASC; afraid', 'XX-YY', 'TRAFFICKNG', 'see note 4', '?!x'])(
    '%j is not understood, and is put before a protection officer',
    (cell) => expect(readSpecialNeeds(cell)).toMatchObject({ concern: true, understood: false }),
  );

  it('are the same whatever the case, and whatever stands between and around the codes', () => {
    const separator = fc.constantFrom(';', ' ; ', ',', '/', ' / ', '|', '\n', '،', '؛');
    const written = fc
      .array(fc.tuple(fc.constantFrom(...SPECIAL_NEEDS), fc.boolean(), fc.constantFrom('_', '-', ' '), separator))
      .map((codes) => ({
        codes: codes.map(([code]) => code),
        cell: codes
          .map(([code, lower, between, after]) => {
            const text = code.replaceAll('_', between);
            return (lower ? text.toLowerCase() : text) + after;
          })
          .join(''),
      }));
    fc.assert(
      fc.property(written, ({ codes, cell }) => {
        const needs = SPECIAL_NEEDS.filter((code) => codes.includes(code));
        expect(readSpecialNeeds(cell)).toEqual({ needs, concern: false, understood: true });
      }),
    );
  });

  it('nothing that has a letter or digit is passed over: it has a flag, is known, or is a concern', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'UASC;', 'WIDOW, '), (text, before) => {
        const alone = readSpecialNeeds(text);
        const both = readSpecialNeeds(before + text);
        expect(both.understood).toBe(alone.understood);
        expect(both.concern).toBe(alone.concern);
        expect(alone.concern || alone.understood).toBe(true);
        if (!/[\p{L}\p{N}]/u.test(text.normalize('NFKD'))) expect(alone.understood).toBe(true);
      }),
    );
  });

  it('a concern is a hold before any partner is asked', () => {
    expect(holdsAtRegistration([CONCERN, 'MEDICAL'], [])).toEqual([CONCERN]);
  });
});
