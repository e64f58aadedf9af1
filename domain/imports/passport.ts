import type { Finding, MrzField } from './codes.ts';
import { canonicalNationality } from './columns.ts';
import { type CalendarDay, calendarDay, isRealDay, type PartialDate } from './dates.ts';

/**
 * The two lines of a passport (TD3, ICAO Doc 9303 part 4) and their check digits. The package `mrz` is not used, because
 * it repairs lines; here a line is only compared with the row.
 */
const LINE = /^[A-Z0-9<]{44}$/;

export function isLine(text: string): boolean {
  return LINE.test(text);
}

export function isFirstLine(text: string): boolean {
  return isLine(text) && text.startsWith('P');
}

function nameFieldOf(line1: string): string {
  return line1.slice(5);
}

/** Fields of the second line as written, with `<`. */
export type SecondLine = {
  documentNumber: string;
  nationality: string;
  birthDate: string;
  sex: string;
  expiryDate: string;
};

export function readSecondLine(line2: string): SecondLine {
  return {
    documentNumber: line2.slice(0, 9),
    nationality: line2.slice(10, 13),
    birthDate: line2.slice(13, 19),
    sex: line2.slice(20, 21),
    expiryDate: line2.slice(21, 27),
  };
}

const WEIGHTS = [7, 3, 1] as const;

/**
 * The check digit of characters of the machine-readable zone: digits count as themselves, A to Z as 10 to 35, `<` as 0.
 */
export function checkDigit(text: string): string {
  let sum = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    const value = character === '<' ? 0 : Number.parseInt(character, 36);
    sum += value * (WEIGHTS[index % 3] ?? 0);
  }
  return String(sum % 10);
}

/** The wrong check digits of a second line. For an empty personal number both `0` and `<` are right. */
export function wrongCheckDigits(line2: string): MrzField[] {
  const personalNumber = line2.slice(28, 42);
  const spans: Array<[MrzField, string, string]> = [
    ['document_number', line2.slice(0, 9), line2.charAt(9)],
    ['birth_date', line2.slice(13, 19), line2.charAt(19)],
    ['expiry_date', line2.slice(21, 27), line2.charAt(27)],
    ['personal_number', personalNumber, line2.charAt(42)],
    ['composite', line2.slice(0, 10) + line2.slice(13, 20) + line2.slice(21, 43), line2.charAt(43)],
  ];
  return spans
    .filter(([field, text, digit]) => {
      if (field === 'personal_number' && digit === '<' && /^<+$/.test(text)) return false;
      return checkDigit(text) !== digit;
    })
    .map(([field]) => field);
}

/**
 * Names as the machine-readable zone of a passport writes them (ICAO Doc 9303 part 3): which letters count, how each may
 * be written, and whether the name field of line 1 can hold these names.
 */

/** Length of the name field: line 1 without document code and issuer. */
const NAME_FIELD_LENGTH = 39;

/**
 * Apostrophes and similar marks, with their replacements by keyboards, scripts and copying. The zone has none of them.
 */
