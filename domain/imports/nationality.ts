import isoCodes from 'i18n-iso-countries/codes.json' with { type: 'json' };

/**
 * Codes of ICAO Doc 9303 part 3 in addition to ISO 3166-1: stateless, refugee, other refugee, unknown, Kosovo (two
 * codes).
 */
const ICAO_CODES = ['XXA', 'XXB', 'XXC', 'XXX', 'RKS', 'XKX'] as const;

/** XKK is the package's own code for Kosovo, and not in ISO 3166-1. */
const NATIONALITIES: ReadonlySet<string> = new Set([
  ...isoCodes.flatMap((row) => row[1] ?? []).filter((code) => code !== 'XKK'),
  ...ICAO_CODES,
]);

/** Kosovo has no alpha-3 code in ISO 3166-1; telephone numbering uses XK. */
const ALPHA_2: ReadonlyMap<string, string> = new Map([
  ...isoCodes.flatMap(([alpha2, alpha3]): [string, string][] => (alpha2 && alpha3 ? [[alpha3, alpha2]] : [])),
  ['RKS', 'XK'],
  ['XKX', 'XK'],
]);

/** The alpha-2 code of a country's alpha-3 code; undefined for a code without a country. */
export function alpha2Of(alpha3: string): string | undefined {
  return ALPHA_2.get(alpha3);
}

export function isNationality(code: string): boolean {
  return NATIONALITIES.has(code);
}

/** The stored code of a State: Kosovo is RKS, as in documents. */
export function canonicalNationality(code: string): string {
  return code === 'XKX' ? 'RKS' : code;
}

/** The three characters of a machine-readable zone as a code of the list: German passports write `D<<`. */
export function nationalityOfZone(zone: string): string {
  return zone === 'D<<' ? 'DEU' : canonicalNationality(zone);
}
