import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COLUMNS, type Column, headingKey } from '../../../domain/imports/columns.ts';
import { suggestColumns } from '../../../domain/imports/headings.ts';

const NONE: ReadonlySet<Column> = new Set();

describe('what a heading may stand for', () => {
  it.each<[string, Column]>([
    ['First name', 'given_names'],
    ['Surname', 'family_name'],
    ['DOB', 'date_of_birth'],
    ['Date of Birth (dd/mm/yyyy)', 'date_of_birth'],
    ['Gender', 'sex'],
    ['HH ID', 'household_ref'],
    ['Family No', 'household_ref'],
    ['Relation to HoH', 'relationship_to_head'],
    ['Mobile no.', 'phone'],
    ['Passport Number', 'document_number'],
    ['Prénom', 'given_names'],
    ['Nom de famille', 'family_name'],
    ['Date de naissance', 'date_of_birth'],
    ['Numéro de passeport', 'document_number'],
    ['Ménage', 'household_ref'],
    ['Apellidos', 'family_name'],
    ['Fecha de nacimiento', 'date_of_birth'],
    ['Nacionalidade', 'nationality'],
    ['تاريخ الميلاد', 'date_of_birth'],
    ['الجنسية', 'nationality'],
    ['رقم الجواز', 'document_number'],
    ['رقم الهاتف', 'phone'],
    ['نام خانوادگی', 'family_name'],
    ['تاریخ تولد', 'date_of_birth'],
    ['household-ref.', 'household_ref'],
  ])('%s: first of all %s', (heading, column) => {
    expect(suggestColumns(heading, NONE)[0]).toBe(column);
  });

  it.each(['', ' ', '???', 'Favourite colour', '42'])('%j: nothing', (heading) => {
    expect(suggestColumns(heading, NONE)).toEqual([]);
  });

  it('is never a column that is taken, never more than three, and each once', () => {
    const heading = fc.oneof(fc.string(), fc.constantFrom('name', 'date', 'number', 'رقم', 'document', 'id'));
    fc.assert(
      fc.property(heading, fc.subarray([...COLUMNS]), (text, taken) => {
        const suggested = suggestColumns(text, new Set(taken));
        expect(suggested.length).toBeLessThanOrEqual(3);
        expect(new Set(suggested).size).toBe(suggested.length);
        for (const column of suggested) expect(taken).not.toContain(column);
      }),
    );
  });
});

describe('one heading in many hands', () => {
  it.each(['Date of birth', 'DATE OF BIRTH', ' date-of_birth ', 'date  of\u00a0birth', '\u200edate of birth'])(
    '%j is date_of_birth',
    (heading) => {
      expect(headingKey(heading)).toBe('date_of_birth');
    },
  );
});
