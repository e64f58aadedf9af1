import type { PartialDate } from './birthDate.ts';
import type { Consent, DocumentType, Relationship, Sex } from './columns.ts';
import type { SpecialNeed } from './protection.ts';
import type { RegisteredAt } from './registeredAt.ts';

/**
 * What a row means, for storing: names as typed (tidied), the birth date with no more than is known, and null for
 * what is empty or cannot be used. Of a rejected row it is as much as could be read.
 */
export type PersonMeaning = {
  householdRef: string;
  personRef: string;
  relationship: Relationship | null;
  givenNames: string;
  familyName: string;
  sex: Sex | null;
  birthDate: PartialDate | null;
  /** alpha-3 or a code of ICAO Doc 9303; Kosovo always RKS */
  nationality: string | null;
  /** E.164 */
  phone: string | null;
  /** BCP 47, as written */
  preferredLanguage: string | null;
  site: string | null;
  registeredAt: RegisteredAt | null;
  document: { type: DocumentType | null; number: string | null } | null;
  /** the passport's lines as they came, tidied; an empty one is the empty text */
  mrz: { line1: string; line2: string } | null;
  specialNeeds: SpecialNeed[];
  consent: Consent | null;
  /** name or P-code of a first-level area */
  destination: string | null;
};
