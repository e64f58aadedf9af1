import type { FieldGroup } from '../access.ts';
import { COLUMN_READERS } from '../personData.ts';
import { formatPartialDate, precisionOf } from './birthDate.ts';
import { COLUMNS, type Column } from './columns.ts';
import type { PersonMeaning } from './meaning.ts';

/** Columns that identify nobody. Every other one is closed to whoever does not read its group. */
const OPEN: readonly Column[] = [
  'household_ref',
  'relationship_to_head',
  'sex',
  'nationality',
  'site',
  'registered_at',
  'consent',
];
const GROUP_OF: Partial<Record<Column, FieldGroup>> = { ...COLUMN_READERS, special_needs: 'protection' };

/** The columns of a list that are disclosed with these groups. */
export function disclosedColumns(groups: readonly FieldGroup[]): Column[] {
  return COLUMNS.filter((column) => {
    const group = GROUP_OF[column];
    return OPEN.includes(column) || (group !== undefined && groups.includes(group));
  });
}

/** How each cell of a row was read, in the form of the list; null for an empty or unreadable cell. */
export function meaningCells(meaning: PersonMeaning): Record<Column, string | null> {
  const { birthDate, registeredAt, document, mrz } = meaning;
  return {
    household_ref: meaning.householdRef || null,
    person_ref: meaning.personRef || null,
    relationship_to_head: meaning.relationship,
    given_names: meaning.givenNames || null,
    family_name: meaning.familyName || null,
    sex: meaning.sex,
    date_of_birth: birthDate === null ? null : formatPartialDate(birthDate),
    dob_precision: birthDate === null ? null : precisionOf(birthDate),
    nationality: meaning.nationality,
    phone: meaning.phone,
    preferred_language: meaning.preferredLanguage,
    site: meaning.site,
    registered_at: registeredAt === null ? null : registeredAt.local + offsetText(registeredAt.offsetMinutes),
    document_type: document?.type ?? null,
    document_number: document?.number ?? null,
    mrz_line1: mrz?.line1 || null,
    mrz_line2: mrz?.line2 || null,
    special_needs: meaning.specialNeeds.join(';') || null,
    consent: meaning.consent,
    destination_admin1: meaning.destination,
  };
}

/** `+02:00` or `Z`; empty where the offset is unknown. */
function offsetText(minutes: number | null): string {
  if (minutes === null) return '';
  if (minutes === 0) return 'Z';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}
