import { SPECIAL_NEEDS, type SpecialNeed } from './person.ts';

/** What a part of the cell means. `PROTECTION_CONCERN`: a protection officer looks. `none`: known, and no flag. */
type Meaning = SpecialNeed | 'PROTECTION_CONCERN' | 'none';

/**
 * UNHCR, Guidance on the Use of Standardized Specific Needs Codes (IOM/FOM 030/2009), by category. The second part of a
 * code ("SC-UC") says more than a flag does; where it changes the meaning it has a line of its own.
 */
const UNHCR_CATEGORIES: Readonly<Record<string, Meaning>> = {
  CR: 'PROTECTION_CONCERN',
  SC: 'UASC',
  WR: 'PROTECTION_CONCERN',
  ER: 'ELDERLY',
  SP: 'none',
  DS: 'DISABILITY',
  SM: 'MEDICAL',
  FU: 'PROTECTION_CONCERN',
  LP: 'PROTECTION_CONCERN',
  TR: 'PROTECTION_CONCERN',
  SV: 'PROTECTION_CONCERN',
};
const UNHCR_CODES: Readonly<Record<string, Meaning>> = { 'SM DP': 'PREGNANT' };

/** Primero (CPIMS+), `lookup-protection-concerns` and `lookup-protection-status` of its default configuration. */
const PRIMERO: Readonly<Record<string, Meaning>> = {
  UNACCOMPANIED: 'UASC',
  SEPARATED: 'UASC',
  'TRAFFICKED SMUGGLED': 'TRAFFICKING_RISK',
  REFUGEE: 'ASYLUM',
  DISABLED: 'DISABILITY',
  'SERIOUS HEALTH ISSUE': 'MEDICAL',
  MIGRANT: 'none',
  'SEXUALLY EXPLOITED': 'PROTECTION_CONCERN',
  'GBV SURVIVOR': 'PROTECTION_CONCERN',
  STATELESSNESS: 'PROTECTION_CONCERN',
  'ARRESTED DETAINED': 'PROTECTION_CONCERN',
  CAAFAG: 'PROTECTION_CONCERN',
  'STREET CHILD': 'PROTECTION_CONCERN',
  'CHILD MOTHER': 'PROTECTION_CONCERN',
  'PHYSICALLY OR MENTALLY ABUSED': 'PROTECTION_CONCERN',
  'LIVING WITH VULNERABLE PERSON': 'PROTECTION_CONCERN',
  'WORST FORMS OF CHILD LABOR': 'PROTECTION_CONCERN',
  'CHILD HEADED HOUSEHOLD': 'PROTECTION_CONCERN',
  'MENTALLY DISTRESSED': 'PROTECTION_CONCERN',
};

/** Words that registration teams write, in English, French, Spanish and Arabic. */
const WORDS: Readonly<Record<Meaning, readonly string[]>> = {
  UASC: [
    'UNACCOMPANIED CHILD',
    'SEPARATED CHILD',
    'UNACCOMPANIED MINOR',
    'UAM',
    'NON ACCOMPAGNE',
    'NO ACOMPANADO',
    'غير مصحوب',
  ],
  TRAFFICKING_RISK: [
    'TRAFFICKING',
    'TRAFFICKED',
    'VICTIM OF TRAFFICKING',
    'VOT',
    'HUMAN TRAFFICKING',
    'TRAITE',
    'TRATA',
    'الاتجار بالبشر',
  ],
  PREGNANT: ['PREGNANCY', 'ENCEINTE', 'EMBARAZADA', 'حامل'],
  MEDICAL: ['SICK', 'ILL', 'MEDICAL CONDITION', 'CHRONIC ILLNESS', 'MALADE', 'ENFERMO', 'ENFERMA', 'مريض', 'مريضة'],
  DISABILITY: ['WHEELCHAIR', 'HANDICAPE', 'HANDICAPEE', 'HANDICAP', 'DISCAPACIDAD', 'اعاقة', 'معاق'],
  ELDERLY: ['OLDER PERSON', 'OLD', 'PERSONNE AGEE', 'AGEE', 'ANCIANO', 'ANCIANA', 'مسن', 'مسنة'],
  ASYLUM: [
    'ASYLUM SEEKER',
    'FEARS RETURN',
    'FEAR OF RETURN',
    'REFUGEE STATUS',
    'ASILE',
    'DEMANDEUR D ASILE',
    'ASILO',
    'SOLICITANTE DE ASILO',
    'لجوء',
    'طالب لجوء',
  ],
  PROTECTION_CONCERN: [
    'PROTECTION',
    'PROTECTION CONCERN',
    'GBV',
    'SGBV',
    'TORTURE',
    'DETAINED',
    'STATELESS',
    'SURVIVOR OF VIOLENCE',
  ],
  none: [
    'WIDOW',
    'WIDOWER',
    'VEUVE',
    'VEUF',
    'VIUDA',
    'VIUDO',
    'ارملة',
    'SINGLE PARENT',
    'NONE',
    'NO',
    'N A',
    'NA',
    'NIL',
    'AUCUN',
    'AUCUNE',
    'NINGUNO',
    'NINGUNA',
    'لا يوجد',
  ],
};

const KNOWN: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...SPECIAL_NEEDS.map((code) => [plain(code), code] as const),
  ...Object.entries(PRIMERO),
  ...Object.entries(UNHCR_CODES),
  ...Object.entries(WORDS).flatMap(([meaning, words]) =>
    words.map((word) => [plain(word), meaning as Meaning] as const),
  ),
]);

/** Only the letters and digits count: not case, accents, vowel signs, and not which blanks or hyphens stand between. */
function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

function meaningOf(part: string): Meaning | undefined {
  const known = KNOWN.get(part);
  if (known !== undefined) return known;
  const [, category] = /^([A-Z]{2})(?: [A-Z]{2})?$/.exec(part) ?? [];
  return category === undefined ? undefined : UNHCR_CATEGORIES[category];
}

export type NeedsRead = {
  /** each once, in the order of the table */
  needs: SpecialNeed[];
  /** a protection officer looks before anything is disclosed: a code that says so, or a text that is not understood */
  concern: boolean;
  /** whether each part of the cell has a known meaning */
  understood: boolean;
};

/**
 * What the cell of special needs says. Parts stand between `;`, `,`, `/`, `|` or line breaks. A text without any letter
 * or digit means none.
 */
export function readSpecialNeeds(cell: string): NeedsRead {
  const parts = cell
    .split(/[;,/|\n،؛]/)
    .map(plain)
    .filter((part) => part !== '');
  // "N/A" is one answer, though the stroke also separates.
  const meanings = plain(cell) === 'N A' ? [] : parts.map(meaningOf);
  const understood = !meanings.includes(undefined);
  return {
    needs: SPECIAL_NEEDS.filter((code) => meanings.includes(code)),
    concern: !understood || meanings.includes('PROTECTION_CONCERN'),
    understood,
  };
}
