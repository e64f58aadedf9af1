import type { Cells } from '../tests/support/cells.ts';

const GIVEN = [
  'Lilian',
  'Jean',
  'Fabiola',
  'Merelyn',
  'Ahmad',
  'Hawa',
  'Musa',
  'Amina',
  'Selina',
  'Tom',
  'Rose',
  'Willie',
];
const FAMILY = [
  'Vira',
  'Tari',
  'Bule',
  'Garae',
  'Ala',
  'Tabi',
  'Banga',
  'Mera',
  'Leo',
  'Hango',
  'Sarai',
  'Vuti',
  'Aru',
];

/**
 * Somebody who does not exist, without fault in any cell; the same number is the same person. Names repeat as they do
 * in an island's villages, everything that tells people apart does not.
 */
export function madeUp(number: number): Omit<Cells, 'household_ref'> {
  const pick = (from: readonly string[], step: number): string => from[Math.floor(number / step) % from.length] ?? '';
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    person_ref: `P-${number}`,
    relationship_to_head: 'HEAD',
    given_names: `${pick(GIVEN, 1)} ${pick(GIVEN, 144)}`,
    family_name: `${pick(FAMILY, 12)}${pick(['', 'son', 'nu', 'ra', 'lin'], 156)}`,
    sex: number % 2 === 0 ? 'F' : 'M',
    date_of_birth: `${1950 + (number % 50)}-${two(1 + (number % 12))}-${two(1 + (number % 28))}`,
    dob_precision: 'day',
    nationality: 'VUT',
    phone: `+6785${String(number).padStart(6, '0')}`,
    preferred_language: 'bi',
    site: 'Walaha',
    registered_at: '2026-01-05T08:00:00+11:00',
    document_type: 'NATIONAL_ID',
    document_number: String(40_000_000_000 + number),
    mrz_line1: '',
    mrz_line2: '',
    special_needs: '',
    consent: 'given',
    destination_admin1: 'Penama',
  };
}
