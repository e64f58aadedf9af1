/** The generated parts of docs/lists.md: columns with their allowed values, verdicts, codes and hints. */
import { CODES, HINTS } from '../../domain/imports/codes.ts';
import { COLUMN_RULES, COLUMNS, type Column } from '../../domain/imports/columns.ts';
import { PROTECTION_FLAGS, type ProtectionFlag, SPECIAL_NEEDS } from '../../domain/imports/person.ts';
import { asCode, replaceSection, table } from './markdown.ts';

const MEANING: Record<Column, string> = {
  household_ref: "the team's number of the household; rows with the same number are one household",
  person_ref: "the team's number of the registration, once in a list",
  relationship_to_head: 'how the person is related to the head of the household',
  given_names: 'as told; both names empty is a fault',
  family_name: "as told; by custom it may be the father's name, or be empty",
  sex: 'as told, or as in the document; `X` is unspecified',
  date_of_birth: '`YYYY-MM-DD`, `YYYY-MM` or `YYYY`: as much as is known',
  dob_precision: 'how much of the birth date is known',
  nationality:
    'ISO 3166-1 alpha-3, or `XXA` stateless, `XXB` refugee, `XXC` other refugee, `XXX` not known (ICAO Doc 9303); Kosovo is `RKS` or `XKX`',
  phone: 'E.164: `+` and 8 to 15 digits; a number without a country code is read in the country of the operation',
  preferred_language: 'BCP 47, such as `bi`, `ar`, `fa-AF`',
  site: 'where the person was registered',
  registered_at: 'ISO 8601 with an offset from UTC, such as `2026-11-20T09:00:00+02:00`',
  document_type: 'the kind of the document in `document_number`',
  document_number: 'as printed',
  mrz_line1: 'the first line of a passport, 44 characters (TD3, ICAO Doc 9303); empty for other documents',
  mrz_line2: 'the second line of a passport, 44 characters',
  special_needs:
    'codes joined by `;`; the codes of UNHCR and Primero and common words in English, French, Spanish and Arabic are understood too',
  consent: 'whether the person agrees to travel and to the sharing of their data',
  destination_admin1: 'first-level area of the destination, as a name or a P-code such as `ET04`',
};

/** Columns whose cell may hold several codes. */
const SEVERAL: Partial<Record<Column, readonly string[]>> = { special_needs: SPECIAL_NEEDS };

const FLAG_MEANING: Record<ProtectionFlag, string> = {
  UASC: 'unaccompanied or separated child: the cell says so, or no related adult is in the household',
  TRAFFICKING_RISK: 'a risk of trafficking',
  PREGNANT: 'pregnant',
  MEDICAL: 'needs medical care',
  DISABILITY: 'has a disability',
  ELDERLY: '60 years or older: the cell or the birth date says so',
  ASYLUM: 'fears return',
  PROTECTION_CONCERN:
    'the cell names a protection concern, or something that is not understood: a protection officer looks',
  UNVERIFIED_CARER: 'a child whose carer must be verified',
  CHILD_HEAD: 'the head of the household is, or may be, a child',
  STATELESS: 'the nationality is `XXA`',
  NATIONALITY_UNKNOWN: 'the nationality is `XXX`',
};

export function listsPage(page: string): string {
  return [
    ['columns', columns()],
    ['codes', codes()],
    [
      'hints',
      table(
        ['hint', 'meaning'],
        Object.entries(HINTS).map(([hint, text]) => [asCode(hint), text]),
      ),
    ],
    [
      'flags',
      table(
        ['flag', 'meaning'],
        PROTECTION_FLAGS.map((flag) => [asCode(flag), FLAG_MEANING[flag]]),
      ),
    ],
  ].reduce((text, [name = '', section = '']) => replaceSection(text, name, section), page);
}

function columns(): string {
  return table(
    ['column', 'required', 'allowed values', 'meaning'],
    COLUMNS.map((column) => {
      const { required, values } = COLUMN_RULES[column];
      const allowed = values ?? SEVERAL[column] ?? [];
      return [asCode(column), required ? 'yes' : '', allowed.map(asCode).join(', '), MEANING[column]];
    }),
  );
}

function codes(): string {
  const rows = Object.entries(CODES).map(([code, { rejects, sentence }]) => [
    asCode(code),
    rejects ? 'rejects' : 'warns',
    sentence,
  ]);
  return table(['code', 'effect', 'meaning'], rows);
}
