import { CODES, type Code, type Finding, type Verdict } from './codes.ts';
import {
  COLUMN_RULES,
  COLUMNS,
  CONSENTS,
  type Column,
  canonicalNationality,
  DOB_PRECISIONS,
  DOCUMENT_TYPES,
  type DobPrecision,
  hasLostPrecision,
  hasOtherDigits,
  isInternationalFormat,
  isNationalFormat,
  isNationality,
  isSpreadsheetError,
  NUMBER_COLUMNS,
  oneOf,
  RELATIONSHIPS,
  readPhone,
  SEXES,
  tidyCell,
} from './columns.ts';
import {
  birthDateHint,
  type CalendarDay,
  type ChildState,
  childState,
  coarsen,
  dayOfRegistration,
  earliestDay,
  isCoarser,
  latestDay,
  OLDEST,
  type PartialDate,
  parseCalendarDay,
  precisionOf,
  readBirthDate,
  readRegisteredAt,
  wholeYears,
} from './dates.ts';
import { comparePassport, hasLetterNotLatin } from './passport.ts';
import { flagsOfRow, type PersonMeaning, type ProtectionFlag } from './person.ts';
import { readSpecialNeeds } from './specialNeeds.ts';

export type JudgeContext = {
  /** The reference date for ages, `YYYY-MM-DD`: a rule of the operation, by default its first day. */
  referenceDate: string;
  /**
   * The alpha-3 code of the operation's country. A telephone number without a country code is read as a number of this
   * country.
   */
  country?: string;
};

/** A row of a list, or a member of a household that arrives as JSON, with what was found of it. */
export type JudgedRow = {
  /** records counted from 1, without the header */
  row: number;
  verdict: Verdict;
  codes: Finding[];
  child: ChildState;
  protection: ProtectionFlag[];
  meaning: PersonMeaning;
};

const LONGEST_CELL = 200;

/** The first finding of one cell that applies. */
type CellFault = 'FIELD_TOO_LONG' | 'FORMULA_CELL' | 'REQUIRED_MISSING' | 'VALUE_NOT_IN_LIST';

function cellFault(column: Column, cell: string): CellFault | null {
  // the length in UTF-16 units is cheap, and never less than the length in code points
  if (cell.length > LONGEST_CELL && Array.from(cell).length > LONGEST_CELL) return 'FIELD_TOO_LONG';
  if (/^[=+@-]/.test(cell) && !(column === 'phone' && isInternationalFormat(cell))) return 'FORMULA_CELL';
  if (cell === '') return COLUMN_RULES[column].required ? 'REQUIRED_MISSING' : null;
  const values = COLUMN_RULES[column].values;
  return values === undefined || values.includes(cell) ? null : 'VALUE_NOT_IN_LIST';
}

/** A hint for a cell that an earlier rule refused: `+٩٩٩…` is refused as a formula, but the fault is its digits. */
function faultHint(fault: CellFault, cell: string): Finding['hint'] {
  return fault === 'FORMULA_CELL' && /^\+[\p{Nd} .()-]+$/u.test(cell) && hasOtherDigits(cell)
    ? 'other_digits'
    : undefined;
}

/** The reference date as a day. @throws RangeError unless it is a real day in the form YYYY-MM-DD. */
function referenceDay(context: JudgeContext): CalendarDay {
  const day = parseCalendarDay(context.referenceDate);
  if (day === null) throw new RangeError('The reference date is no day of the form YYYY-MM-DD');
  return day;
}

/**
 * Judges one row alone; `withFindings` adds those of `judgeHouseholds`, which needs the other rows. `row` counts records
 * from 1. `fromFile` holds findings that only the file shows: a number cell that lost digits, cells beyond the headings.
 * @throws RangeError on an invalid reference date
 */
