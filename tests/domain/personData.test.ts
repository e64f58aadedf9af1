import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FIELD_GROUPS } from '../../domain/access.ts';
import { COLUMNS } from '../../domain/imports/columns.ts';
import { disclosedColumns } from '../../domain/imports/disclosed.ts';
import { DISCLOSED_SCHEMAS, disclosedFields, type PersonCore, partnerFieldsOf } from '../../domain/personData.ts';

const CORE: PersonCore = {
  personRef: 'WAL-18245',
  givenNames: 'Zoë Ama',
  familyName: '',
  birthDate: '1988-07',
  phone: null,
  preferredLanguage: 'ar',
  documentType: 'PASSPORT',
  documentNumber: 'Z8970403',
  mrz: { line1: 'P<BGD', line2: 'Z8970403' },
  destination: 'Penama',
};

describe('the fields of a person', () => {
  it('are disclosed by group, each in its place', () => {
    expect(disclosedFields(CORE, [])).toEqual({});
    expect(disclosedFields(CORE, ['care', 'protection', 'notes'])).toEqual({});
    expect(disclosedFields(CORE, ['names'])).toEqual({
      names: { given: 'Zoë Ama', family: '' },
      reference: 'WAL-18245',
    });
    expect(disclosedFields(CORE, ['phone'])).toEqual({ phone: null, destination: 'Penama' });
    expect(disclosedFields(CORE, ['document'])).toEqual({
      identity_document: { type: 'PASSPORT', number: 'Z8970403' },
    });
    expect(Object.keys(disclosedFields(CORE, FIELD_GROUPS)).sort()).toEqual(Object.keys(DISCLOSED_SCHEMAS).sort());
  });

  it('fit the schema of an answer, whatever is disclosed', () => {
    const schema = z.strictObject(DISCLOSED_SCHEMAS);
    for (const group of FIELD_GROUPS) {
      const disclosed = disclosedFields(CORE, [group]);
      expect(schema.parse(disclosed)).toEqual(disclosed);
    }
  });

  it('go to partners under their names in the protocol, and the others never', () => {
    expect(partnerFieldsOf({ ...CORE, birthDate: null })).toEqual({
      reference: 'WAL-18245',
      given_names: 'Zoë Ama',
      family_name: '',
      document_type: 'PASSPORT',
      document_number: 'Z8970403',
    });
  });
});

describe('the cells of a list', () => {
  it('are read with the field that they become, and are closed otherwise', () => {
    const open = ['household_ref', 'relationship_to_head', 'sex', 'nationality', 'site', 'registered_at', 'consent'];
    expect(disclosedColumns([])).toEqual(open);
    expect(disclosedColumns(['birth']).filter((column) => !open.includes(column))).toEqual([
      'date_of_birth',
      'dob_precision',
    ]);
    expect(disclosedColumns(['document']).filter((column) => !open.includes(column))).toEqual([
      'document_type',
      'document_number',
      'mrz_line1',
      'mrz_line2',
    ]);
    expect(disclosedColumns(FIELD_GROUPS)).toEqual(COLUMNS);
  });
});
