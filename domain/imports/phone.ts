import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { alpha2Of } from './nationality.ts';

const IGNORED = /[ .()-]/g;
const E164 = /^\+[1-9][0-9]{7,14}$/;

/**
 * `+` and 8 to 15 digits, the first not 0, with blanks, hyphens, milestones and round brackets left out: the form that a
 * list must use. Numbering plans have no say here: they change, and a row is not refused because of that.
 */
export function isInternationalFormat(cell: string): boolean {
  return E164.test(cell.replace(IGNORED, ''));
}

/** Only digits, and no country code. */
export function isNationalFormat(cell: string): boolean {
  return /^[0-9]+$/.test(cell.replace(IGNORED, ''));
}

/**
 * The number in E.164, or null where the cell shows none. A number that no numbering plan knows is kept as written if
 * it has the international form. A number with an extension is null, because E.164 cannot hold the extension.
 * @param country alpha-3 code; a number without a country code is read only if it is valid in this country
 */
export function readPhone(cell: string, country?: string): string | null {
  const number = parsePhoneNumberFromString(cell, { ...homeOf(country), extract: false });
  if (number?.isValid() && number.ext === undefined) return number.number;
  const bare = cell.replace(IGNORED, '');
  return E164.test(bare) ? bare : null;
}

/** The library knows countries by their alpha-2 code, and throws on none that it does not know: they are left out. */
function homeOf(country: string | undefined): { defaultCountry?: CountryCode } {
  const code = country === undefined ? undefined : alpha2Of(country);
  return code !== undefined && isSupportedCountry(code) ? { defaultCountry: code } : {};
}