const APOSTROPHES_AND_STOPS = /['’‘ʼʻʾʿ`´.‛′＇ʹʽˈꞋꞌ׳]/gu;
const MARKS = /\p{M}+/gu;

/** Letters that States write in different ways. Any other letter is its base letter, or absent from the zone. */
const WAYS: ReadonlyMap<string, readonly string[]> = new Map(
  `Ä A AE|Å A AA|Ö O OE|Ø O OE|Ü U UE UXX|Ñ N NXX|Æ AE|Œ OE|Ĳ IJ|ß SS|ẞ SS|Þ TH|Ð D|Đ D|Ɖ D|Ɗ D|Ɓ B|Ə E|Ħ H|Ƙ K|Ł L|Ŋ N|Ŧ T|Ƴ Y`
    .split('|')
    .map((entry) => entry.split(' '))
    .map(([letter = '', ...ways]) => [letter, ways]),
);

/** One position of a name in the zone: the ways to write a letter, or the filler between parts. */
type ZonePlace = readonly string[];

const FILLER: ZonePlace = ['<'];

function waysOf(character: string): ZonePlace {
  if (/^[A-Z]$/.test(character)) return [character];
  const listed = WAYS.get(character);
  if (listed !== undefined) return listed;
  const base = character.normalize('NFD').replace(MARKS, '');
  if (base === character) return FILLER;
  return /^[A-Z]$/.test(base) ? [base] : (WAYS.get(base) ?? FILLER);
}

/** The positions of one name, without fillers at its ends or two in a row; empty if no letter is left. */
function zonePlaces(name: string): ZonePlace[] {
  const places: ZonePlace[] = [];
  // capitals first: one small letter can become two capitals; then a letter and its accent become one character
  for (const character of name.replace(APOSTROPHES_AND_STOPS, '').toUpperCase().normalize('NFC')) {
    if (/^\p{M}$/u.test(character)) continue;
    const ways = waysOf(character);
    if (ways === FILLER && (places.length === 0 || places.at(-1) === FILLER)) continue;
    places.push(ways);
  }
  if (places.at(-1) === FILLER) places.pop();
  return places;
}

/** The first way of each letter, for output in a machine-readable zone. */
export function zoneName(name: string): string {
  return zonePlaces(name)
    .map((ways) => ways[0])
    .join('');
}

function fullName(first: string, second: string): ZonePlace[] {
  const [head, tail] = [zonePlaces(first), zonePlaces(second)];
  if (head.length === 0) return tail;
  return tail.length === 0 ? head : [...head, FILLER, FILLER, ...tail];
}

/**
 * Whether a combination of ways gives the field, truncated or padded with `<`. It tracks the set of reachable positions
 * in the field, so the cost grows only with the length of the name.
 */
function canRead(field: string, places: readonly ZonePlace[]): boolean {
  let reached = new Set([0]);
  for (const ways of places) {
    const next = new Set<number>();
    for (const from of reached) {
      for (const way of ways) {
        const part = way.slice(0, Math.max(0, field.length - from));
        if (field.startsWith(part, from)) next.add(from + part.length);
      }
    }
    if (next.size === 0) return false;
    if (next.size === 1 && next.has(field.length)) return true;
    reached = next;
  }
  return [...reached].some((from) => /^<*$/.test(field.slice(from)));
}

/** Whether both names have letters to compare with a name field. */
function hasZoneName(givenNames: string, familyName: string): boolean {
  return zonePlaces(givenNames).length > 0 || zonePlaces(familyName).length > 0;
}

/** Whether the field (39 characters) is the name field of these names: family name, `<<`, given names. */
export function isNameField(field: string, givenNames: string, familyName: string): boolean {
  return canRead(field, fullName(familyName, givenNames));
}

/** A loss of fewer letters than this, inside a name that had room, is another spelling. */
const LETTERS_CUT = 3;

/**
 * Whether a full field can hold these names truncated by ICAO Doc 9303 part 4: parts are shortened at their end and the
 * last given names are omitted, but something of both names remains.
 */
export function mayBeCut(field: string, givenNames: string, familyName: string): boolean {
  if (field.endsWith('<')) return false;
  const [primary, secondary, more] = field.split('<<');
  if (primary === undefined || secondary === undefined || more !== undefined) return false;
  const [family, given] = [nameParts(familyName), nameParts(givenNames)];
  const writtenFamily = primary.split('<');
  const writtenGiven = secondary.split('<');
  if (writtenFamily.length !== family.length || writtenGiven.length > given.length) return false;
  // a family name that leaves no room for a given name has to be shortened
  const leastCut = zonePlaces(familyName).length > NAME_FIELD_LENGTH - 3 ? 1 : LETTERS_CUT;
  return (
    writtenFamily.every((text, index) => isShortened(text, family[index] ?? [], leastCut)) &&
    writtenGiven.every((text, index) =>
      isShortened(text, given[index] ?? [], index === writtenGiven.length - 1 ? 1 : leastCut),
    )
  );
}

function isShortened(text: string, part: readonly ZonePlace[], leastCut: number): boolean {
  const cut = part.length - text.length;
  return text !== '' && canRead(text, part) && (cut <= 0 || cut >= leastCut);
}

/** The positions of a name, split at its fillers. */
function nameParts(name: string): ZonePlace[][] {
  const parts: ZonePlace[][] = [[]];
  for (const place of zonePlaces(name)) {
    if (place === FILLER) parts.push([]);
    else parts.at(-1)?.push(place);
  }
  return parts;
}

const LETTER_NOT_LATIN = /(?!\p{Script=Latin})[\p{Lu}\p{Ll}\p{Lt}\p{Lo}]/u;

/** Hooked and accented letters are Latin; modifier letters (ʼ) do not count as letters. */
export function hasLetterNotLatin(name: string): boolean {
  return LETTER_NOT_LATIN.test(name);
}

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
  // German passports write `D<<`
  const nationality = line.nationality === 'D<<' ? 'DEU' : canonicalNationality(line.nationality);
  if (claims.nationality !== null && canonicalNationality(claims.nationality) !== nationality) {
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
