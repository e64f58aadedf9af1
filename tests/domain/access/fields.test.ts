import { describe, expect, it } from 'vitest';
import { fieldsFor, operationsReading } from '../../../domain/access.ts';
import { ROLES, type Role } from '../../../domain/actor.ts';
import { COLUMNS, type Column } from '../../../domain/imports/columns.ts';
import {
  columnsOfFindings,
  disclosedColumns,
  disclosedCounts,
  groupsOfList,
  isDisclosed,
} from '../../../domain/imports/disclosed.ts';
import { DISCLOSED_SCHEMAS, disclosedFields } from '../../../domain/personData.ts';

/** Letters of the roles in the tables below, which are written by hand. */
const LETTERS: Record<string, Role> = {
  c: 'coordinator',
  w: 'case_worker',
  m: 'movement_officer',
  h: 'health_officer',
  k: 'consular_officer',
  p: 'protection_officer',
  P: 'protection_lead',
  d: 'duty_supervisor',
  o: 'operation_lead',
  a: 'auditor',
  A: 'admin',
};
const rolesOf = (letters: string): Role[] => letters.split('').flatMap((letter) => LETTERS[letter] ?? []);

const TEAM = 'cwmhkpPdo';
const EVERYBODY = 'cwmhkpPdoaA';

const COLUMN_TABLE: Record<Column, string> = {
  household_ref: EVERYBODY,
  person_ref: TEAM,
  relationship_to_head: EVERYBODY,
  given_names: TEAM,
  family_name: TEAM,
  sex: EVERYBODY,
  date_of_birth: 'cwmhkpP',
  dob_precision: 'cwmhkpP',
  nationality: EVERYBODY,
  phone: 'cwpPd',
  preferred_language: TEAM,
  site: EVERYBODY,
  registered_at: EVERYBODY,
  document_type: 'wmkpP',
  document_number: 'wmkpP',
  mrz_line1: 'wmkpP',
  mrz_line2: 'wmkpP',
  special_needs: 'pP',
  consent: EVERYBODY,
  destination_admin1: 'cwpPd',
};

const PROPERTY_TABLE: Record<keyof typeof DISCLOSED_SCHEMAS, string> = {
  names: TEAM,
  reference: TEAM,
  birth_date: 'cwmhkpP',
  phone: 'cwpPd',
  language: TEAM,
  identity_document: 'wmkpP',
  destination: 'cwpPd',
};

const GROUP_TABLE = {
  names: TEAM,
  birth: 'cwmhkpP',
  phone: 'cwpPd',
  document: 'wmkpP',
  language: TEAM,
  care: 'cwmhdpP',
  protection: 'pP',
  notes: 'whkpP',
} as const;

const CORE = {
  personRef: 'R',
  givenNames: 'G',
  familyName: 'F',
  birthDate: '1991',
  phone: '+44',
  preferredLanguage: 'en',
  documentType: 'PASSPORT' as const,
  documentNumber: 'N',
  mrz: null,
  destination: 'D',
};

describe('who reads what', () => {
  it('every group × every role', () => {
    const read = ROLES.map((role) => [role, fieldsFor([role])]);
    const table = ROLES.map((role) => [
      role,
      Object.entries(GROUP_TABLE).flatMap(([group, letters]) => (rolesOf(letters).includes(role) ? [group] : [])),
    ]);
    expect(read).toEqual(table);
  });

  it('every column of a list × every role', () => {
    for (const role of ROLES) {
      const expected = COLUMNS.filter((column) => rolesOf(COLUMN_TABLE[column]).includes(role));
      expect(disclosedColumns(fieldsFor([role])), role).toEqual(expected);
    }
  });

  it('every property of a person × every role', () => {
    expect(Object.keys(PROPERTY_TABLE).sort()).toEqual(Object.keys(DISCLOSED_SCHEMAS).sort());
    for (const role of ROLES) {
      const expected = Object.entries(PROPERTY_TABLE).flatMap(([name, letters]) =>
        rolesOf(letters).includes(role) ? [name] : [],
      );
      expect(Object.keys(disclosedFields(CORE, fieldsFor([role]))).sort(), role).toEqual(expected.sort());
    }
  });
});

describe('a column that nobody classified', () => {
  it('is shown to nobody, whatever their roles', () => {
    expect(isDisclosed(null, fieldsFor([...ROLES]))).toBe(false);
    expect(isDisclosed('tribe' as Column, fieldsFor([...ROLES]))).toBe(false);
    expect(isDisclosed('constructor' as Column, fieldsFor([...ROLES]))).toBe(false);
  });
});

describe('whoever brought a list', () => {
  const who = { sub: 'the desk', roles: [{ role: 'case_worker' as const, operation: 'op_a' }] };
  const list = { operationId: 'op_a', createdBy: 'the desk', committed: false };

  it('reads it whole before it is committed, and its special needs no more after that', () => {
    expect(disclosedColumns(groupsOfList(list, who))).toEqual(COLUMNS);
    expect(disclosedColumns(groupsOfList({ ...list, committed: true }, who))).toEqual(
      COLUMNS.filter((column) => column !== 'special_needs'),
    );
  });

  it('is no one else, and nobody by a role in another operation', () => {
    expect(groupsOfList({ ...list, createdBy: 'a colleague' }, who)).toEqual(fieldsFor(['case_worker']));
    expect(groupsOfList({ ...list, operationId: 'op_b', committed: true }, who)).toEqual([]);
  });
});

describe('a finding in the cell of special needs', () => {
  it('is told to protection alone, in rows and in counts', () => {
    expect(columnsOfFindings(fieldsFor(['protection_officer']))).toEqual(COLUMNS);
    expect(columnsOfFindings(fieldsFor(['case_worker']))).toEqual(COLUMNS.filter((one) => one !== 'special_needs'));
    const counts = { NEED_NOT_UNDERSTOOD: 1, DOB_FORMAT: 2 };
    expect(disclosedCounts(counts, fieldsFor(['case_worker']))).toEqual({ DOB_FORMAT: 2 });
    expect(disclosedCounts(counts, fieldsFor(['protection_lead']))).toEqual(counts);
    expect(disclosedCounts(counts, 'whole')).toEqual(counts);
  });
});

it('a group is read in the operations of the roles that read it, and nowhere else', () => {
  const who = {
    sub: 'x',
    roles: [
      { role: 'coordinator' as const, operation: 'op_a' },
      { role: 'consular_officer' as const, operation: 'op_b' },
      { role: 'partner' as const, operation: 'op_c' },
    ],
  };
  expect(operationsReading(who, 'phone')).toEqual(['op_a']);
  expect(operationsReading(who, 'document')).toEqual(['op_b']);
  expect(operationsReading(who, 'names')).toEqual(['op_a', 'op_b']);
  expect(operationsReading(who, 'protection')).toEqual([]);
  expect(operationsReading({ sub: 'x', roles: [{ role: 'case_worker', operation: '*' }] }, 'document')).toBe('all');
});
