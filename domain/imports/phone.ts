import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { alpha2Of } from './nationality.ts';

const IGNORED = /[ .()-]/g;
const E164 = /^\+[1-9][0-9]{7,14}$/;

/**
 * `+` and 8 to 15 digits, the first not 0. Blanks, hyphens, dots and round brackets are removed. A list must use this
 * form. Numbering plans do not count here: they change, and a row is not refused for that.
 */
export function isInternationalFormat(cell: string): boolean {
  return E164.test(cell.replace(IGNORED, ''));
}

/** Only digits, and no country code. */
export function isNationalFormat(cell: string): boolean {
  return /^[0-9]+$/.test(cell.replace(IGNORED, ''));
}

/**
 * The number in E.164, or null where the cell has none. A number of no known numbering plan stays as written if it has
 * the international form. A number with an extension is null, because E.164 has no extension.
 * @param country alpha-3 code; a number without a country code is read only if it is valid in this country
 */
export function readPhone(cell: string, country?: string): string | null {
  const number = parsePhoneNumberFromString(cell, { ...homeOf(country), extract: false });
  if (number?.isValid() && number.ext === undefined) return number.number;
  const bare = cell.replace(IGNORED, '');
  return E164.test(bare) ? bare : null;
}

/** The library uses alpha-2 codes and throws on unknown ones, so unknown countries are omitted. */
function homeOf(country: string | undefined): { defaultCountry?: CountryCode } {
  const code = country === undefined ? undefined : alpha2Of(country);
  return code !== undefined && isSupportedCountry(code) ? { defaultCountry: code } : {};
}
