import type { FieldGroup } from '../access.ts';
import { formatPartialDate, precisionOf } from './birthDate.ts';
import { COLUMNS, type Column } from './columns.ts';
import type { PersonMeaning } from './meaning.ts';

/** The group of personal data of each column. A column without a group does not identify anybody. */
const GROUP_OF: Partial<Record<Column, FieldGroup>> = {
  person_ref: 'names',
  given_names: 'names',
  family_name: 'names',
  date_of_birth: 'birth',
  dob_precision: 'birth',
  phone: 'phone',
  destination_admin1: 'phone',
  preferred_language: 'language',
  document_type: 'document',
  document_number: 'document',
  mrz_line1: 'document',
  mrz_line2: 'document',
  special_needs: 'protection',
};

/** The columns of a list that are disclosed with these groups. */
export function disclosedColumns(groups: readonly FieldGroup[]): Column[] {
  return COLUMNS.filter((column) => {
    const group = GROUP_OF[column];
    return group === undefined || groups.includes(group);
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
