import { z } from 'zod';
import type { DocumentType, Relationship, Sex } from '../imports/columns.ts';
import { formatPartialDate, type PartialDate, precisionOf } from '../imports/dates.ts';
import { bareNumber } from '../imports/passport.ts';
import { storedValue } from '../versioned.ts';
import { nameLikeness, type ReadName, readName } from './nameLikeness.ts';

/** What is known of a person when two registrations are compared. */
export type KnownPerson = {
  givenNames: string;
  familyName: string;
  sex: Sex | null;
  birthDate: PartialDate | null;
  /** alpha-3, Kosovo RKS; XXX unknown */
  nationality: string | null;
  document: { type: DocumentType | null; number: string | null } | null;
  /** E.164 */
  phone: string | null;
  relationship: Relationship | null;
  household: { id: string; size: number };
  /** under 18, surely or possibly */
  isChild: boolean;
};

/** Why two registrations look like one person, or like two. The person who decides reads these sentences. */
export const PAIR_REASONS = {
  NAMES_SAME: 'The names are the same.',
  NAMES_NEARLY_SAME: 'The names sound nearly the same.',
  NAMES_PARTLY_SAME: 'A part of the names is the same.',
  NAMES_DIFFER: 'The names are not alike.',
  NAMES_SWAPPED: 'Given and family name are swapped.',
  NAMES_REGROUPED: 'The same words are split differently into given and family name.',
  OTHER_SCRIPT: 'The names are written in different scripts.',
  BIRTH_DATE_SAME: 'The birth date is the same.',
  BIRTH_MONTH_SAME: 'Year and month of birth are the same; the day is not known for both.',
  BIRTH_YEAR_SAME: 'The year of birth is the same; more is not known for both.',
  BIRTH_DAY_AND_MONTH_SWAPPED: 'Day and month of birth are swapped.',
  BIRTH_YEAR_ONE_OFF: 'Day and month of birth are the same; the years differ by one.',
  BIRTH_YEAR_TWO_OFF: 'Day and month of birth are the same; the years differ by two.',
  BIRTH_DAY_SLIPPED: 'Year and month of birth are the same; one digit of the day differs or two are swapped.',
  BIRTH_DATE_DIFFERS: 'The birth dates differ.',
  BIRTH_DATE_NOT_KNOWN: 'The birth date is not known for both.',
  DOCUMENT_SAME: 'They show the same document.',
  DOCUMENT_NUMBER_SAME: 'Their documents have the same number, but are of different kinds.',
  DOCUMENTS_DIFFER: 'Each has a document of the same kind with another number.',
  PHONE_SAME: 'The telephone number is the same.',
  PHONES_DIFFER: 'The telephone numbers differ.',
  SEX_DIFFERS: 'The sex differs.',
  NATIONALITY_DIFFERS: 'The nationality differs.',
  HEADS_OF_TWO_FAMILIES: 'Each is the head of a different family, with other members.',
  HEADS_OF_ONE_FAMILY: 'Each is the head of a family, and other members of the two families are candidates too.',
  WHO_CARES_FOR_CHILD: 'Two households list this child: find out who cares for the child.',
} as const;

export type PairReason = keyof typeof PAIR_REASONS;

/** The parts of a score, as stored with the pair. */
export const STORED_REASONS = storedValue(
  'Reasons of a pair',
  z.array(z.object({ reason: z.enum(Object.keys(PAIR_REASONS) as PairReason[]), points: z.number() })),
);

export type Comparison = {
  /** 0 to 100 */
  score: number;
  /** the parts of the score, the strongest first; a part of 0 points is information only */
  reasons: Array<{ reason: PairReason; points: number }>;
  /** whether a person decides on the pair; the system never merges or rejects by itself */
  pair: boolean;
};

/** From this score on a person decides. A telephone number or a name alone stays far below. */
const PAIR_FROM = 60;

const NAMES_ARE_SAME = 0.97;
const NAMES_ARE_NEARLY_SAME = 0.75;
const NAMES_ARE_PARTLY_SAME = 0.6;

/** Caches the parsed names while many comparisons are made. */
export type PersonReader = (person: KnownPerson) => ReadName;

export const readPersonName: PersonReader = (person) => readName(person.givenNames, person.familyName);

/** The evidence for or against in one kind of data. */
type Point = [PairReason, number];

/** The most points that names can give. */
const NAMES_AT_MOST = 40;

/**
 * Whether two registrations may be one person, with the reasons in words.
 * @param familiesMeet whether other members of the two households are a pair too: the family registered twice
 */
export function comparePeople(
  one: KnownPerson,
  other: KnownPerson,
  { familiesMeet = false, read = readPersonName }: { familiesMeet?: boolean; read?: PersonReader } = {},
): Comparison {
  const points = [...compareNames(read(one), read(other)), ...compareAllButNames(one, other, familiesMeet)];
  const score = Math.round(Math.min(100, Math.max(0, sumOf(points))));
  return {
    score,
    reasons: points
      .map(([reason, value]) => ({ reason, points: Math.round(value) }))
      .sort((a, b) => Math.abs(b.points) - Math.abs(a.points)),
    pair: score >= PAIR_FROM,
  };
}

/** Whether the names, which cost most to compare, can still make the two a pair. */
export function canBePair(one: KnownPerson, other: KnownPerson): boolean {
  return Math.round(sumOf(compareAllButNames(one, other, true)) + NAMES_AT_MOST) >= PAIR_FROM;
}

function sumOf(points: readonly Point[]): number {
  return points.reduce((total, [, value]) => total + value, 0);
}

