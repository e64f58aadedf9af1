import type { MrzField } from './codes.ts';

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

export function nameFieldOf(line1: string): string {
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
