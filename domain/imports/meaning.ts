import { z } from 'zod';
import { storedValue } from '../storedValue.ts';
import { CONSENTS, DOCUMENT_TYPES, RELATIONSHIPS, SEXES } from './columns.ts';
import { SPECIAL_NEEDS } from './protection.ts';

const PartialDate = z.object({ year: z.number(), month: z.number().nullable(), day: z.number().nullable() });

const RegisteredAt = z.object({
  local: z.string(),
  day: z.number(),
  offsetMinutes: z.number().nullable(),
  instant: z.number().nullable(),
});

/**
 * The values of a row for storage: names as typed (tidied), the birth date at its known precision, and null for empty or
 * unusable cells. A rejected row holds what could be read.
 */
const PersonMeaning = z.object({
  householdRef: z.string(),
  personRef: z.string(),
  relationship: z.enum(RELATIONSHIPS).nullable(),
  givenNames: z.string(),
  familyName: z.string(),
  sex: z.enum(SEXES).nullable(),
  birthDate: PartialDate.nullable(),
  /** alpha-3 or a code of ICAO Doc 9303; Kosovo is always RKS */
  nationality: z.string().nullable(),
  /** E.164 */
  phone: z.string().nullable(),
  /** BCP 47, as written */
  preferredLanguage: z.string().nullable(),
  site: z.string().nullable(),
  registeredAt: RegisteredAt.nullable(),
  document: z.object({ type: z.enum(DOCUMENT_TYPES).nullable(), number: z.string().nullable() }).nullable(),
  /** the passport's lines as they arrived, tidied; a missing one is the empty text */
  mrz: z.object({ line1: z.string(), line2: z.string() }).nullable(),
  specialNeeds: z.array(z.enum(SPECIAL_NEEDS)),
  consent: z.enum(CONSENTS).nullable(),
  /** name or P-code of a first-level area */
  destination: z.string().nullable(),
});
export type PersonMeaning = z.infer<typeof PersonMeaning>;

/** The values of a list row, encrypted under the key of the list and deleted with the list after 30 days. */
export const STORED_ROW_MEANING = storedValue('Meaning of a list row', z.object({ meaning: PersonMeaning }));

/** The cells of some rows of a list as they arrived, with the number of each row. */
export const STORED_CELLS = storedValue('Cells of a list', z.array(z.tuple([z.number(), z.array(z.string())])));