export function judgeRow(
  raw: Record<Column, string>,
  context: JudgeContext,
  row: number,
  fromFile: readonly Finding[] = [],
): JudgedRow {
  const on = referenceDay(context);
  const findings: Finding[] = [...fromFile];
  const cells = { ...raw };
  const unusable = new Set<Column>(fromFile.flatMap(({ code, column }) => (code === 'NUMBER_RUINED' ? [column] : [])));
  const find = (code: Code, column: Column, more: Pick<Finding, 'hint'> = {}): void => {
    findings.push(more.hint === undefined ? { code, column } : { code, column, hint: more.hint });
  };

  for (const column of COLUMNS) {
    const tidied = tidyCell(raw[column]);
    if (tidied !== raw[column]) find('WHITESPACE', column);
    const failed = isSpreadsheetError(tidied);
    if (failed) find('SPREADSHEET_ERROR', column);
    const cell = failed ? '' : tidied;
    cells[column] = cell;
    const fault = cellFault(column, cell);
    if (fault === null) continue;
    find(fault, column, { hint: faultHint(fault, cell) });
    unusable.add(column);
  }
  const usable = (column: Column): string => (unusable.has(column) ? '' : cells[column]);

  judgeNames(cells, find);
  for (const column of NUMBER_COLUMNS) {
    if (unusable.has(column)) continue;
    if (hasLostPrecision(cells[column])) {
      find('NUMBER_RUINED', column);
      unusable.add(column);
    } else if (hasOtherDigits(cells[column])) find('DIGITS_OTHER_SCRIPT', column);
  }
  const precision = oneOf(DOB_PRECISIONS, usable('dob_precision'));
  const birthDate = judgeBirthDate(
    { cell: cells.date_of_birth, skip: unusable.has('date_of_birth'), registeredAt: usable('registered_at') },
    precision,
    on,
    find,
  );

  const nationality = usable('nationality');
  if (nationality !== '' && !isNationality(nationality)) {
    find('NATIONALITY_UNKNOWN', 'nationality');
    unusable.add('nationality');
  }
  if (!unusableByFault(findings, 'phone') && isNationalFormat(cells.phone)) find('PHONE_NATIONAL_FORMAT', 'phone');
  const registeredAt = usable('registered_at') === '' ? null : readRegisteredAt(cells.registered_at);
  if (usable('registered_at') !== '' && registeredAt === null) find('REGISTERED_AT_FORMAT', 'registered_at');
  if (registeredAt?.offsetMinutes === null) find('REGISTERED_AT_NO_OFFSET', 'registered_at');
  if (usable('consent') === 'refused') find('CONSENT_REFUSED', 'consent');

  findings.push(
    ...comparePassport(
      { text: cells.mrz_line1, unusable: unusable.has('mrz_line1') },
      { text: cells.mrz_line2, unusable: unusable.has('mrz_line2') },
      {
        names:
          unusable.has('given_names') || unusable.has('family_name')
            ? null
            : { given: cells.given_names, family: cells.family_name },
        documentNumber: usable('document_number') || null,
        birthDate,
        sex: usable('sex') || null,
        nationality: usable('nationality') || null,
      },
      on,
    ),
  );

  const child = childState(birthDate, on);
  const relationship = oneOf(RELATIONSHIPS, usable('relationship_to_head'));
  const { needs: specialNeeds, concern, understood } = readSpecialNeeds(cells.special_needs);
  if (!understood && !unusable.has('special_needs')) find('NEED_NOT_UNDERSTOOD', 'special_needs');
  return {
    row,
    verdict: verdictOf(findings),
    codes: findings,
    child,
    protection: flagsOfRow({
      specialNeeds,
      concern,
      child,
      isHead: relationship === 'HEAD',
      birthDate,
      nationality: usable('nationality'),
      referenceDate: on,
    }),
    meaning: meaningOf(cells, usable, context.country, { birthDate, registeredAt, relationship, specialNeeds }),
  };
}

/** A rejecting finding rejects the row; without one, any warning warns. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some((finding) => CODES[finding.code].rejects)) return 'reject';
  return findings.length > 0 ? 'accept_with_warning' : 'accept';
}

type Find = (code: Code, column: Column, more?: Pick<Finding, 'hint'>) => void;

function unusableByFault(findings: readonly Finding[], column: Column): boolean {
  return findings.some((finding) => finding.column === column && CODES[finding.code].rejects);
}

function judgeNames(cells: Record<Column, string>, find: Find): void {
  if (cells.given_names === '' && cells.family_name === '') find('NAME_MISSING', 'given_names');
  else if (cells.given_names === '') find('NAME_SINGLE', 'given_names');
  else if (cells.family_name === '') find('NAME_SINGLE', 'family_name');
  for (const column of ['given_names', 'family_name'] as const) {
    if (hasLetterNotLatin(cells[column])) find('NAME_NOT_LATIN', column);
  }
}

/**
 * The birth date as far as it is known and usable. It gets at most one rejecting code, the first in the order of the
 * table.
 */
function judgeBirthDate(
  dob: { cell: string; skip: boolean; registeredAt: string },
  precision: DobPrecision | null,
  on: CalendarDay,
  find: Find,
): PartialDate | null {
  if (dob.skip) return null;
  if (dob.cell === '') {
    find('DOB_MISSING', 'date_of_birth');
    return null;
  }
  const refuse = (code: Code): null => {
    find(code, 'date_of_birth', { hint: birthDateHint(dob.cell, Math.floor(on / 10_000)) });
    return null;
  };
  const reading = readBirthDate(dob.cell);
  if (reading.outcome !== 'read') return refuse(reading.outcome);
  const date = coarsen(reading.date, precision);
  const registeredOn = dayOfRegistration(dob.registeredAt);
  if (registeredOn !== null && earliestDay(date) > registeredOn) return refuse('DOB_IN_FUTURE');
  if (wholeYears(latestDay(date), on) > OLDEST) return refuse('DOB_TOO_OLD');
  if (precision !== null && isCoarser(precisionOf(reading.date), precision)) find('DOB_LESS_PRECISE', 'date_of_birth');
  return date;
}

function meaningOf(
  cells: Record<Column, string>,
  usable: (column: Column) => string,
  country: string | undefined,
  read: Pick<PersonMeaning, 'birthDate' | 'registeredAt' | 'relationship' | 'specialNeeds'>,
): PersonMeaning {
  const nationality = usable('nationality');
  const type = oneOf(DOCUMENT_TYPES, usable('document_type'));
  const number = usable('document_number') || null;
  const mrz = { line1: usable('mrz_line1'), line2: usable('mrz_line2') };
  return {
    householdRef: cells.household_ref,
    personRef: cells.person_ref,
    ...read,
    givenNames: usable('given_names'),
    familyName: usable('family_name'),
    sex: oneOf(SEXES, usable('sex')),
    nationality: nationality === '' ? null : canonicalNationality(nationality),
    phone: readPhone(usable('phone'), country),
    preferredLanguage: usable('preferred_language') || null,
    site: usable('site') || null,
    document: (type === null || type === 'NONE') && number === null ? null : { type, number },
    mrz: mrz.line1 === '' && mrz.line2 === '' ? null : mrz,
    consent: oneOf(CONSENTS, usable('consent')),
    destination: usable('destination_admin1') || null,
  };
}