function compareAllButNames(one: KnownPerson, other: KnownPerson, familiesMeet: boolean): Point[] {
  const document = compareDocuments(one, other);
  const sameDocument = document?.[0] === 'DOCUMENT_SAME';
  // a document is stronger evidence than a wrong digit or letter
  const clerical = sameDocument ? 0.5 : 1;
  const [birth, birthPoints] = compareBirthDates(one.birthDate, other.birthDate);
  const points: Point[] = [[birth, birthPoints < 0 ? birthPoints * clerical : birthPoints]];
  if (document !== null) points.push(document);
  points.push(...comparePhones(one, other, sameDocument || birth === 'BIRTH_DATE_SAME'));
  if (one.sex !== null && other.sex !== null && one.sex !== other.sex) points.push(['SEX_DIFFERS', -40 * clerical]);
  if (nationalitiesDiffer(one, other)) points.push(['NATIONALITY_DIFFERS', -30 * clerical]);
  points.push(...compareHouseholds(one, other, familiesMeet, sameDocument));
  return points;
}

/** The comparison in words, for the person who decides. */
export function explainComparison(comparison: Comparison): string[] {
  return comparison.reasons.map(({ reason }) => PAIR_REASONS[reason]);
}

function compareNames(one: ReadName, other: ReadName): Point[] {
  const { likeness, as, otherScript } = nameLikeness(one, other);
  if (likeness < NAMES_ARE_PARTLY_SAME) return [['NAMES_DIFFER', -30]];
  const how: Point[] = [];
  if (as === 'swapped') how.push(['NAMES_SWAPPED', 0]);
  if (as === 'regrouped') how.push(['NAMES_REGROUPED', 0]);
  if (otherScript) how.push(['OTHER_SCRIPT', 0]);
  if (likeness < NAMES_ARE_NEARLY_SAME) return [['NAMES_PARTLY_SAME', 10], ...how];
  if (likeness >= NAMES_ARE_SAME && !otherScript) return [['NAMES_SAME', NAMES_AT_MOST], ...how];
  const within = (likeness - NAMES_ARE_NEARLY_SAME) / (1 - NAMES_ARE_NEARLY_SAME);
  return [['NAMES_NEARLY_SAME', 26 + 12 * within], ...how];
}

function compareBirthDates(one: PartialDate | null, other: PartialDate | null): Point {
  if (one === null || other === null) return ['BIRTH_DATE_NOT_KNOWN', 0];
  const exact = precisionOf(one) === 'day' && precisionOf(other) === 'day';
  if (exact && formatPartialDate(one) === formatPartialDate(other)) return ['BIRTH_DATE_SAME', 35];
  const sameYear = one.year === other.year;
  if (exact) {
    if (sameYear && one.month === other.day && one.day === other.month) return ['BIRTH_DAY_AND_MONTH_SWAPPED', 25];
    if (one.month === other.month && one.day === other.day) {
      const apart = Math.abs(one.year - other.year);
      if (apart === 1) return ['BIRTH_YEAR_ONE_OFF', 25];
      if (apart === 2) return ['BIRTH_YEAR_TWO_OFF', 20];
    }
    if (sameYear && one.month === other.month && oneDigitSlipped(one.day, other.day)) return ['BIRTH_DAY_SLIPPED', 15];
    return ['BIRTH_DATE_DIFFERS', -60];
  }
  if (!sameYear) return ['BIRTH_DATE_DIFFERS', -60];
  if (one.month === null || other.month === null) return ['BIRTH_YEAR_SAME', 20];
  return one.month === other.month ? ['BIRTH_MONTH_SAME', 28] : ['BIRTH_DATE_DIFFERS', -60];
}

function oneDigitSlipped(one: number | null, other: number | null): boolean {
  const [a, b] = [String(one ?? 0).padStart(2, '0'), String(other ?? 0).padStart(2, '0')];
  return a.charAt(0) === b.charAt(0) || a.charAt(1) === b.charAt(1) || a === `${b.charAt(1)}${b.charAt(0)}`;
}

function compareDocuments(one: KnownPerson, other: KnownPerson): Point | null {
  const [a, b] = [bareNumber(one.document?.number ?? ''), bareNumber(other.document?.number ?? '')];
  if (a === '' || b === '') return null;
  const sameKind = one.document?.type === other.document?.type;
  if (a === b) return sameKind ? ['DOCUMENT_SAME', 60] : ['DOCUMENT_NUMBER_SAME', 30];
  return sameKind ? ['DOCUMENTS_DIFFER', -60] : null;
}

/**
 * A family shares a telephone, and people change it. So it supports a pair, and counts against one only where the rest
 * is weak.
 */
function comparePhones(one: KnownPerson, other: KnownPerson, sureOtherwise: boolean): Point[] {
  if (one.phone === null || other.phone === null) return [];
  if (one.phone === other.phone) return [['PHONE_SAME', 12]];
  return [['PHONES_DIFFER', sureOtherwise ? 0 : -40]];
}

function nationalitiesDiffer(one: KnownPerson, other: KnownPerson): boolean {
  const known = (nationality: string | null): boolean => nationality !== null && nationality !== 'XXX';
  return known(one.nationality) && known(other.nationality) && one.nationality !== other.nationality;
}

function compareHouseholds(
  one: KnownPerson,
  other: KnownPerson,
  familiesMeet: boolean,
  sameDocument: boolean,
): Point[] {
  if (one.household.id === other.household.id) return [];
  const heads = one.relationship === 'HEAD' && other.relationship === 'HEAD';
  if (heads && one.household.size > 1 && other.household.size > 1) {
    if (familiesMeet) return [['HEADS_OF_ONE_FAMILY', 10]];
    return [['HEADS_OF_TWO_FAMILIES', sameDocument ? 0 : -60]];
  }
  return one.isChild && other.isChild && !familiesMeet ? [['WHO_CARES_FOR_CHILD', 0]] : [];
}
