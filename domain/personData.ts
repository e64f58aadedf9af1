import { z } from 'zod';
import { DOCUMENT_TYPES } from './imports/columns.ts';
import { formatPartialDate } from './imports/dates.ts';
import type { PersonMeaning } from './imports/person.ts';
import { versioned } from './versioned.ts';

/**
 * Identifying data of a person, encrypted under the person's key as field set `core`. The plain columns of `persons` and
 * `journeys` (nationality, sex, age group, flags) do not identify a person.
 */
const PersonCore = z.object({
  /** the team's number of the registration */
  personRef: z.string(),
  /** as stated; either may be empty */
  givenNames: z.string(),
  familyName: z.string(),
  /** `1991`, `1991-04` or `1991-04-30`; null if unknown or unusable */
  birthDate: z.string().nullable(),
  /** E.164 */
  phone: z.string().nullable(),
  /** BCP 47 */
  preferredLanguage: z.string().nullable(),
  documentType: z.enum(DOCUMENT_TYPES).nullable(),
  documentNumber: z.string().nullable(),
  mrz: z.object({ line1: z.string(), line2: z.string() }).nullable(),
  /** name or P-code of a first-level area */
  destination: z.string().nullable(),
});
export type PersonCore = z.infer<typeof PersonCore>;

/** The columns of a row that identify the person. */
export function coreOf(meaning: PersonMeaning): PersonCore {
  return {
    personRef: meaning.personRef,
    givenNames: meaning.givenNames,
    familyName: meaning.familyName,
    birthDate: meaning.birthDate === null ? null : formatPartialDate(meaning.birthDate),
    phone: meaning.phone,
    preferredLanguage: meaning.preferredLanguage,
    documentType: meaning.document?.type ?? null,
    documentNumber: meaning.document?.number ?? null,
    mrz: meaning.mrz,
    destination: meaning.destination,
  };
}

export const STORED_PERSON_CORE = versioned({
  name: 'Person data (core)',
  version: 1,
  schema: PersonCore,
  upgrades: {},
});

/** The core in its stored form, before encryption. */
export const storedPersonCore = (core: PersonCore) => ({ version: STORED_PERSON_CORE.version, ...core });

/** The number of a document that a partner issued, encrypted as field set `document:<id>`. */
export const STORED_DOCUMENT_NUMBER = versioned({
  name: 'Person data (document number)',
  version: 1,
  schema: z.object({ number: z.string() }),
  upgrades: {},
});

export const storedDocumentNumber = (number: string) => ({ version: STORED_DOCUMENT_NUMBER.version, number });

/** A free-text note about a person, encrypted under the person's key. A note about nobody is encrypted as text alone. */
export const STORED_NOTE = versioned({
  name: 'Note',
  version: 1,
  schema: z.object({ text: z.string() }),
  upgrades: {},
});

export const storedNote = (text: string) => ({ version: STORED_NOTE.version, text });
