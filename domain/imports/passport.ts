import { type PartialDate } from './birthDate.ts';
import { type CalendarDay, calendarDay, isRealDay } from './calendarDay.ts';
import type { Finding } from './codes.ts';
import { isFirstLine, isLine, nameFieldOf, readSecondLine, wrongCheckDigits } from './mrz.ts';
import { hasLetterNotLatin, hasZoneName, isNameField, mayBeCut } from './names.ts';
import { canonicalNationality, nationalityOfZone } from './nationality.ts';

/** The cells of a row to compare with the passport's lines; null for an empty or unusable cell, which is not compared. */
export type PassportClaims = {
  names: { given: string; family: string } | null;
  documentNumber: string | null;
  birthDate: PartialDate | null;
  sex: string | null;
  nationality: string | null;
};

/** A line of the row: the tidied cell, and whether a formula or its length made it unusable. */
export type PassportLine = { text: string; unusable: boolean };

/** The warnings of a passport's lines. The lines are stored unchanged. */
export function comparePassport(
  line1: PassportLine,
  line2: PassportLine,
  claims: PassportClaims,
  referenceDate: CalendarDay,
): Finding[] {
  const faulty = faultyLine(line1, line2);
  if (faulty !== null) return [{ code: 'MRZ_FORMAT', column: faulty }];
  return [
    ...(line1.text === '' || line1.unusable ? [] : compareFirst(line1.text, claims)),
    ...(line2.text === '' || line2.unusable ? [] : compareSecond(line2.text, claims, referenceDate)),
  ];
}

/** At most one: a faulty line, or a missing one if line 1 is not faulty. */
function faultyLine(line1: PassportLine, line2: PassportLine): 'mrz_line1' | 'mrz_line2' | null {
  if (line1.text === '' && line2.text === '') return null;
  if (!line1.unusable && !isFirstLine(line1.text)) return 'mrz_line1';
  return !line2.unusable && !isLine(line2.text) ? 'mrz_line2' : null;
}

function compareFirst(line1: string, claims: PassportClaims): Finding[] {
  if (claims.names === null) return [];
  const { given, family } = claims.names;
  if (hasLetterNotLatin(given) || hasLetterNotLatin(family) || !hasZoneName(given, family)) return [];
  const field = nameFieldOf(line1);
  if (isNameField(field, given, family)) return [];
  if (isNameField(field, family, given)) return [{ code: 'MRZ_NAMES_SWAPPED', column: 'mrz_line1' }];
  if (mayBeCut(field, given, family)) return [{ code: 'MRZ_NAME_CUT', column: 'mrz_line1' }];
  return [{ code: 'MRZ_NAME_DIFFERS', column: 'mrz_line1' }];
}

function compareSecond(line2: string, claims: PassportClaims, referenceDate: CalendarDay): Finding[] {
  const line = readSecondLine(line2);
  const findings: Finding[] = [];
  const wrong = wrongCheckDigits(line2);
  if (wrong.length > 0) findings.push({ code: 'MRZ_CHECK_DIGIT', column: 'mrz_line2', fields: wrong });
  const warn = (code: Finding['code']): void => {
    findings.push({ code, column: 'mrz_line2' });
  };
  const number = bareNumber(claims.documentNumber ?? '');
  if (number !== '' && number !== line.documentNumber.replaceAll('<', '')) warn('MRZ_NUMBER_DIFFERS');
  if (claims.birthDate !== null && birthDateDiffers(claims.birthDate, line.birthDate)) warn('MRZ_DOB_DIFFERS');
  if (claims.sex !== null && (claims.sex === 'X' ? '<' : claims.sex) !== line.sex) warn('MRZ_SEX_DIFFERS');
  if (claims.nationality !== null && canonicalNationality(claims.nationality) !== nationalityOfZone(line.nationality)) {
    warn('MRZ_NATIONALITY_DIFFERS');
  }
  if (isExpired(line.expiryDate, referenceDate)) warn('DOCUMENT_EXPIRED');
  return findings;
}

/** A document number as the zone writes it: capitals, only A to Z and digits. */
export function bareNumber(number: string): string {
  return number.toUpperCase().replace(/[^A-Z0-9]/g, '');
}

/** Skips parts of the line that are not two digits, and parts that the list does not have. */
function birthDateDiffers(date: PartialDate, zone: string): boolean {
  const known = [date.year % 100, date.month, date.day];
  return known.some((part, index) => {
    const written = zone.slice(index * 2, index * 2 + 2);
    return part !== null && /^[0-9]{2}$/.test(written) && Number(written) !== part;
  });
}

function isExpired(zone: string, referenceDate: CalendarDay): boolean {
  if (!/^[0-9]{6}$/.test(zone)) return false;
  const [year, month, day] = [2000 + Number(zone.slice(0, 2)), Number(zone.slice(2, 4)), Number(zone.slice(4, 6))];
  return isRealDay(year, month, day) && calendarDay(year, month, day) < referenceDate;
}
